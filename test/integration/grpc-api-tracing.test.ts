// Loaded with this file, so that it is no part of the first test's time.
import "@opentelemetry/context-async-hooks";
import "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { type ReceivedSpan, receiveSpans, type SpanReceiver } from "../support/tracing/span-receiver.ts";
import { closeApis, jsonValue, type RunningApi, startTestApi } from "./support/grpc-api.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`;
const CARRIED = [
  ["traceparent", TRACEPARENT],
  ["tracestate", "vendor=1"],
] as const;

let redis: TestServer;
let receiver: SpanReceiver;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  await closeApis();
  await receiver.close();
});

/** An API over a cache that is traced into a receiver of OTLP. */
async function startTraced(config: CacheConfig = {}): Promise<RunningApi> {
  receiver = await receiveSpans();
  const cache = createCache({
    ...{ backend: "redis", redis: { addresses: [`${redis.host}:${redis.port}`] } },
    tracing: { enabled: true, endpoint: receiver.url, serviceName: "node" },
    deadlines: { connect: "20s" },
    ...config,
  });
  const running = await startTestApi({ cache });
  await cache.ready().catch(() => undefined);
  return running;
}

function named(name: string): ReceivedSpan {
  const { spans } = receiver;
  const [found, ...others] = spans.filter((span) => span.name === name);
  if (found === undefined || others.length > 0) throw new Error(`${name}: ${spans.map((span) => span.name)}`);
  return found;
}

describe("a call of a trace", () => {
  it("is a SERVER span of it by the conventions, with what the cache does below it, and no word of the key", async () => {
    const running = await startTraced();
    const value = jsonValue("secret-value");
    await running.client.call("Set", { key: "secret-key", value, tags: ["secret-tag"] }, { headers: CARRIED });
    expect(await running.client.list("Keys", {}, { headers: CARRIED })).not.toEqual([]);
    await running.close();
    const written = named("gocachex.v1.Cache/Set");
    expect(written).toMatchObject({ kind: "SERVER", traceId: TRACE, parentId: SPAN, traceState: "vendor=1" });
    expect(written.attributes).toEqual({
      "rpc.system.name": "grpc",
      "rpc.method": "gocachex.v1.Cache/Set",
      "rpc.response.status_code": "OK",
    });
    expect(named("set redis")).toMatchObject({ traceId: TRACE, parentId: written.id });
    const listed = named("gocachex.v1.Cache/Keys");
    expect(listed.attributes["rpc.response.status_code"]).toBe("OK");
    expect(listed.parentId).toBe(SPAN);
    expect(JSON.stringify(receiver.spans)).not.toContain("secret");
  });

  it("is not recorded where the client does not sample it", async () => {
    const running = await startTraced();
    await running.client.call("Get", { key: "k" }, { headers: [["traceparent", `00-${TRACE}-${SPAN}-00`]] });
    await running.close();
    expect(receiver.spans).toEqual([]);
  });

  it.each([
    ["nothing", []],
    [
      "nonsense",
      [
        ["traceparent", "00-x"],
        ["tracestate", "vendor=1"],
      ],
    ],
    [
      "two",
      [
        ["traceparent", TRACEPARENT],
        ["traceparent", TRACEPARENT],
      ],
    ],
  ] as const)("begins where it carries %s", async (_what, headers) => {
    const running = await startTraced();
    await running.client.call("Get", { key: "k" }, { headers });
    await running.close();
    const read = named("gocachex.v1.Cache/Get");
    expect([read.parentId, read.traceState, read.traceId === TRACE]).toEqual(["", "", false]);
    expect(named("get redis").parentId).toBe(read.id);
  });

  it("begins with none that only watches, which continues one", async () => {
    const running = await startTraced();
    await running.client.call("Health");
    await running.client.call("Stats");
    await running.client.call("Stats", {}, { headers: CARRIED });
    await running.close();
    const served = receiver.spans.filter(({ kind }) => kind === "SERVER");
    expect(served.map(({ name, traceId }) => [name, traceId])).toEqual([["gocachex.v1.Cache/Stats", TRACE]]);
  });

  it("has one state where several headers say some", async () => {
    const running = await startTraced();
    const headers = [...CARRIED, ["tracestate", "b=2"]] as const;
    await running.client.call("Get", { key: "k" }, { headers });
    await running.close();
    expect(named("gocachex.v1.Cache/Get").traceState).toBe("vendor=1,b=2");
  });
});

describe("a call that fails", () => {
  it("is an error by the library's code where that is the node's fault, and none where it is the caller's", async () => {
    const config = { redis: { addresses: [`127.0.0.1:${await findFreePort()}`] }, deadlines: { connect: "200ms" } };
    const running = await startTraced(config);
    await running.client.call("Get", { key: "k" }, { headers: CARRIED }).catch(() => undefined);
    await running.client.call("Set", { key: "" }, { headers: CARRIED }).catch(() => undefined);
    await running.client.list("Keys", {}, { headers: CARRIED }).catch(() => undefined);
    await running.close();
    const unavailable = {
      "rpc.response.status_code": "UNAVAILABLE",
      "error.type": "GCX_BACKEND_UNAVAILABLE",
    };
    expect(named("gocachex.v1.Cache/Get").attributes).toMatchObject(unavailable);
    expect(named("gocachex.v1.Cache/Keys").attributes).toMatchObject(unavailable);
    const refused = named("gocachex.v1.Cache/Set").attributes;
    expect(refused["rpc.response.status_code"]).toBe("INVALID_ARGUMENT");
    expect(refused).not.toHaveProperty("error.type");
  });

  it("because nobody waits for it any more was cancelled", async () => {
    const running = await startTraced();
    const held = await running.client.call("AcquireLock", { name: "lock", ttl_ms: 60_000 });
    expect(held["lease"]).toBeDefined();
    const request = { name: "lock", ttl_ms: 60_000, wait_ms: 30_000 };
    const waiting = running.client.call("AcquireLock", request, { headers: CARRIED, deadlineMs: 100 });
    await expect(waiting).rejects.toMatchObject({ status: 4 });
    await running.close();
    const { attributes } = receiver.spans.find(
      ({ name, traceId }) => name === "gocachex.v1.Cache/AcquireLock" && traceId === TRACE,
    ) as ReceivedSpan;
    expect(attributes["rpc.response.status_code"]).toBe("CANCELLED");
    expect(attributes).not.toHaveProperty("error.type");
  });
});
