import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { context, propagation, trace } from "@opentelemetry/api";
// Loaded with this file, so that it is no part of the first test's time.
import "@opentelemetry/context-async-hooks";
import "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import type { NodeOptions } from "../../src/server/node-options.ts";
import { type ReceivedSpan, receiveSpans, type SpanReceiver } from "../support/tracing/span-receiver.ts";
import { startCli } from "./cli-harness.ts";
import { type RunningNode, sendRaw, startTestNode } from "./node-harness.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const CARRIED = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "vendor=1" };

let redis: TestServer;
let receiver: SpanReceiver;
let running: RunningNode | undefined;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  await running?.[Symbol.asyncDispose]();
  running = undefined;
  await receiver.close();
  // What a cache that failed to would leave to the next one.
  propagation.disable();
});

/** A node over a cache that is traced into a receiver of OTLP. */
async function startTraced(config: CacheConfig = {}, options: Partial<NodeOptions> = {}): Promise<RunningNode> {
  receiver = await receiveSpans();
  const cache = createCache({
    ...{ backend: "redis", redis: { addresses: [`${redis.host}:${redis.port}`] } },
    tracing: { enabled: true, endpoint: receiver.url, serviceName: "node" },
    deadlines: { connect: "20s" },
    ...config,
  });
  running = await startTestNode({ cache, ...options });
  // Who traces comes with the first call.
  await cache.ready().catch(() => undefined);
  return running;
}

/** What was received when all is sent. */
async function received(): Promise<readonly ReceivedSpan[]> {
  await running?.node.close();
  await running?.cache.close();
  return receiver.spans;
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const [found, ...others] = spans.filter((span) => span.name === name);
  if (found === undefined || others.length > 0) throw new Error(`${name}: ${spans.map((span) => span.name)}`);
  return found;
}

