// The node of the soak, in a process of its own, from the built package: memory in front of a real Redis, metrics on, logs written, HTTP and gRPC.
// Run with --expose-gc: what it says of its memory is what is left after collections.
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const [redisAddress = ""] = process.argv.slice(2);
const root = new URL("../../dist/", import.meta.url);
const { createCache } = await import(new URL("index.mjs", root).href);
const { startGrpcApi, startNode } = await import(new URL("server.mjs", root).href);

const cache = createCache({
  tiers: [
    { backend: "memory", memory: { maxSize: "64MB" } },
    { backend: "redis", redis: { addresses: [redisAddress] } },
  ],
  prometheus: { enabled: true },
  logging: { level: "info" },
});
const node = await startNode({ cache, port: 0 });
const api = await startGrpcApi({ cache, port: 0 });

async function settledMemory() {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await sleep(20);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external, handleCount: process.getActiveResourcesInfo().length, cpu: process.cpuUsage() };
}

process.on("message", async () => process.send?.(await settledMemory()));
process.on("disconnect", () => process.exit(0));
process.send?.({ port: node.port, grpcPort: api.port });
