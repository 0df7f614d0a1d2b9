import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { Counter, register } from "prom-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import { startPrometheus } from "../../scripts/servers/start-prometheus.ts";
import { waitUntil } from "../../scripts/servers/wait-until.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { startMetricsServer } from "../../src/observability/prometheus/metrics-server.ts";
import { openNodeMetrics } from "../../src/server/node-metrics.ts";
import { startTestNode } from "./node-harness.ts";

const opened: Cache[] = [];
afterEach(async () => {
  vi.doUnmock("prom-client");
  await Promise.all(opened.splice(0).map((cache) => cache.close()));
  register.clear();
});

function open(prometheus: object): Cache {
  const cache = createCache({ prometheus: { enabled: true, ...prometheus } });
  opened.push(cache);
  return cache;
}

describe("the section prometheus, without a port", () => {
  it("shows the cache in prom-client's default registry, next to the application's own, until it is closed", async () => {
    new Counter({ name: "requests_total", help: "Requests." }).inc();
    const cache = open({ namespace: "app", labels: { region: "eu" } });
    expect(await register.metrics()).not.toContain("app_");
    await cache.set("a", 1);
    expect(await register.metrics()).toContain('app_sets_total{cache="default",region="eu"} 1');
    expect(await register.metrics()).toContain("requests_total 1");
    await cache.close();
    expect(await register.metrics()).not.toContain("app_");
  });

  it("counts the first call too", async () => {
    const cache = open({});
    await cache.getOrSet("a", () => 1);
    expect(await register.metrics()).toContain('gocachex_loads_total{cache="default",outcome="stored"} 1');
  });

  it("refuses labels that the metrics use themselves at once, as an error of the configuration", () => {
    expect(() => createCache({ prometheus: { enabled: true, labels: { tier: "a" } } })).toThrow(
      expect.objectContaining({ code: "GCX_CONFIG_INVALID", field: "prometheus.labels" }),
    );
  });
});

describe("the section prometheus, with a port", () => {
  it("shows the cache on a server of its own, and a real Prometheus scrapes it with the traces of calls", async () => {
    const port = await findFreePort();
    const cache = open({ port, path: "/internal/metrics", subsystem: "users" });
    await cache.ready();
    await cache.set("a", 1);
    await cache.get("a");
    await using prometheus = await startPrometheus([{ address: `127.0.0.1:${port}`, path: "/internal/metrics" }]);
    const [sample] = await waitUntil("a scrape", 20_000, async () => {
      const samples = await prometheus.query("gocachex_users_cache_hits_total");
      return samples.length > 0 && samples;
    });
    expect(sample).toMatchObject({ value: 1, labels: { cache: "default", tier: "memory" } });
    // Prometheus asks for OpenMetrics, so from now on calls are told of with their traces.
    const span = new BasicTracerProvider().getTracer("test").startSpan("request");
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    await context.with(trace.setSpan(context.active(), span), () => cache.set("b", 1));
    context.disable();
    const query = `query=gocachex_users_operation_duration_seconds_bucket&start=0&end=${Date.now() / 1_000 + 3_600}`;
    await waitUntil("the exemplar", 20_000, async () =>
      JSON.stringify(await prometheus.ask(`/api/v1/query_exemplars?${query}`)).includes(span.spanContext().traceId),
    );
    await cache.close();
    await expect(fetch(`http://127.0.0.1:${port}/internal/metrics`)).rejects.toThrow();
  });

  it("says at ready() which port is taken, and tries again with the next call", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const cache = open({ port });
    const refused = {
      code: "GCX_CONFIG_INVALID",
      field: "prometheus.port",
      message: expect.stringContaining("EADDRINUSE"),
    };
    await expect(cache.ready()).rejects.toMatchObject(refused);
    await expect(cache.get("a")).rejects.toMatchObject(refused);
    other.close();
    await once(other, "close");
    await cache.set("a", 1);
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(await answer.text()).toContain("gocachex_sets_total");
  });

  it("closes a server that was still being opened when the cache was closed", async () => {
    const port = await findFreePort();
    const cache = open({ port });
    const ready = cache.ready().catch(() => undefined);
    await cache.close();
    await ready;
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  });
});

