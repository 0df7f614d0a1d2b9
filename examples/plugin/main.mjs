/** A cache over a store of our own. Run it twice after a build: node examples/plugin/main.mjs [directory] */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createCache, registerBackend } from "gocachex";
import { createFilesBackend } from "./files-backend.mjs";

registerBackend("files", createFilesBackend);

const [, , given, task] = process.argv;
const directory = given ?? join(tmpdir(), "gocachex-example-plugin");
// The store keeps bytes, so that the cache serializes values, and compresses and encrypts them when it is told to.
const cache = createCache({ backend: "files", files: { directory }, compression: true });

if (task === "count") {
  for (let step = 0; step < 50; step += 1) await countOnce();
} else {
  await show();
}
await cache.close();

async function show() {
  console.log("kept from the last run:", await cache.get("last run"));
  await cache.set("last run", { at: new Date(), by: new Set([`process ${process.pid}`]) }, "1h");
  console.log("written by this run:  ", await cache.get("last run"));

  const report = await cache.getOrSet("report", async () => "an expensive report", { ttl: "10m" });
  console.log("loaded when missing:  ", report);

  await cache.delete("leader");
  console.log("leader, asked twice:  ", await cache.setNX("leader", "first"), await cache.setNX("leader", "second"));

  await cache.delete("steps");
  await Promise.all([countInProcess(), countInProcess(), countInProcess()]);
  console.log("3 processes, 50 steps:", await cache.get("steps"));

  const error = await cache.lock("leader", { ttl: "1s", wait: 0 }).catch((reason) => reason);
  console.log("not promised, refused:", error.code);
}

/** The store compares versions: who is slower than all others, each time, is told so, and nothing was counted. */
async function countOnce() {
  try {
    await cache.increment("steps");
  } catch (error) {
    if (error.code !== "GCX_TRANSACTION_CONFLICT") throw error;
    await countOnce();
  }
}

/** Another process with the same directory. */
async function countInProcess() {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), directory, "count"], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`a process that counts ended with ${code}`);
}
