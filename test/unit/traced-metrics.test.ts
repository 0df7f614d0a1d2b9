import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { traceCache } from "../../src/observability/opentelemetry/trace-cache.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

type Points = Record<string, readonly (readonly [value: unknown, attributes: object])[]>;

/** A provider of the SDK, and what it collects now. */
function meter(): { readonly provider: MeterProvider; collect(): Promise<Points> } {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
  const provider = new MeterProvider({ readers: [reader] });
  open.push({ close: () => provider.shutdown() });
  return {
    provider,
    async collect() {
      exporter.reset();
      await provider.forceFlush();
      const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((each) => each.metrics));
      return Object.fromEntries(
        metrics.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          dataPoints.map(({ value, attributes }) => [value, attributes] as const),
        ]),
      );
    },
  };
}

function openCache(isRemote: boolean): Cache {
  const backend = { ...createMapBackend({ async: isRemote }), name: "redis" };
  const cache = createCache(isRemote ? { namespace: "shop", backend } : { namespace: "shop" });
  open.push(cache);
  return cache;
}

describe("metrics of a cache", () => {
  it("are its own counts, by tier, read when they are collected", async () => {
    const cache = openCache(false);
    const { provider, collect } = meter();
    await traceCache(cache, { tracerProvider: false, meterProvider: provider });
    await cache.set("k", "value");
    await cache.get("k");
    await cache.get("none");
    await cache.getOrSet("l", () => 1);
    await cache.getOrSet("f", () => Promise.reject(new Error("no"))).catch(() => undefined);
    const points = await collect();
    const of = { "gocachex.cache": "shop" };
    const ofMemory = { ...of, "gocachex.tier": "memory" };
    expect(points).toMatchObject({
      "gocachex.cache.hits": [[1, ofMemory]],
      "gocachex.cache.misses": [[3, of]],
      "gocachex.cache.loads": [[2, of]],
      "gocachex.cache.load.failures": [[1, of]],
      "gocachex.cache.entries": [[2, ofMemory]],
      "gocachex.cache.evictions": [[0, ofMemory]],
      "gocachex.cache.running_loads": [[0, of]],
      "gocachex.cache.stale": [[0, of]],
    });
    expect(points["gocachex.cache.size"]?.[0]?.[0]).toBeGreaterThan(0);
    // What memory answers is no call of a database.
    expect(points).not.toHaveProperty("db.client.operation.duration");
  });

  it("of a remote store have the duration of its calls, in seconds, by operation and kind of failure", async () => {
    const cache = openCache(true);
    const { provider, collect } = meter();
    await traceCache(cache, { tracerProvider: false, meterProvider: provider, server: { address: "r", port: 1 } });
    await cache.set("k", 1);
    await cache.get("k");
    await cache.get("k");
    const durations = (await collect())["db.client.operation.duration"] ?? [];
    const common = { "db.system.name": "redis", "server.address": "r", "server.port": 1, "gocachex.cache": "shop" };
    expect(durations).toMatchObject([
      [{ count: 1 }, { ...common, "db.operation.name": "set" }],
      [{ count: 2, buckets: { boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] } }, common],
    ]);
    const [total] = durations[1] as readonly [{ readonly sum: number }, object];
    expect(total.sum).toBeLessThan(0.5);
  });

  it("end with the traces, and with the cache", async () => {
    const cache = openCache(true);
    const { provider, collect } = meter();
    const traces = await traceCache(cache, { tracerProvider: false, meterProvider: provider });
    await cache.get("k");
    traces.close();
    await cache.get("k");
    const points = await collect();
    expect(points["gocachex.cache.misses"] ?? []).toEqual([]);
    expect(points["db.client.operation.duration"]).toMatchObject([[{ count: 1 }, {}]]);
    await traceCache(cache, { tracerProvider: false, meterProvider: provider });
    expect((await collect())["gocachex.cache.misses"]).toMatchObject([[2, {}]]);
    await cache.close();
    const stats = vi.spyOn(cache, "stats");
    await collect();
    expect(stats).not.toHaveBeenCalled();
  });

  it("are not measured where nobody has registered a provider: an event for each call has its price", async () => {
    const cache = openCache(true);
    const on = vi.spyOn(cache, "on");
    await traceCache(cache);
    expect(on.mock.calls.map(([event]) => event)).not.toContain("operation");
  });
});
