// A process whose cache logs as its configuration says; the parent may or may not read its output.
import process from "node:process";
import { createCache } from "../../src/create-cache.ts";

const [mode] = process.argv.slice(2);
const cache = createCache({ logging: { level: "trace", format: mode === "pretty" ? "pretty" : "json" } });
if (mode === "flood") {
  // Nobody reads these lines: some 8 MB of them.
  const startedAt = process.hrtime.bigint();
  for (let count = 0; count < 20_000; count += 1) {
    await cache.set(`key:${count % 100}`, count);
    if (count % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await cache.close();
  const tookMs = Number((process.hrtime.bigint() - startedAt) / 1_000_000n);
  process.stderr.write(`${JSON.stringify({ tookMs, rssBytes: process.memoryUsage.rss() })}\n`);
  process.exit(0);
}
await cache.set("k", 1);
await cache.get("k");
await cache.close();
