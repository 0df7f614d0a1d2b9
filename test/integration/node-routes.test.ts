import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { problemIn, type RunningNode, startTestNode } from "./node-harness.ts";
import { rawRequest } from "./node-raw-request.ts";

let node: RunningNode;
beforeEach(async () => {
  node = await startTestNode();
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

async function listedKeys(response: Response): Promise<string[]> {
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => (JSON.parse(line) as { key: string }).key).sort();
}

describe("counters", () => {
  it("counts, from an initial value, by any step", async () => {
    const count = async (body: unknown): Promise<unknown> => (await node.post("/v1/keys/n/increment", body)).json();
    expect(await count({ initial: 10 })).toEqual({ value: 11 });
    expect(await count({ delta: -5 })).toEqual({ value: 6 });
    expect(await count({ delta: "9007199254740993" })).toEqual({ value: "9007199254740999", type: "bigint" });
    const read = await node.ask("/v1/keys/n");
    expect(read.headers.get("x-gocachex-type")).toBe("bigint");
    expect(await read.json()).toEqual({ value: "9007199254740999", type: "bigint" });
  });

  it("takes a POST without a body as one more, and a TTL for a new counter", async () => {
    const headers = { "Content-Type": "application/json" };
    const answer = await node.ask("/v1/keys/n/increment", { method: "POST", headers });
    expect(await answer.json()).toEqual({ value: 1 });
    await node.post("/v1/keys/m/increment", { ttl: "1m" });
    expect(await node.cache.ttl("m")).toBeGreaterThan(50_000);
  });

  it("counts a repeated operation id once", async () => {
    const count = async (): Promise<unknown> => (await node.post("/v1/keys/n/increment", { opId: "once" })).json();
    expect([await count(), await count()]).toEqual([{ value: 1 }, { value: 1 }]);
  });

  it.each([
    { delta: 1.5 },
    { delta: "x" },
    { delta: null },
    { delta: 2 ** 60 },
    { initial: [] },
    { ttl: {} },
    { opId: 1 },
    { by: 1 },
    [],
  ])("refuses %j", async (body) => {
    expect((await node.post("/v1/keys/n/increment", body)).status).toBe(400);
    expect(await node.cache.exists("n")).toBe(false);
  });

  it("answers 409 for what is no counter and for a sum beyond 2^53", async () => {
    await node.cache.set("text", "a");
    const type = await node.post("/v1/keys/text/increment", {});
    expect([type.status, (await problemIn(type)).code]).toEqual([409, "GCX_COUNTER_TYPE"]);
    await node.post("/v1/keys/n/increment", { delta: Number.MAX_SAFE_INTEGER });
    const range = await node.post("/v1/keys/n/increment", {});
    expect([range.status, await problemIn(range)]).toMatchObject([
      409,
      { code: "GCX_COUNTER_RANGE", detail: expect.stringContaining('"delta" as decimal text') },
    ]);
    const wide = await node.post("/v1/keys/n/increment", { delta: "9223372036854775807" });
    expect([wide.status, (await problemIn(wide)).detail]).toEqual([409, expect.stringContaining("64 bits")]);
  });
});

describe("listing", () => {
  it("streams keys as lines of JSON, by prefix and up to a limit", async () => {
    for (const key of ["a:1", "a:2", 'b:"\n', "c"]) await node.cache.set(key, 1);
    const all = await node.ask("/v1/keys");
    expect(all.headers.get("content-type")).toBe("application/x-ndjson");
    expect(await listedKeys(all)).toEqual(["a:1", "a:2", 'b:"\n', "c"]);
    expect(await listedKeys(await node.ask("/v1/keys?prefix=a%3A"))).toEqual(["a:1", "a:2"]);
    expect(await listedKeys(await node.ask("/v1/keys?limit=3"))).toHaveLength(3);
    expect(await listedKeys(await node.ask("/v1/keys?prefix=none"))).toEqual([]);
  });

  it.each(["0", "-1", "1.5", "x", ""])("refuses limit=%s", async (limit) => {
    expect((await node.ask(`/v1/keys?limit=${limit}`)).status).toBe(400);
  });

  it("lists everything of a large cache", async () => {
    const items = Array.from({ length: 20_000 }, (_, index) => [`key:${index}`, index] as const);
    await node.cache.setMulti(items);
    expect(await listedKeys(await node.ask("/v1/keys"))).toHaveLength(20_000);
  });
});

describe("namespaces", () => {
  it("selects views on every route", async () => {
    await node.put("/v1/keys/k?namespace=shop/eu", "inner");
    expect(await node.cache.namespace("shop").namespace("eu").get("k")).toBe("inner");
    expect((await node.ask("/v1/keys/k")).status).toBe(404);
    expect(await (await node.ask("/v1/keys/k?namespace=shop&namespace=eu")).json()).toBe("inner");
    await node.post("/v1/keys/n/increment?namespace=shop", {});
    expect(await listedKeys(await node.ask("/v1/keys?namespace=shop"))).toEqual(["n"]);
    await node.put("/v1/keys/root", 1);
    expect(await (await node.ask("/v1/stats?namespace=shop/eu")).json()).toMatchObject({ keyCount: 1 });
    await node.post("/v1/clear?namespace=shop", {});
    expect([await node.cache.exists("root"), await node.cache.namespace("shop").namespace("eu").exists("k")]).toEqual([
      true,
      false,
    ]);
  });

  it.each(["", "a//b", "/a", "a/"])("refuses the namespace %j", async (name) => {
    expect((await node.ask(`/v1/stats?namespace=${encodeURIComponent(name)}`)).status).toBe(400);
  });
});

describe("invalidation", () => {
  it("ends the entries of a tag, and all of a view", async () => {
    await node.put("/v1/keys/a?tags=x", 1);
    await node.put("/v1/keys/b", 1);
    expect(await (await node.post("/v1/tags/invalidate", { tags: ["x"] })).json()).toEqual({ invalidated: 1 });
    expect([await node.cache.exists("a"), await node.cache.exists("b")]).toEqual([false, true]);
    expect(await (await node.post("/v1/clear", {})).json()).toEqual({ cleared: true });
    expect(await node.cache.exists("b")).toBe(false);
  });

  it.each([{}, { tags: [] }, { tags: "x" }, { tags: [1] }, { tags: [""] }, { tags: ["x"], more: 1 }, null, "x"])(
    "refuses %j as tags",
    async (body) => {
      expect((await node.post("/v1/tags/invalidate", body)).status).toBe(400);
    },
  );
});

describe("status", () => {
  it("gives the counters of the cache", async () => {
    await node.put("/v1/keys/a", 1);
    await node.ask("/v1/keys/a");
    await node.ask("/v1/keys/b");
    expect(await (await node.ask("/v1/stats")).json()).toMatchObject({
      hits: 1,
      misses: 1,
      sets: 1,
      keyCount: 1,
      hitRatio: 0.5,
    });
  });

  it.each([
    ["up", 200],
    ["degraded", 200],
    ["down", 503],
  ] as const)("tells that a cache is %s with %i", async (status, code) => {
    vi.spyOn(node.cache, "health").mockResolvedValue({ status, checks: [] });
    const health = await node.ask("/v1/health");
    expect([health.status, await health.json()]).toEqual([code, { status, checks: [] }]);
    const ready = await node.ask("/readyz");
    expect([ready.status, await ready.text()]).toEqual([code, status]);
    const alive = await node.ask("/healthz");
    expect([alive.status, await alive.text()]).toEqual([200, "ok"]);
  });

  it("is down once the cache is closed, and says 503 for keys, but lives", async () => {
    await node.cache.close();
    const read = await node.ask("/v1/keys/a");
    expect([read.status, (await problemIn(read)).code]).toEqual([503, "GCX_CACHE_CLOSED"]);
    expect((await node.ask("/v1/keys")).status).toBe(503);
    expect((await node.ask("/readyz")).status).toBe(503);
    expect((await node.ask("/healthz")).status).toBe(200);
  });

  it("sends headers that keep browsers from guessing and storing", async () => {
    for (const path of ["/v1/stats", "/v1/keys/none", "/nowhere", "/v1/live"]) {
      const { headers } = await node.ask(path);
      expect([headers.get("x-content-type-options"), headers.get("cache-control")]).toEqual(["nosniff", "no-store"]);
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  it("answers 404 and 405 with what would be right", async () => {
    expect((await node.ask("/v2/keys")).status).toBe(404);
    expect((await problemIn(await node.ask("/v1/keys/a/b"))).detail).toContain("%2F");
    const wrong = await node.ask("/v1/keys/a", { method: "PATCH" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, PUT, DELETE"]);
    expect((await node.ask("/v1/clear")).headers.get("allow")).toBe("POST");
    expect((await node.ask("/v1/keys/a", { method: "OPTIONS" })).status).toBe(405);
  });

  it("refuses query parameters that it does not know", async () => {
    const answer = await rawRequest(node.node, "PUT", "/v1/keys/a?tll=5m", { "Content-Type": "application/json" }, "1");
    expect(answer.status).toBe(400);
    expect(await node.cache.exists("a")).toBe(false);
  });
});