describe("a request of a trace", () => {
  it("is a SERVER span of it by the conventions, with what the cache does below it, and no word of the key", async () => {
    const { ask, put } = await startTraced();
    await put("/v1/keys/secret-key?tags=secret-tag", "secret-value", CARRIED);
    await ask("/v1/keys/secret-key?namespace=secret-place", { headers: CARRIED });
    const spans = await received();
    const written = named(spans, "PUT /v1/keys/:key");
    expect(written).toMatchObject({ kind: "SERVER", traceId: TRACE, parentId: SPAN, traceState: "vendor=1" });
    expect(written.attributes).toEqual({
      "http.request.method": "PUT",
      "http.route": "/v1/keys/:key",
      "http.response.status_code": "200",
      "network.protocol.version": "1.1",
      "url.scheme": "http",
    });
    expect(named(spans, "set redis")).toMatchObject({ traceId: TRACE, parentId: written.id, traceState: "vendor=1" });
    const read = named(spans, "GET /v1/keys/:key");
    // Not there is an answer.
    expect(read.attributes).toMatchObject({ "http.response.status_code": "404" });
    expect(read.attributes).not.toHaveProperty("error.type");
    expect(named(spans, "getEntry redis").parentId).toBe(read.id);
    expect(JSON.stringify(spans)).not.toContain("secret");
  });

  it("is one that the client does not sample: nothing is recorded, here and below", async () => {
    const { ask } = await startTraced();
    await ask("/v1/keys/k", { headers: { traceparent: `00-${TRACE}-${SPAN}-00` } });
    expect(await received()).toEqual([]);
  });

  it.each([
    ["no version", `ff-${TRACE}-${SPAN}-01`],
    ["no trace", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["too long", `00-${TRACE}-${SPAN}-01-x`],
    ["two", `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ])("makes no sense (%s): then it begins one, and its state is passed over", async (_what, traceparent) => {
    const { ask } = await startTraced();
    expect((await ask("/v1/keys/k", { headers: { traceparent, tracestate: "vendor=1" } })).status).toBe(404);
    const spans = await received();
    const read = named(spans, "GET /v1/keys/:key");
    expect([read.parentId, read.traceState]).toEqual(["", ""]);
    expect(read.traceId).not.toBe(TRACE);
    expect(named(spans, "getEntry redis").parentId).toBe(read.id);
  });

  it("is read from a state that came in several headers, as one", async () => {
    const { node } = await startTraced();
    const states = "tracestate: a=1\r\ntracestate: b=2";
    const head = `GET /v1/keys/k HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\ntraceparent: ${CARRIED.traceparent}`;
    await sendRaw(node, `${head}\r\n${states}\r\n\r\n`);
    expect(named(await received(), "GET /v1/keys/:key")).toMatchObject({ traceId: TRACE, traceState: "a=1,b=2" });
  });

  it("is one of a command that is run in a trace, as TRACEPARENT and TRACESTATE say", async () => {
    const { node } = await startTraced({ namespace: "command" });
    const env = { TRACEPARENT: CARRIED.traceparent, TRACESTATE: CARRIED.tracestate };
    const address = `${node.host}:${node.port}`;
    expect((await startCli(["set", "k", "v", "--node", address], { env }).done).exitCode).toBe(0);
    expect((await startCli(["keys", "--node", address], { env }).done).stdout).toBe("k\n");
    const served = (await received()).filter(({ kind }) => kind === "SERVER");
    expect(served.map(({ name, traceId, parentId, traceState }) => [name, traceId, parentId, traceState])).toEqual([
      ["PUT /v1/keys/:key", TRACE, SPAN, "vendor=1"],
      ["GET /v1/keys", TRACE, SPAN, "vendor=1"],
    ]);
  });

  it("is one of an application, whose loads and own spans are below it, and whose requests can carry it on", async () => {
    const carried: Record<string, string> = {};
    const cache = { current: undefined as RunningNode["cache"] | undefined };
    const app: NodeOptions["app"] = async (_request, response) => {
      const value = await cache.current?.getOrSet("k", async () => {
        trace.getTracer("app").startSpan("query").end();
        propagation.inject(context.active(), carried);
        return 1;
      });
      response.end(String(value));
    };
    const node = await startTraced({}, { app });
    cache.current = node.cache;
    await node.ask("/app/secret/path?secret=1", { headers: CARRIED });
    const spans = await received();
    const served = named(spans, "GET /app/*");
    const load = named(spans, "gocachex.load");
    expect([served.traceId, served.parentId, load.parentId]).toEqual([TRACE, SPAN, served.id]);
    expect(named(spans, "query").parentId).toBe(load.id);
    expect(carried).toEqual({ traceparent: `00-${TRACE}-${load.id}-01`, tracestate: "vendor=1" });
    expect(JSON.stringify(spans)).not.toContain("secret");
    // What was registered for the process is gone with the cache.
    const after: Record<string, string> = {};
    propagation.inject(trace.setSpanContext(context.active(), { traceId: TRACE, spanId: SPAN, traceFlags: 1 }), after);
    expect(after).toEqual({});
  });
});

describe("a request of no trace", () => {
  it("begins one, unless it is a probe, of who watches, or of nothing that is there; those continue one", async () => {
    const { ask, url } = await startTraced();
    const watching = ["/healthz", "/readyz", "/v1/stats", "/v1/health", "/metrics", "/v1/openapi.json", "/"];
    for (const path of watching) await (await fetch(`${url}${path}`)).arrayBuffer();
    for (const path of ["/nowhere", "/v1/keys/a/b"]) await (await fetch(`${url}${path}`)).arrayBuffer();
    await ask("/v1/keys/k");
    await ask("/healthz", { headers: CARRIED });
    await fetch(`${url}/nowhere`, { headers: CARRIED, method: "PATCH" });
    const spans = (await received()).filter(({ kind }) => kind === "SERVER");
    expect(spans.map(({ name, traceId }) => [name, traceId === TRACE])).toEqual([
      ["GET /v1/keys/:key", false],
      ["GET /healthz", true],
      ["PATCH", true],
    ]);
    expect(named(spans, "PATCH").attributes).toMatchObject({ "http.response.status_code": "404" });
    expect(named(spans, "PATCH").attributes).not.toHaveProperty("http.route");
  });
});

describe("a request that fails", () => {
  it("is an error of the node by the library's code, and none where the client is to blame", async () => {
    const config = { redis: { addresses: [`127.0.0.1:${await findFreePort()}`] }, deadlines: { connect: "200ms" } };
    const { ask } = await startTraced(config);
    expect((await ask("/v1/keys/k", { headers: CARRIED })).status).toBe(503);
    expect((await ask("/v1/keys/k/ttl?wrong=1", { headers: CARRIED })).status).toBe(400);
    expect((await ask("/readyz", { headers: CARRIED })).status).toBe(503);
    const spans = await received();
    expect(named(spans, "GET /v1/keys/:key").attributes).toMatchObject({
      "http.response.status_code": "503",
      "error.type": "GCX_BACKEND_UNAVAILABLE",
    });
    expect(named(spans, "GET /v1/keys/:key/ttl").attributes).not.toHaveProperty("error.type");
    expect(named(spans, "GET /readyz").attributes["error.type"]).toBe("503");
  });

  it("in the middle of its answer is an error though its status says that it went well", async () => {
    const app: NodeOptions["app"] = (_request, response) => {
      response.writeHead(200).write("half");
      throw new Error("secret");
    };
    const { node } = await startTraced({}, { app });
    await sendRaw(node, `GET /app/ HTTP/1.1\r\nHost: 127.0.0.1\r\ntraceparent: ${CARRIED.traceparent}\r\n\r\n`);
    const { attributes } = named(await received(), "GET /app/*");
    expect(attributes).toMatchObject({ "http.response.status_code": "200", "error.type": "GCX_NODE_INTERNAL" });
  });

  it("because its client leaves is over then, and no error", async () => {
    let left: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    const app: NodeOptions["app"] = async (_request, response) => {
      client.destroy();
      await once(response, "close");
      left?.();
    };
    const { node } = await startTraced({}, { app });
    const client = httpRequest(`${node.url}/app/`, { headers: CARRIED });
    client.on("error", () => undefined);
    client.end();
    await gone;
    const { attributes } = named(await received(), "GET /app/*");
    expect(attributes).not.toHaveProperty("error.type");
    expect(attributes).not.toHaveProperty("http.response.status_code");
  });
});
