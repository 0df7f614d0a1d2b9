import { once } from "node:events";
import { connect } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import { createCache } from "../../src/create-cache.ts";
import { describeCacheProto } from "../support/grpc/describe-cache-proto.ts";
import { lockingLate } from "./support/cache-with.ts";
import { closeApis, dialApi, type RunningApi, startTestApi } from "./support/grpc-api.ts";
import { eventually } from "./support/grpc-mesh.ts";
import { dialAsTool } from "./support/grpc-tools.ts";

afterEach(closeApis);

const HEALTH_SERVICES = ["", "gocachex.v1.Cache", "liveness"];

const WAIT = { timeout: 10_000, interval: 20 };

/** Waits until a call runs, or none: with room for one, another one says so. */
function untilRunning({ client }: RunningApi, isRunning: boolean): Promise<void> {
  return vi.waitFor(async () => {
    const answer = client.call("Exists", { key: "k" });
    if (isRunning) await expect(answer).rejects.toMatchObject({ status: 8, code: "GCX_NODE_REQUEST" });
    else await answer;
  }, WAIT);
}

describe("a call whose caller does not wait for ever", () => {
  it("ends at its deadline, here and in the cache", async () => {
    const running = await startTestApi({ maxRunningCallCount: 1 });
    const held = await running.cache.lock("job", { ttl: 60_000 });
    const request = { name: "job", ttl_ms: 60_000, wait_ms: 60_000 };
    await expect(running.client.call("AcquireLock", request, { deadlineMs: 100 })).rejects.toMatchObject({ status: 4 });
    await untilRunning(running, false);
    await held.release();
    // Who waited in the cache would be given the lock first.
    await running.cache.lock("job", { ttl: 1_000 });
    expect(running.errors).toEqual([]);
  });

  it("ends when it is cancelled, here and in the cache", async () => {
    const running = await startTestApi({ maxRunningCallCount: 1 });
    const held = await running.cache.lock("job", { ttl: 60_000 });
    const call = running.client.begin("AcquireLock", { name: "job", ttl_ms: 60_000, wait_ms: 60_000 });
    await untilRunning(running, true);
    call.cancel();
    expect(await call.ended).toMatchObject({ status: 1 });
    await untilRunning(running, false);
    await held.release();
    await running.cache.lock("job", { ttl: 1_000 });
    expect(running.errors).toEqual([]);
  });
});

describe("a caller that leaves in the moment in which a lock is given to it", () => {
  it("does not keep it", async () => {
    const cache = createCache();
    const running = await startTestApi({ cache: lockingLate(cache) });
    const call = running.client.begin("AcquireLock", { name: "job", ttl_ms: 60_000, wait_ms: 10_000 });
    await vi.waitFor(() => expect(cache.lock("job", { ttl: 1 })).rejects.toThrow("still held"), WAIT);
    call.cancel();
    expect(await call.ended).toMatchObject({ status: 1 });
    await cache.lock("job", { ttl: "1m", wait: "10s" });
    expect(running.errors).toEqual([]);
  });
});

