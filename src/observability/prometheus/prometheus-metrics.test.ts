import { Counter, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { openMemoryCache, openRemoteCache } from "../../../test/support/open-cache.ts";
import { createCache } from "../../create-cache.ts";
import { METRIC_CATALOGUE } from "./metric-catalogue.ts";
import { prometheusMetrics } from "./prometheus-metrics.ts";

/** The value of a series, by its name and labels as they are written. */
function seriesOf(body: string, series: string): number | undefined {
  const line = body.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1).split(" ")[0]);
}

async function bodyOf(registry: Registry): Promise<string> {
  return await registry.metrics();
}

describe("metrics of a memory cache", () => {
  it("are what the cache counts, read when they are asked for", async () => {
    const cache = createCache();
    const metrics = await prometheusMetrics(cache);
    await cache.set("a", 1);
    await cache.get("a");
    await cache.getMulti(["a", "b"]);
    await cache.delete("a");
    await cache.getOrSet("c", () => 3);
    await cache.getOrSet("d", () => Promise.reject(new Error("source"))).catch(() => undefined);
    const { body, contentType } = await metrics.metrics();
    expect(contentType).toContain("text/plain");
    const { hits, misses } = cache.stats();
    expect(seriesOf(body, 'gocachex_cache_hits_total{cache="default",tier="memory"}')).toBe(hits);
    expect(seriesOf(body, 'gocachex_cache_misses_total{cache="default"}')).toBe(misses);
    expect(seriesOf(body, 'gocachex_sets_total{cache="default"}')).toBe(cache.stats().sets);
    expect(seriesOf(body, 'gocachex_deletes_total{cache="default"}')).toBe(1);
    expect(seriesOf(body, 'gocachex_key_count{cache="default",tier="memory"}')).toBe(1);
    expect(seriesOf(body, 'gocachex_cache_size_bytes{cache="default",tier="memory"}')).toBeGreaterThan(0);
    expect(seriesOf(body, 'gocachex_loads_total{cache="default",outcome="stored"}')).toBe(1);
    expect(seriesOf(body, 'gocachex_loads_total{cache="default",outcome="failed"}')).toBe(1);
    expect(seriesOf(body, 'gocachex_load_duration_seconds_count{cache="default",outcome="stored"}')).toBe(1);
    expect(seriesOf(body, 'gocachex_running_loads{cache="default"}')).toBe(0);
    const operations = 'gocachex_operations_total{cache="default",operation="set",backend="memory",outcome="ok"}';
    expect(seriesOf(body, operations)).toBeGreaterThan(0);
    await cache.close();
  });

  it("count reads that memory answers at once without an event for each", async () => {
    const { cache, events } = openMemoryCache();
    const metrics = await prometheusMetrics(cache);
    await cache.set("a", 1);
    for (let count = 0; count < 7; count += 1) await cache.get("a");
    await cache.get("b");
    for (const name of ["hit", "miss", "set", "delete", "remove", "stale"] as const)
      expect(events.wants(name)).toBe(false);
    const { body } = await metrics.metrics();
    const reads = 'gocachex_operations_total{cache="default",operation="read",backend="memory",outcome="ok"}';
    expect(seriesOf(body, reads)).toBe(8);
    metrics.close();
    expect(events.wants("operation")).toBe(false);
    await cache.close();
  });

  it("are the whole cache's, whichever view is given", async () => {
    const cache = createCache({ namespace: "shop" });
    const view = cache.namespace("users");
    const metrics = await prometheusMetrics(view);
    await cache.set("a", 1);
    await view.set("a", 1);
    const { body } = await metrics.metrics();
    expect(seriesOf(body, 'gocachex_sets_total{cache="shop"}')).toBe(2);
    await cache.close();
  });

  it("never have a key in them", async () => {
    const cache = createCache();
    const metrics = await prometheusMetrics(cache);
    const keys = ["secret-key-1", 'quote"\\\n', "secret-tag"];
    for (const key of keys) {
      await cache.set(key, 1, { tags: ["secret-tag"] });
      await cache.get(key);
      await cache.getOrSet(`${key}-loaded`, () => 1);
    }
    await cache.invalidateTags(["secret-tag"]);
    const { body } = await metrics.metrics();
    expect(body).not.toMatch(/secret|quote/);
    await cache.close();
  });
});

describe("metrics of a store", () => {
  it("say how calls ended and how long they took for their callers", async () => {
    const { cache, time, store } = openRemoteCache();
    const metrics = await prometheusMetrics(cache);
    await cache.set("a", 1);
    const get = store.get.bind(store);
    Object.assign(store, { get: () => new Promise(() => undefined) });
    const late = cache.get("a").catch(() => "late");
    await time.advance(2_000);
    expect(await late).toBe("late");
    Object.assign(store, { get });
    const leaving = new AbortController();
    Object.assign(store, { get: () => new Promise(() => undefined) });
    const left = cache.get("a", { signal: leaving.signal }).catch(() => "left");
    leaving.abort();
    await left;
    const { body } = await metrics.metrics();
    const of = (name: string, outcome: string): string =>
      `gocachex_${name}{cache="default",operation="get",backend="map",outcome="${outcome}"}`;
    expect(seriesOf(body, of("operations_total", "timeout"))).toBe(1);
    expect(seriesOf(body, of("errors_total", "timeout"))).toBe(1);
    expect(seriesOf(body, of("operations_total", "aborted"))).toBe(1);
    expect(seriesOf(body, of("errors_total", "aborted"))).toBeUndefined();
    const durations = 'gocachex_operation_duration_seconds_bucket{cache="default",operation="get",backend="map",le=';
    expect(seriesOf(body, `${durations}"0.5"}`)).toBe(1);
    expect(seriesOf(body, `${durations}"1"}`)).toBe(2);
    await cache.close();
  });
});

