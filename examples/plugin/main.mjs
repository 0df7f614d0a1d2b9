/** A cache over a store of our own. Run it twice after a build: node examples/plugin/main.mjs [directory] */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCache, registerBackend } from "gocachex";
import { createFilesBackend } from "./files-backend.mjs";

registerBackend("files", createFilesBackend);

const directory = process.argv[2] ?? join(tmpdir(), "gocachex-example-plugin");
const cache = createCache({ backend: "files", files: { directory } });

console.log("kept from the last run:", await cache.get("last run"));
await cache.set("last run", { at: new Date(), by: new Set([`process ${process.pid}`]) }, "1h");
console.log("written by this run:  ", await cache.get("last run"));

const report = await cache.getOrSet("report", async () => "an expensive report", { ttl: "10m" });
console.log("loaded when missing:  ", report);

try {
  await cache.setNX("leader", process.pid);
} catch (error) {
  console.log("what the store did not promise is refused:", error.code);
}

await cache.close();
