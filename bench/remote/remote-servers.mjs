// Real servers for the time of a job. They end with it, and with its process when that dies.
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BUILD_FOLDER, bundleSources } from "../bundle-sources.mjs";

/** Names the bundle of the programs that start servers to the processes that measure. */
export const SERVERS_VARIABLE = "GOCACHEX_BENCH_SERVERS";

/**
 * @typedef {{ host: string, port: number, process: { pid: number } | undefined, stop(): Promise<void> }} Server
 */

/** @returns {Promise<string>} the file of a bundle of the programs that start servers for tests */
export async function buildServers() {
  const file = await bundleSources(
    { startRedis: "scripts/servers/start-redis.ts", startMemcached: "scripts/servers/start-memcached.ts" },
    "servers",
  );
  // They look for it beside themselves.
  await copyFile(
    fileURLToPath(new URL("../../scripts/servers/compose.yaml", import.meta.url)),
    join(BUILD_FOLDER, "compose.yaml"),
  );
  return file;
}

/**
 * Starts servers on free ports, has them used, and stops them whatever happens.
 *
 * @template T
 * @param {"redis" | "memcached"} kind
 * @param {number} count
 * @param {(servers: readonly Server[]) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withServers(kind, count, use) {
  const file = process.env[SERVERS_VARIABLE];
  if (file === undefined) throw new Error(`${SERVERS_VARIABLE} is not set: start run.mjs, it makes the bundle.`);
  const { startRedis, startMemcached } = await import(pathToFileURL(file).href);
  /** @type {Server[]} */
  const servers = [];
  try {
    for (let index = 0; index < count; index += 1) {
      // One thread, as Redis has one; memory for all that a job writes, for memcached's default of 64 MB is not enough.
      servers.push(kind === "redis" ? await startRedis() : await startMemcached({ args: ["-m", "512", "-t", "1"] }));
    }
    return await use(servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
