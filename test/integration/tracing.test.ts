import { context, propagation, trace } from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import type { TracingConfig } from "../../src/config/sections/tracing-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { recordTraces } from "../support/tracing/recorded-traces.ts";
import {
  type ReceivedSpan,
  receiveGrpcSpans,
  receiveSpans,
  type SpanReceiver,
} from "../support/tracing/span-receiver.ts";
import { OwnerProcess } from "./support/owner-process.ts";
import { bundleScript } from "./support/script-bundle.ts";

const open: { close(): Promise<unknown> }[] = [];
let redis: TestServer;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function cacheWith(tracing: TracingConfig, config: CacheConfig = {}): Cache {
  const cache = createCache({
    ...{ backend: "redis", redis: { addresses: [`${redis.host}:${redis.port}`] }, ...config },
    tracing: { enabled: true, ...tracing },
  });
  open.push(cache);
  return cache;
}

async function receiver(...statuses: readonly (number | "never")[]): Promise<SpanReceiver> {
  const receiving = await receiveSpans(statuses);
  open.push(receiving);
  return receiving;
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const [found, ...others] = spans.filter((span) => span.name === name);
  if (found === undefined || others.length > 0) throw new Error(`${name}: ${spans.map((span) => span.name)}`);
  return found;
}

/** A request of the application with a load in it, all with the provider of the process. */
async function makeRequest(cache: Cache, key: string): Promise<void> {
  await cache.ready();
  const tracer = trace.getTracer("app");
  const request = tracer.startSpan("request");
  await context.with(trace.setSpan(context.active(), request), () =>
    cache.getOrSet(key, async () => {
      tracer.startSpan("query").end();
      return 1;
    }),
  );
  request.end();
}

describe("spans of a cache whose application has no tracer provider", () => {
  it.each([
    ["OTLP over HTTP", "otlp", "/v1/traces application/x-protobuf secret"],
    ["OTLP over HTTP to Jaeger", "jaeger", "/v1/traces application/x-protobuf secret"],
    ["Zipkin's JSON", "zipkin", "/api/v2/spans application/json secret"],
  ] as const)(
    "come as %s, flushed by close, one trace from the application to the store",
    async (_name, provider, request) => {
      const receiving = await receiver();
      const headers = { "x-token": "secret" };
      const cache = cacheWith({ provider, endpoint: receiving.url, serviceName: "shop", headers });
      await makeRequest(cache, `loaded ${provider}`);
      await cache.close();
      expect(receiving.requests[0]).toBe(request);
      const { spans } = receiving;
      const root = named(spans, "request");
      const load = named(spans, "gocachex.load");
      expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([root.traceId]));
      expect(new Set(spans.map((span) => span.service))).toEqual(new Set(["shop"]));
      expect([load.kind, load.parentId, named(spans, "query").parentId]).toEqual(["INTERNAL", root.id, load.id]);
      const [get] = spans.filter((span) => span.name === "get redis");
      expect(get).toMatchObject({ kind: "CLIENT", parentId: root.id });
      expect(get?.attributes).toMatchObject({ "db.system.name": "redis", "server.address": redis.host });
      expect(String(get?.attributes["server.port"])).toBe(String(redis.port));
      // The process is as it was.
      expect(trace.getTracer("app").startSpan("later").isRecording()).toBe(false);
    },
  );

  it("come as OTLP over gRPC to the port where receivers speak that", async () => {
    const receiving = await receiveGrpcSpans(4_317);
    open.push(receiving);
    const cache = cacheWith({ endpoint: "127.0.0.1:4317", headers: { "x-token": "secret" } });
    await makeRequest(cache, "loaded grpc");
    await cache.close();
    expect(receiving.requests[0]).toBe("grpc secret");
    expect(named(receiving.spans, "gocachex.load").service).toBe("gocachex");
  });

  it("begin with the first call, also when that opens all of it", async () => {
    const receiving = await receiver();
    const cache = cacheWith({ endpoint: receiving.url });
    await cache.set("k", 1);
    await cache.close();
    expect(receiving.spans.map((span) => span.name)).toEqual(["set redis"]);
  });

  it("are kept by share of the traces: of none nothing is sent, unless another process has decided so", async () => {
    const receiving = await receiver();
    const cache = cacheWith({ endpoint: receiving.url, sampleRate: 0 });
    await makeRequest(cache, "not sampled");
    const parent = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1, isRemote: true };
    await context.with(trace.setSpanContext(context.active(), parent), () => cache.get("k"));
    await cache.close();
    expect(receiving.spans.map(({ name, traceId }) => [name, traceId])).toEqual([["get redis", parent.traceId]]);
  });

  it("leave the application its own way to carry traces on, also when the cache is closed", async () => {
    const own = { inject: () => undefined, extract: () => context.active(), fields: () => ["x-own"] };
    propagation.setGlobalPropagator(own);
    open.push({ close: async () => propagation.disable() });
    const receiving = await receiver();
    const cache = cacheWith({ endpoint: receiving.url });
    await cache.ready();
    expect(propagation.fields()).toEqual(["x-own"]);
    await cache.close();
    expect(propagation.fields()).toEqual(["x-own"]);
  });

  it("are sent again when the receiver says that it is busy, and not when it refuses them", async () => {
    const busy = await receiver(503);
    const first = cacheWith({ endpoint: busy.url });
    await first.set("k", 1);
    await expect.poll(() => busy.requests.length, { timeout: 8_000 }).toBe(2);
    await first.close();
    expect(busy.spans.length).toBe(1);
    const warning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const refusing = await receiver(400);
    const second = cacheWith({ endpoint: refusing.url });
    await second.set("k", 1);
    await second.close();
    expect(refusing.requests.length).toBe(1);
    expect(warning.mock.calls[0]?.[0]).toMatch(/status 400/);
    warning.mockRestore();
  });

  it("hold no call up when nobody receives them, and are told as lost once", async () => {
    const warning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const port = await findFreePort();
    // Not the default second, which a busy machine may need for a burst by itself.
    const cache = cacheWith({ endpoint: `http://user:hunter2@127.0.0.1:${port}` }, { deadlines: { write: 5_000 } });
    for (let batch = 0; batch < 30; batch += 1) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => cache.set(`k${batch}.${index}`, index)));
    }
    await cache.close();
    const told = warning.mock.calls.map(([text]) => String(text)).filter((text) => text.startsWith("Spans could"));
    expect(told.length).toBe(1);
    expect(told[0]).toMatch(/ECONNREFUSED/);
    expect(told[0]).not.toContain("hunter2");
    warning.mockRestore();
  });

  it("hold the end up no longer than its deadline when the receiver takes them and never answers", async () => {
    const warning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const receiving = await receiver("never", "never");
    const cache = cacheWith({ endpoint: receiving.url }, { deadlines: { close: 300 } });
    await cache.set("k", 1);
    const beganAt = performance.now();
    await cache.close();
    expect(performance.now() - beganAt).toBeLessThan(2_000);
    expect(receiving.requests.length).toBe(1);
    warning.mockRestore();
  });

  it("go through one provider for caches of the same settings, which ends with the last of them", async () => {
    const receiving = await receiver();
    const first = cacheWith({ endpoint: receiving.url });
    const second = cacheWith({ endpoint: receiving.url });
    await first.set("a", 1);
    await second.set("a", 1);
    const other = cacheWith({ endpoint: receiving.url, serviceName: "other" });
    await expect(other.ready()).rejects.toMatchObject({ code: "GCX_CONFIG_INVALID", field: "tracing" });
    await first.close();
    await second.delete("a");
    await second.close();
    expect(receiving.spans.map((span) => span.name).sort()).toEqual(["delete redis", "set redis", "set redis"]);
    // Its place is free again.
    await other.set("b", 1);
    await other.close();
    expect(receiving.spans.at(-1)?.service).toBe("other");
  });
});