describe("one registry", () => {
  it("shows several caches, each under a name of its own", async () => {
    const registry = new Registry();
    const caches = [
      createCache({ namespace: "users" }),
      createCache({ namespace: "orders" }),
      createCache(),
      createCache(),
    ];
    for (const cache of caches) await prometheusMetrics(cache, { registry });
    for (const [index, cache] of caches.entries()) {
      for (let count = 0; count <= index; count += 1) await cache.set("a", 1);
    }
    const body = await bodyOf(registry);
    const sets = ["users", "orders", "default", "default-2"].map((name) =>
      seriesOf(body, `gocachex_sets_total{cache="${name}"}`),
    );
    expect(sets).toEqual([1, 2, 3, 4]);
    expect(body.split("# TYPE gocachex_sets_total").length).toBe(2);
    await Promise.all(caches.map((cache) => cache.close()));
  });

  it("forgets a cache that is closed, and with the last one the metrics", async () => {
    const registry = new Registry();
    const own = new Counter({ name: "own_total", help: "Own.", registers: [registry] });
    own.inc();
    const first = createCache({ namespace: "first" });
    const second = createCache({ namespace: "second" });
    await prometheusMetrics(first, { registry });
    const metrics = await prometheusMetrics(second, { registry });
    await first.close();
    expect(await bodyOf(registry)).toMatch(/cache="second"/);
    expect(await bodyOf(registry)).not.toMatch(/cache="first"/);
    metrics.close();
    metrics.close();
    expect(registry.getMetricsAsArray().length).toBe(1);
    const again = await prometheusMetrics(second, { registry });
    expect((await again.metrics()).body).toMatch(/cache="second"/);
    await second.close();
    expect(await bodyOf(registry)).toBe("# HELP own_total Own.\n# TYPE own_total counter\nown_total 1\n");
  });

  it("that has such a metric of somebody else is refused, and nothing is left behind", async () => {
    const registry = new Registry();
    const theirs = new Counter({ name: "gocachex_loads_total", help: "Theirs.", registers: [registry] });
    const { cache, events } = openMemoryCache();
    await expect(prometheusMetrics(cache, { registry })).rejects.toMatchObject({
      code: "GCX_ARGUMENT_OPTION",
      message: expect.stringMatching(/gocachex_loads_total.*namespace or subsystem/),
    });
    expect(registry.getMetricsAsArray()).toEqual([theirs]);
    expect(events.wants("operation")).toBe(false);
    await prometheusMetrics(cache, { registry, subsystem: "cache" });
    expect(registry.getMetricsAsArray().length).toBe(METRIC_CATALOGUE.length + 1);
    await cache.close();
  });

  it("that was cleared shows the next cache, and the ones before", async () => {
    const registry = new Registry();
    const [first, second] = [createCache({ namespace: "first" }), createCache({ namespace: "second" })];
    await prometheusMetrics(first, { registry });
    registry.clear();
    await prometheusMetrics(second, { registry });
    expect(await bodyOf(registry)).toMatch(/cache="first"[\s\S]*cache="second"/);
    await Promise.all([first.close(), second.close()]);
  });

  it("may reset, merge and show as JSON what it has", async () => {
    const registry = new Registry();
    const cache = createCache();
    await prometheusMetrics(cache, { registry });
    await cache.set("a", 1);
    registry.resetMetrics();
    const merged = Registry.merge([registry, new Registry()]);
    expect(seriesOf(await merged.metrics(), 'gocachex_sets_total{cache="default"}')).toBe(1);
    const json = await registry.getMetricsAsJSON();
    expect(json.find(({ name }) => name === "gocachex_sets_total")).toMatchObject({
      type: "counter",
      aggregator: "sum",
    });
    await cache.close();
  });
});

describe("names and labels", () => {
  it("are those of the options", async () => {
    const cache = createCache();
    const metrics = await prometheusMetrics(cache, { namespace: "app", subsystem: "web", labels: { region: "eu" } });
    await cache.set("a", 1);
    const { body } = await metrics.metrics();
    expect(seriesOf(body, 'app_web_sets_total{cache="default",region="eu"}')).toBe(1);
    expect(body).not.toMatch(/gocachex/);
    await cache.close();
  });

  it.each([
    ["namespace", { namespace: "" }],
    ["namespace", { namespace: "1st" }],
    ["subsystem", { subsystem: "a-b" }],
    ["labels", { labels: { "a-b": "c" } }],
    ["labels", { labels: { __name__: "c" } }],
    ["labels", { labels: { tier: "c" } }],
    ["labels", { labels: { cache: "c" } }],
    ["labels", { labels: { le: "c" } }],
    ["labels", { labels: { region: 5 as unknown as string } }],
  ])("that Prometheus does not allow are refused: %s %j", async (option, options) => {
    const { cache, events } = openMemoryCache();
    await expect(prometheusMetrics(cache, options)).rejects.toMatchObject({
      code: "GCX_ARGUMENT_OPTION",
      argument: option,
    });
    expect(events.wants("operation")).toBe(false);
    await cache.close();
  });

  it("of what is no cache are refused", async () => {
    await expect(prometheusMetrics({} as never)).rejects.toThrow(TypeError);
  });
});
