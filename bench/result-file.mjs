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
 * The file of a run that begins.
 *
 * @param {object} about what is told with all results
 * @returns {{ file: string, write(results: object): void }} its name from the project's root; `write` replaces what it holds
 */
export function openResults(about) {
  mkdirSync(FOLDER, { recursive: true });
  const path = new URL(`${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`, FOLDER);
  return {
    file: `bench/results/${fileURLToPath(path).split("/").at(-1)}`,
    write(results) {
      const content = { format: 1, versions: peerVersions(), ...about, ...results };
      writeFileSync(path, `${JSON.stringify(content, null, 1)}\n`);
    },
  };
}