describe("the small server of metrics", () => {
  const metrics = { metrics: async () => ({ contentType: "text/plain; version=0.0.4", body: "up 1\n" }) };

  it("answers GET and HEAD of its path, and nothing else", async () => {
    const server = await startMetricsServer(metrics, { port: 0, path: "/metrics" });
    const url = `http://127.0.0.1:${server.port}`;
    try {
      const got = await fetch(`${url}/metrics?x=1`);
      expect([got.status, got.headers.get("content-type"), await got.text()]).toEqual([
        200,
        "text/plain; version=0.0.4",
        "up 1\n",
      ]);
      const head = await fetch(`${url}/metrics`, { method: "HEAD" });
      expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "5", ""]);
      const posted = await fetch(`${url}/metrics`, { method: "POST", body: "x".repeat(100_000) });
      expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect((await fetch(`${url}/`)).status).toBe(404);
      expect((await fetch(`http://localhost:${server.port}/metrics`)).status).toBe(200);
    } finally {
      await server.close();
    }
  });

  it("answers to names of this machine only, so that a page of somebody else cannot read it", async () => {
    const server = await startMetricsServer(metrics, { port: 0, path: "/metrics" });
    try {
      const answerTo = async (host: string): Promise<string> => {
        const socket = connect(server.port, "127.0.0.1");
        socket.end(`GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        return (await text(socket)).split("\r\n")[0] as string;
      };
      expect(await answerTo("evil.example:9464")).toBe("HTTP/1.1 403 Forbidden");
      expect(await answerTo("127.0.0.1.evil.example")).toBe("HTTP/1.1 403 Forbidden");
      expect(await answerTo("[::1]:9464")).toBe("HTTP/1.1 200 OK");
    } finally {
      await server.close();
    }
  });

  it("survives bytes that are no HTTP, and ends connections that wait when it is closed", async () => {
    const server = await startMetricsServer(metrics, { port: 0, path: "/metrics" });
    const idle = connect(server.port, "127.0.0.1");
    await once(idle, "connect");
    const broken = connect(server.port, "127.0.0.1");
    broken.on("error", () => undefined).resume();
    broken.end("\0\0\r\n\r\n");
    await once(broken, "close");
    expect((await fetch(`http://127.0.0.1:${server.port}/metrics`)).status).toBe(200);
    const ended = once(idle.resume(), "close");
    await server.close();
    await ended;
  });
});

describe("without prom-client", () => {
  const missing = { code: "GCX_DEPENDENCY_MISSING", message: expect.stringContaining('npm install "prom-client@') };

  it("ready() and the first call say what to install", async () => {
    vi.doMock("prom-client", () => {
      throw new Error("Cannot find package");
    });
    const cache = open({});
    await expect(cache.ready()).rejects.toMatchObject(missing);
    await expect(cache.get("a")).rejects.toMatchObject(missing);
  });

  it("a node works, and /metrics says what to install", async () => {
    vi.doMock("prom-client", () => {
      throw new Error("Cannot find package");
    });
    const cache = createCache();
    await using node = await startTestNode({ cache, metrics: await openNodeMetrics(cache, {}) });
    const answer = await node.ask("/metrics");
    expect(answer.status).toBe(501);
    expect(await answer.json()).toMatchObject({ code: "GCX_DEPENDENCY_MISSING", detail: missing.message });
    expect((await node.put("/v1/keys/a", 1)).status).toBe(200);
    expect(node.errors).toEqual([]);
  });
});

describe("a node", () => {
  it("shows its cache at /metrics, as text or as OpenMetrics", async () => {
    const cache = createCache();
    await using node = await startTestNode({ cache, metrics: await openNodeMetrics(cache, { namespace: "app" }) });
    await node.put("/v1/keys/a", 1);
    const asText = await node.ask("/metrics");
    expect(asText.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await asText.text()).toContain('app_sets_total{cache="default"} 1');
    const open = await node.ask("/metrics", { headers: { Accept: "application/openmetrics-text; version=1.0.0" } });
    expect(open.headers.get("content-type")).toContain("application/openmetrics-text");
    expect((await node.ask("/metrics", { method: "HEAD" })).status).toBe(200);
    expect((await node.ask("/metrics?namespace=a")).status).toBe(400);
    expect((await node.ask("/metrics", { method: "POST" })).status).toBe(405);
  });

  it("that keeps no metrics says so", async () => {
    await using node = await startTestNode();
    const answer = await node.ask("/metrics");
    expect(answer.status).toBe(501);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining("gocachex serve") });
  });
});
