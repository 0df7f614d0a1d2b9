import { context, trace } from "@opentelemetry/api";
import { AlwaysOffSampler, ParentBasedSampler, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it } from "vitest";
import { assembleCache } from "../../src/cache/assemble-cache.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { observeCache } from "../../src/cache/observe-cache.ts";
import { EventHub } from "../../src/events/event-hub.ts";
import { BackendUnavailableError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { traceCache } from "../../src/observability/opentelemetry/trace-cache.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { parentOf, type RecordedTraces, recordTraces } from "../support/tracing/recorded-traces.ts";

const DEADLINES = { connectMs: 5_000, readMs: 1_000, writeMs: 1_000, healthMs: 1_000, closeMs: 10_000 };

let traces: RecordedTraces;

afterEach(() => traces.close());

interface Opened {
  readonly cache: Cache;
  readonly events: EventHub;
  readonly time: FakeTime;
}

/** A cache on a store, named "redis", that answers through promises. */
async function open(extra: object = {}, isTraced = true, isRemote = true, isAttached = false): Promise<Opened> {
  const time = createFakeTime();
  const backend = { ...createMapBackend({ async: isRemote, clock: time.clock }), name: "redis", ...extra };
  const events = new EventHub("");
  const trace = (): Promise<unknown> => traceCache(cache, { tracerProvider: traces.provider, meterProvider: false });
  const attachment = { name: "Tracing", open: async () => void (await trace()), close: async () => undefined };
  const cache: Cache = assembleCache({
    attachments: isAttached ? [attachment] : [],
    ...{ clock: time.clock, scheduler: time.scheduler, random: createSeededRandom(1) },
    ...{ backend, events, deadlines: DEADLINES, rootPath: "", defaultTtlMs: Number.POSITIVE_INFINITY },
  });
  if (isTraced) await trace();
  return { cache, events, time };
}

function textOf(spans: readonly ReadableSpan[]): string {
  const told = spans.map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
  return JSON.stringify(told);
}

describe("calls to a remote store", () => {
  it("are CLIENT spans by the conventions for databases, with the size of a batch where there is one", async () => {
    traces = recordTraces();
    const { cache } = await open();
    await cache.set("a", 1);
    await cache.getMulti(["a", "b"]);
    await cache.getMulti(["a"]);
    const [set, many, one] = traces.spans();
    expect(set).toMatchObject({
      name: "set redis",
      kind: 2,
      attributes: { "db.system.name": "redis", "db.operation.name": "set", "gocachex.outcome": "ok" },
      status: { code: 0 },
    });
    expect(many?.attributes["db.operation.batch.size"]).toBe(2);
    expect(one?.attributes).not.toHaveProperty("db.operation.batch.size");
  });

  it("say where the store is, when that is known", async () => {
    traces = recordTraces();
    const { cache } = await open({}, false);
    const server = { address: "cache.internal", port: 6379 };
    await traceCache(cache, { tracerProvider: traces.provider, meterProvider: false, server });
    await cache.get("k");
    expect(traces.span("get redis").attributes).toMatchObject({
      "server.address": "cache.internal",
      "server.port": 6379,
    });
  });

  it("are children of the caller's span, each of its own caller's", async () => {
    traces = recordTraces();
    const { cache } = await open();
    const tracer = traces.provider.getTracer("app");
    const call = (name: string, work: () => Promise<unknown>): Promise<unknown> => {
      const span = tracer.startSpan(name);
      return context.with(trace.setSpan(context.active(), span), work).finally(() => span.end());
    };
    await Promise.all([call("first", () => cache.set("k", 1)), call("second", () => cache.delete("other"))]);
    expect(parentOf(traces.span("set redis"))).toBe(traces.span("first").spanContext().spanId);
    expect(parentOf(traces.span("delete redis"))).toBe(traces.span("second").spanContext().spanId);
  });

  it("are errors with their kind when they fail or come late, and none when the caller leaves", async () => {
    traces = recordTraces();
    const away = (): Promise<never> =>
      Promise.reject(new BackendUnavailableError("redis", "delete", "secret-key away"));
    const { cache, time } = await open({ get: () => new Promise(() => undefined), delete: away });
    const leaving = new AbortController();
    const calls = Promise.allSettled([cache.get("k"), cache.get("k", { signal: leaving.signal }), cache.delete("k")]);
    leaving.abort();
    await time.advanceAsync(1_000);
    await calls;
    const ends = traces
      .spans()
      .map(({ name, attributes, status }) => [
        ...[name, attributes["gocachex.outcome"], attributes["error.type"], status.code],
      ]);
    expect(ends).toEqual([
      ["get redis", "aborted", undefined, 0],
      ["delete redis", "unavailable", "GCX_BACKEND_UNAVAILABLE", 2],
      ["get redis", "timeout", "GCX_BACKEND_TIMEOUT", 2],
    ]);
    expect(textOf(traces.spans())).not.toContain("secret-key");
  });

  it("begin no span that a store in this process answers at once", async () => {
    traces = recordTraces();
    const { cache } = await open({}, true, false);
    await cache.set("k", 1);
    await cache.get("k");
    expect(traces.spans()).toEqual([]);
  });
});

describe("the first call, with which tracing is opened", () => {
  it("is a span like any other to a remote store, and none to one in this process", async () => {
    traces = recordTraces();
    const remote = await open({}, false, true, true);
    await remote.cache.get("k");
    expect(traces.spans().map((span) => span.name)).toEqual(["get redis"]);
    const local = await open({}, false, false, true);
    await local.cache.get("k");
    expect(traces.spans().length).toBe(1);
  });
});

describe("loads", () => {
  it("are INTERNAL spans; what the loader does is below them, and they below who asked", async () => {
    traces = recordTraces();
    const { cache } = await open();
    const tracer = traces.provider.getTracer("app");
    const request = tracer.startSpan("request");
    await context.with(trace.setSpan(context.active(), request), () =>
      cache.getOrSet("k", async () => {
        tracer.startSpan("query").end();
        return cache.get("other");
      }),
    );
    request.end();
    const load = traces.span("gocachex.load");
    expect(load).toMatchObject({ kind: 0, attributes: { "gocachex.load.key_count": 1, "gocachex.outcome": "ok" } });
    expect(parentOf(load)).toBe(request.spanContext().spanId);
    expect(parentOf(traces.span("query"))).toBe(load.spanContext().spanId);
    const below = traces.spans().filter((span) => parentOf(span) === load.spanContext().spanId);
    expect(below.map(({ name }) => name).sort()).toEqual(["get redis", "query"]);
  });

  it("are errors of the loader's class, without its words, when it throws", async () => {
    traces = recordTraces();
    const { cache } = await open();
    const load = (): never => {
      throw new RangeError("the value secret-value of secret-key");
    };
    await cache.getOrSet("secret-key", load).catch(() => undefined);
    expect(traces.span("gocachex.load")).toMatchObject({
      attributes: { "error.type": "RangeError", "gocachex.outcome": "error" },
      status: { code: 2, message: "RangeError" },
    });
    expect(textOf(traces.spans())).not.toContain("secret");
  });
});

describe("what happens beside", () => {
  it("is an event of the active span: stale answers, refreshes, breakers, gaps; none where no span is active", async () => {
    traces = recordTraces();
    const { cache, events, time } = await open({}, true, false);
    const options = { ttl: 1_000, staleWhileRevalidate: 60_000 };
    await cache.getOrSet("k", () => 1, options);
    await time.advanceAsync(2_000);
    events.emit("gap", { backend: "redis", transport: "grpc" });
    const span = traces.provider.getTracer("app").startSpan("request");
    await context.with(trace.setSpan(context.active(), span), async () => {
      await cache.getOrSet("k", () => 2, options);
      events.emit("breaker", { backend: "redis", node: "a:1", state: "open" });
      events.emit("gap", { backend: "redis", transport: "grpc" });
    });
    span.end();
    expect(traces.span("request").events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ["gocachex.stale", { reason: "revalidating" }],
      ["gocachex.refresh", {}],
      ["gocachex.breaker", { backend: "redis", node: "a:1", state: "open" }],
      ["gocachex.gap", { backend: "redis", transport: "grpc" }],
    ]);
  });
});