describe("spans of a cache whose application has a tracer provider", () => {
  it("go there, and stay when the cache closes; settings of a provider are errors by name", async () => {
    const traces = recordTraces();
    open.push(traces);
    trace.setGlobalTracerProvider(traces.provider);
    const cache = cacheWith({});
    await cache.set("k", 1);
    await cache.close();
    expect(traces.spans().map((span) => span.name)).toEqual(["set redis"]);
    expect(trace.getTracer("app").startSpan("later").isRecording()).toBe(true);
    const refused = cacheWith({ sampleRate: 0.1 });
    await expect(refused.ready()).rejects.toMatchObject({ code: "GCX_CONFIG_INVALID", field: "tracing.sampleRate" });
    await expect(refused.get("k")).rejects.toThrow(/registered a tracer provider/);
  });
});

describe("two processes that keep the keys themselves", { timeout: 60_000 }, () => {
  let script: string;
  beforeAll(async () => {
    script = await bundleScript("test/integration/support/owner-worker.ts");
  });

  it("make one trace of what one asks the other", async () => {
    const receiving = await receiver();
    const ports = [await findFreePort(), await findFreePort()] as const;
    const [a, b] = ["a", "b"].map((serviceName, index) => {
      const tracing = { enabled: true, endpoint: receiving.url, serviceName };
      const peers = [`127.0.0.1:${ports[1 - index]}`];
      const process = new OwnerProcess(script, ports[index] as number, 1_000, peers, { tracing });
      open.push({ close: () => process.kill() });
      return process;
    }) as [OwnerProcess, OwnerProcess];
    await Promise.all([a.ask({ kind: "ready" }), b.ask({ kind: "ready" })]);
    await expect.poll(() => a.ask({ kind: "peers" }), { timeout: 15_000 }).toBe(1);
    for (let index = 0; index < 20; index += 1) await a.ask({ kind: "set", key: `key:${index}`, value: index });
    await Promise.all([a.close(), b.close()]);
    const asked = receiving.spans.filter(({ service, name }) => service === "a" && name === "set gocachex");
    const served = receiving.spans.filter(({ service }) => service === "b");
    expect(asked.length).toBe(20);
    expect(asked.every(({ kind, parentId }) => kind === "CLIENT" && parentId === "")).toBe(true);
    // Half of the keys are the other's, about; nothing else that the nodes ask each other begins a trace.
    expect(served.length).toBeGreaterThan(0);
    expect(new Set(served.map(({ name, kind }) => `${kind} ${name}`))).toEqual(new Set(["SERVER gocachex.serve set"]));
    const traceOf = new Map(asked.map(({ id, traceId }) => [id, traceId]));
    expect(served.every(({ parentId, traceId }) => traceOf.get(parentId) === traceId)).toBe(true);
  });
});
