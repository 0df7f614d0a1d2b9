import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Counter, Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensurePrometheus } from "../../scripts/servers/ensure-prometheus.ts";
import { startPrometheus, type TestPrometheus } from "../../scripts/servers/start-prometheus.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { waitUntil } from "../../scripts/servers/wait-until.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { METRIC_CATALOGUE } from "../../src/observability/prometheus/metric-catalogue.ts";
import { type PrometheusMetrics, prometheusMetrics } from "../../src/observability/prometheus/prometheus-metrics.ts";

const RULES = fileURLToPath(new URL("../../deploy/prometheus/gocachex.rules.yml", import.meta.url));
const WAIT_MS = 20_000;

let redis: TestServer;
let cache: Cache;
let metrics: PrometheusMetrics;
let server: Server;
let prometheus: TestPrometheus;

/** Two tiers that have been used in every way that leaves a trace in metrics. */
async function beBusy(): Promise<void> {
  for (let key = 0; key < 50; key += 1) await cache.set(`key-${key}`, { key }, { tags: ["all"] });
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(Array.from({ length: 50 }, (_, key) => cache.get(`key-${key}`)));
  }
  await cache.getMulti(["key-1", "absent-1"]);
  await cache.getOrSet("loaded", () => 1);
  await cache.getOrSet("failing", () => Promise.reject(new Error("source"))).catch(() => undefined);
  await cache.increment("count");
  await cache.delete("key-49");
  await cache.invalidateTags(["all"]);
  await cache.get("key-1");
}