describe("sampling", () => {
  it("is kept: nothing is recorded below a span that is not sampled, nor where none begins", async () => {
    traces = recordTraces(new ParentBasedSampler({ root: new AlwaysOffSampler() }));
    const { cache } = await open();
    const seen: (number | undefined)[] = [];
    await cache.getOrSet("k", () => {
      seen.push(trace.getActiveSpan()?.spanContext().traceFlags);
      return 1;
    });
    // The loader's own spans find a parent that says "not sampled", so that they are no traces of their own.
    expect(seen).toEqual([0]);
    expect(traces.spans()).toEqual([]);
    const parent = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1, isRemote: true };
    await context.with(trace.setSpanContext(context.active(), parent), () => cache.get("k"));
    expect(traces.span("get redis").spanContext().traceId).toBe(parent.traceId);
  });
});

describe("a cache that is traced", () => {
  it("goes on when a processor or a sampler of the application throws", async () => {
    traces = recordTraces();
    const { cache } = await open({}, false);
    const fail = (): never => {
      throw new Error("broken");
    };
    const getTracer = (): { startSpan: () => never } => ({ startSpan: fail });
    const broken = await traceCache(cache, { tracerProvider: { getTracer }, meterProvider: false });
    await cache.set("k", 1);
    broken.close();
    const span = traces.provider.getTracer("app").startSpan("x");
    Object.assign(span, { end: fail, setAttribute: fail, addEvent: fail });
    await traceCache(cache, { tracerProvider: { getTracer: () => ({ startSpan: () => span }) }, meterProvider: false });
    expect(await cache.get("k")).toBe(1);
  });

  it("is traced once at a time, and no more once that is closed, or the cache", async () => {
    traces = recordTraces();
    const { cache } = await open({}, false);
    const options = { tracerProvider: traces.provider, meterProvider: false } as const;
    const first = await traceCache(cache, options);
    await expect(traceCache(cache.namespace("n"), options)).rejects.toMatchObject({ code: "GCX_ARGUMENT_OPTION" });
    first.close();
    await cache.get("k");
    expect(traces.spans()).toEqual([]);
    await traceCache(cache, options);
    await cache.get("k");
    expect(traces.spans().length).toBe(1);
    await cache.close();
    expect(observeCache(cache).tracing.current).toBeUndefined();
  });
});
