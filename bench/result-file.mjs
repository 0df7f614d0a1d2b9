import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findPeer, peerIds } from "./peers.mjs";

const FOLDER = new URL("results/", import.meta.url);

/** What numbers from this machine should be told with. */
export function describeMachine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    coreCount: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
  };
}

/** The installed version of every peer that is a package. */
export function peerVersions() {
  const lock = JSON.parse(readFileSync(new URL("package-lock.json", import.meta.url), "utf8"));
  return Object.fromEntries(
    peerIds.flatMap((id) => {
      const { packageName } = findPeer(id);
      return packageName === undefined ? [] : [[id, lock.packages[`node_modules/${packageName}`].version]];
    }),
  );
}

/**
 * @param {object} run
 * @returns {string} the file, relative to the current folder's project
 */
export function writeResults(run) {
  mkdirSync(FOLDER, { recursive: true });
  const file = new URL(`${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`, FOLDER);
  writeFileSync(file, `${JSON.stringify({ format: 1, versions: peerVersions(), ...run }, null, 1)}\n`);
  return `bench/results/${fileURLToPath(file).split("/").at(-1)}`;
}