beforeAll(async () => {
  redis = await startRedis();
  cache = createCache({
    ...{ namespace: "shop", hierarchical: true, l1: { backend: "memory" } },
    l2: { backend: "redis", redis: { addresses: [`127.0.0.1:${redis.port}`] } },
  });
  metrics = await prometheusMetrics(cache, { labels: { region: "eu" } });
  await beBusy();
  server = createServer((_, response) => {
    metrics.metrics().then(({ body, contentType }) => response.setHeader("Content-Type", contentType).end(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  prometheus = await startPrometheus([{ address }], [RULES]);
});

afterAll(async () => {
  await prometheus?.process.stop();
  server?.closeAllConnections();
  server?.close();
  await cache?.close();
  await redis?.stop();
});

function promtool(args: readonly string[], input = ""): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(ensurePrometheus().tool, args, { input, encoding: "utf8" });
  return { status, output: `${stdout}${stderr}`.trim() };
}

describe("metrics of a busy cache with two tiers", () => {
  it("are what promtool takes for good ones", async () => {
    const { body } = await metrics.metrics();
    const { output } = promtool(["check", "metrics"], body);
    // The name is a promise to those who come from the Go edition, whose dashboards have it; promtool would keep `_count` for histograms.
    expect(output).toBe('gocachex_key_count non-histogram and non-summary metrics should not have "_count" suffix');
  });

  it("are checked by a promtool that does find faults", async () => {
    const registry = new Registry();
    new Counter({ name: "gocachex_wrong_milliseconds", help: "Wrong.", registers: [registry] });
    expect(promtool(["check", "metrics"], await registry.metrics())).toMatchObject({ status: 3 });
    expect(promtool(["check", "metrics"], "not metrics {{{\n").status).not.toBe(0);
  });

  it("are scraped by a real Prometheus, and there with the numbers of the cache", async () => {
    await waitUntil("a scrape", WAIT_MS, async () => (await prometheus.query("up == 1")).length === 1);
    // Of that instant: the next scrape may be late on a busy machine, and then there is nothing for a moment.
    const [scraped] = await prometheus.query("timestamp(up == 1)");
    const atSeconds = scraped?.value as number;
    const { coherence, hits, misses, sets } = cache.stats();
    const sum = async (expression: string): Promise<number | undefined> =>
      (await prometheus.query(`sum(${expression})`, atSeconds))[0]?.value;
    expect(await sum("gocachex_cache_hits_total")).toBe(hits);
    expect(await sum('gocachex_cache_misses_total{cache="shop", region="eu"}')).toBe(misses);
    expect(await sum("gocachex_sets_total")).toBe(sets);
    expect(await sum('gocachex_cache_hits_total{tier="memory"}')).toBeGreaterThanOrEqual(150);
    expect(
      await sum('gocachex_operations_total{backend="redis", operation="set", outcome="ok"}'),
    ).toBeGreaterThanOrEqual(50);
    expect(await sum('gocachex_operation_duration_seconds_count{operation="set"}')).toBeGreaterThanOrEqual(50);
    expect(await sum('gocachex_loads_total{outcome="failed"}')).toBe(1);
    expect(await sum('gocachex_active_connections{tier="redis"}')).toBeGreaterThan(0);
    expect(await sum('gocachex_breaker_state{state="closed"}')).toBe(1);
    expect(await sum("gocachex_coherence_provable")).toBe(1);
    expect(await sum("gocachex_coherence_max_staleness_seconds")).toBe((coherence?.maxStalenessMs as number) / 1_000);
    const quantile = `histogram_quantile(0.5, sum by (le) (gocachex_operation_duration_seconds_bucket{operation="set"}))`;
    const [median] = await prometheus.query(quantile, atSeconds);
    expect(median?.value).toBeGreaterThan(0.000001);
    expect(median?.value).toBeLessThan(1);
  });

  it("have the type and the help of the catalogue there", async () => {
    await waitUntil("a scrape", WAIT_MS, async () => (await prometheus.query("up == 1")).length === 1);
    const metadata = (await prometheus.ask("/api/v1/metadata")) as Record<string, { type: string; help: string }[]>;
    const known = METRIC_CATALOGUE.map(({ name, type, help }) => [`gocachex_${name}`, [{ type, help, unit: "" }]]);
    expect(Object.fromEntries(Object.entries(metadata).filter(([name]) => name.startsWith("gocachex_")))).toEqual(
      Object.fromEntries(known),
    );
  });

  it("feed the rules, all of which Prometheus evaluates", async () => {
    const read = async (): Promise<{ name: string; health: string; lastError?: string }[]> => {
      const { groups } = (await prometheus.ask("/api/v1/rules")) as { groups: { rules: never[] }[] };
      return groups.flatMap(({ rules }) => rules);
    };
    const rules = await waitUntil("the rules", WAIT_MS, async () => {
      const all = await read();
      return all.length > 0 && all.every(({ health }) => health !== "unknown") && all;
    });
    expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
    await waitUntil("the hit ratio", WAIT_MS, async () => {
      await cache.set("again", 1);
      await cache.get("again");
      const [ratio] = await prometheus.query("cache:gocachex_hits:ratio_rate5m");
      return ratio !== undefined && ratio.value > 0 && ratio.value <= 1;
    });
  });
});

describe("a store that goes away", () => {
  it("shows in the metrics: errors, a lost connection, copies that cannot be proven", async () => {
    const own = await startRedis();
    const address = `127.0.0.1:${own.port}`;
    const away = createCache({
      ...{ hierarchical: true, l1: { backend: "memory" }, consistency: { maxStaleness: "300ms" } },
      ...{ l2: { backend: "redis", redis: { addresses: [address] } }, deadlines: { read: "300ms", write: "300ms" } },
    });
    const shown = await prometheusMetrics(away);
    try {
      await away.set("a", 1);
      await own.stop();
      const body = await waitUntil("the failures", WAIT_MS, async () => {
        await away.get("a").catch(() => undefined);
        await away.getOrSet("b", () => 2);
        const text = (await shown.metrics()).body;
        return /coherence_provable\{cache="default"\} 0/.test(text) && text;
      });
      expect(body).toMatch(
        /gocachex_errors_total\{cache="default",operation="get",backend="redis",outcome="\w+"\} [1-9]/,
      );
      expect(body).toMatch(/gocachex_absorbed_errors_total\{cache="default",operation="\w+"\} [1-9]/);
      expect(body).toMatch(/gocachex_connection_changes_total\{cache="default",backend="redis",state="lost"\} [1-9]/);
      expect(body).toMatch(/gocachex_active_connections\{cache="default",tier="redis"\} 0/);
      // Of no kind: neither Redis's address nor a key.
      expect(body).not.toContain(address);
    } finally {
      await away.close();
      await own.stop();
    }
  });
});