describe("the health of an API", () => {
  it("is that of its cache, for each service, and of the process for liveness", async () => {
    const redis = await startRedis({ args: ["--save", ""] });
    const cache = createCache({ backend: "redis", redis: { addresses: [`${redis.host}:${redis.port}`] } });
    // Before it is connected a cache is down.
    await cache.ready();
    const running = await startTestApi({ cache });
    const tool = dialAsTool(running.api.address);
    try {
      expect(await Promise.all(HEALTH_SERVICES.map(tool.check))).toEqual(["SERVING", "SERVING", "SERVING"]);
      expect(await tool.check("other")).toBe(grpc.status.NOT_FOUND);
      const watched = tool.watch("gocachex.v1.Cache");
      const unknown = tool.watch("other");
      await eventually(() => expect([...watched.said, ...unknown.said]).toEqual(["SERVING", "SERVICE_UNKNOWN"]));
      await redis.stop();
      await eventually(() => expect(watched.said).toEqual(["SERVING", "NOT_SERVING"]));
      expect(await Promise.all(HEALTH_SERVICES.map(tool.check))).toEqual(["NOT_SERVING", "NOT_SERVING", "SERVING"]);
      const failed = running.client.call("Get", { key: "k" });
      await expect(failed).rejects.toMatchObject({ status: 14, code: "GCX_BACKEND_UNAVAILABLE" });
      watched.cancel();
      unknown.cancel();
    } finally {
      tool.close();
      await redis.stop();
    }
  });

  it("says before everything else that the API closes, and ends who watches", async () => {
    const running = await startTestApi({ maxRunningCallCount: 1, closeTimeoutMs: 20_000 });
    const tool = dialAsTool(running.api.address);
    const watched = HEALTH_SERVICES.map((service) => tool.watch(service));
    await eventually(() => expect(watched.map(({ said }) => said.at(-1))).toEqual(["SERVING", "SERVING", "SERVING"]));
    const held = await running.cache.lock("job", { ttl: 60_000 });
    const waiting = running.client.call("AcquireLock", { name: "job", ttl_ms: 60_000, wait_ms: 60_000 });
    await untilRunning(running, true);
    const closed = running.api.close();
    await Promise.all(watched.map(({ ended }) => ended));
    expect(watched.map(({ said }) => said.at(-1))).toEqual(["NOT_SERVING", "NOT_SERVING", "NOT_SERVING"]);
    // What runs is finished; nobody else is let in.
    const socket = connect(running.api.port, running.api.host);
    const [error] = await once(socket, "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
    await held.release();
    expect(await waiting).toMatchObject({ lease: expect.any(String) });
    await closed;
    await running.api.close();
    tool.close();
  });
});

describe("an API that is closed", () => {
  it("cuts what does not end in time", async () => {
    const running = await startTestApi({ maxRunningCallCount: 1, closeTimeoutMs: 50 });
    await running.cache.lock("job", { ttl: 60_000 });
    const waiting = running.client.begin("AcquireLock", { name: "job", ttl_ms: 60_000, wait_ms: 60_000 });
    await untilRunning(running, true);
    await running.api.close();
    expect([grpc.status.UNAVAILABLE, grpc.status.CANCELLED]).toContain((await waiting.ended).status);
    expect(await running.cache.get("k")).toBeUndefined();
  });

  it("gives its port back; one that is taken is a clear error", async () => {
    const first = await startTestApi();
    const { port } = first.api;
    await expect(startTestApi({ port })).rejects.toMatchObject({
      code: "GCX_NODE_LISTEN",
      message: expect.stringContaining(`Port ${port} on 127.0.0.1 is taken`),
    });
    await first.close();
    const second = await startTestApi({ port });
    expect(second.api.port).toBe(port);
  });
});

describe("reflection", () => {
  it.each(["v1", "v1alpha"] as const)("lists the services and describes every message (%s)", async (version) => {
    const running = await startTestApi();
    const tool = dialAsTool(running.api.address);
    const answers = (await tool.reflect(version, [
      { list_services: "" },
      { file_containing_symbol: "gocachex.v1.Cache" },
      { file_by_filename: "gocachex/v1/cache.proto" },
      { file_containing_symbol: "gocachex.v1.None" },
    ])) as readonly Readonly<Record<string, never>>[];
    tool.close();
    const { list_services_response: list } = answers[0] as Readonly<Record<string, { service: { name: string }[] }>>;
    expect(list?.service.map(({ name }) => name)).toEqual(["gocachex.v1.Cache"]);
    for (const answer of answers.slice(1, 3)) {
      const { file_descriptor_response: files } = answer as Readonly<Record<string, unknown>>;
      // A library may write the same in another order: what was read of it is compared.
      const [file] = (files as { file_descriptor_proto: Buffer[] }).file_descriptor_proto;
      expect(file?.length).toBe(describeCacheProto().length);
      expect(file?.includes("CompareAndSetRequest")).toBe(true);
    }
    expect(answers[3]).toMatchObject({ error_response: { error_code: grpc.status.NOT_FOUND } });
  });

  it("needs a token where the API does", async () => {
    const token = "reader-token-0123456789";
    const running = await startTestApi({ access: { tokens: [{ token, role: "read" }] } });
    const tool = dialAsTool(running.api.address);
    expect(await tool.reflect("v1", [{ list_services: "" }])).toBe(grpc.status.UNAUTHENTICATED);
    expect(await tool.reflect("v1", [{ list_services: "" }], token)).toHaveLength(1);
    // Probes have none.
    expect(await tool.check("")).toBe("SERVING");
    tool.close();
  });
});

describe("limits of an API", () => {
  it("refuse messages that are too large, in both directions, and serve on", async () => {
    const running = await startTestApi({ maxMessageBytes: 64_000 });
    const { cache, client } = running;
    const large = { data: Buffer.alloc(70_000), kind: "CONTENT_KIND_BYTES" };
    await expect(client.call("Set", { key: "k", value: large })).rejects.toMatchObject({ status: 8 });
    expect(await cache.exists("k")).toBe(false);
    await cache.set("large", Buffer.alloc(70_000));
    await expect(client.call("Get", { key: "large" })).rejects.toMatchObject({ status: 8 });
    expect(await client.call("Exists", { key: "large" })).toEqual({ exists: true });
  });

  it("let large messages through as a whole", async () => {
    const running = await startTestApi();
    const data = Buffer.alloc(7_000_000, "x");
    await Promise.all(
      ["a", "b", "c"].map((key) => running.client.call("Set", { key, value: { data, kind: "CONTENT_KIND_BYTES" } })),
    );
    const { value } = await running.client.call("Get", { key: "b" });
    expect((value as { data: Buffer }).data.equals(data)).toBe(true);
  });

  it("drop connections beyond the most", async () => {
    const running = await startTestApi({ maxConnectionCount: 1 });
    await running.client.call("Exists", { key: "k" });
    const other = dialApi(running.api.address);
    await expect(other.call("Exists", { key: "k" })).rejects.toMatchObject({ status: 14 });
    other.close();
    expect(await running.client.call("Exists", { key: "k" })).toEqual({});
  });

  it("are checked when an API starts", async () => {
    await expect(startTestApi({ maxStreamCount: 0 })).rejects.toMatchObject({ code: "GCX_ARGUMENT_OPTION" });
    await expect(startTestApi({ keepaliveMs: 1 })).rejects.toMatchObject({ code: "GCX_ARGUMENT_OPTION" });
  });
});

describe("an answer that fails by a defect", () => {
  it("says nothing of it to the caller, and all to onError", async () => {
    const running = await startTestApi();
    // A plug-in's error may hold anything.
    const secret = new Error("secret-value");
    const cache = { ...fakeNothing(), get: () => Promise.reject(secret), close: () => Promise.resolve() } as never;
    const broken = await startTestApi({ cache });
    const failed = await broken.client.call("Get", { key: "k" }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ status: 13, code: "GCX_NODE_INTERNAL" });
    expect(JSON.stringify(failed)).not.toContain("secret");
    expect(broken.errors).toEqual([secret]);
    expect(await running.client.call("Get", { key: "k" })).toEqual({});
  });
});

function fakeNothing(): object {
  return { health: () => Promise.resolve({ status: "up", checks: [] }) };
}
