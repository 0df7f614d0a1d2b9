// What tracing costs a read that memory answers. Each figure is the median of processes that are started in turn, one for each way and round, for what follows promises slows a whole
// process; of the processor's time, not the clock's, so that others on the machine count little.
//
// Usage: node bench/observability/tracing.mjs [--rounds 11] [--before <checkout>] [--only <part of a way's name>]
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { bundleSources } from "../bundle-sources.mjs";

const EXPORTS = {
  createCache: "src/create-cache.ts",
  createRestingContexts: "src/observability/opentelemetry/setup/resting-contexts.ts",
  traceCache: "src/observability/opentelemetry/trace-cache.ts",
};
const KEYS = Array.from({ length: 1_000 }, (_, index) => `key:${index}`);
const READS = 200_000;
const SLICES = 7;

/** How each process is set up. `hasLoaded`: a loader was called before, as in every program that uses `getOrSet`; `isSpanActive`: reads run inside a span that is not sampled. */
const WAYS = {
  before: { isTraced: false, hasContexts: false, isSpanActive: false },
  off: { isTraced: false, hasContexts: false, isSpanActive: false },
  on: { isTraced: true, hasContexts: true, isSpanActive: false },
  "off, after a load": { isTraced: false, hasContexts: false, hasLoaded: true, isSpanActive: false },
  "on, after a load": { isTraced: true, hasContexts: true, hasLoaded: true, isSpanActive: false },
  "application's span, tracing off": { isTraced: false, hasContexts: true, isSpanActive: true },
  "application's span, tracing on": { isTraced: true, hasContexts: true, isSpanActive: true },
};

const { values } = parseArgs({
  options: {
    rounds: { type: "string" },
    before: { type: "string" },
    only: { type: "string" },
    way: { type: "string" },
    file: { type: "string" },
  },
});
if (values.way === undefined) await compare(Number(values.rounds ?? 11), values.before, values.only ?? "");
else console.log(await measure(WAYS[values.way], values.file));

/** Starts the processes and prints medians with quartiles. */
async function compare(rounds, before, only) {
  const now = await bundleSources(EXPORTS, "tracing");
  const files = { before: before && (await bundleSources(EXPORTS, "tracing-before", before)) };
  const ways = Object.keys(WAYS).filter((way) => (way !== "before" || before !== undefined) && way.includes(only));
  const found = Object.fromEntries(ways.map((way) => [way, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const way of round % 2 === 0 ? ways : [...ways].reverse()) {
      const args = [fileURLToPath(import.meta.url), "--way", way, "--file", files[way] ?? now];
      found[way].push(Number(execFileSync(process.execPath, args, { encoding: "utf8" })));
    }
  }
  for (const [way, times] of Object.entries(found)) {
    const sorted = times.sort((a, b) => a - b);
    const at = (ratio) => Math.round(sorted[Math.floor((sorted.length - 1) * ratio)]);
    console.log(`${way.padEnd(34)} ${at(0.5)} ns (${at(0.25)}–${at(0.75)})`);
  }
}

/** Time of the processor for one read, in ns. */
async function measure({ isTraced, hasContexts, hasLoaded = false, isSpanActive }, file) {
  const { createCache, createRestingContexts, traceCache } = await import(pathToFileURL(file).href);
  const api = await import("@opentelemetry/api");
  const { AsyncLocalStorageContextManager } = await import("@opentelemetry/context-async-hooks");
  const { BasicTracerProvider, ParentBasedSampler, TraceIdRatioBasedSampler } = await import(
    "@opentelemetry/sdk-trace-base"
  );
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0) });
  const tracerProvider = new BasicTracerProvider({ sampler });
  const manager = new AsyncLocalStorageContextManager().enable();
  // As `tracing` sets it up, or as an application does.
  if (hasContexts) api.context.setGlobalContextManager(isSpanActive ? manager : createRestingContexts(manager));
  const cache = createCache();
  if (isTraced) await traceCache(cache, { tracerProvider, meterProvider: false });
  for (const key of KEYS) await cache.set(key, { name: key });
  if (hasLoaded) await cache.getOrSet("loaded", async () => 1);
  const read = async () => {
    const slices = [];
    for (let slice = 0; slice < SLICES; slice += 1) {
      const since = process.cpuUsage();
      for (let index = 0; index < READS; index += 1) await cache.get(KEYS[(index * 7) % KEYS.length]);
      const { user, system } = process.cpuUsage(since);
      slices.push(((user + system) * 1_000) / READS);
    }
    // The first ones are those in which it is compiled.
    return slices.slice(2).sort((a, b) => a - b)[Math.floor((SLICES - 2) / 2)];
  };
  if (!isSpanActive) return read();
  const span = tracerProvider.getTracer("bench").startSpan("request");
  return api.context.with(api.trace.setSpan(api.context.active(), span), read);
}
