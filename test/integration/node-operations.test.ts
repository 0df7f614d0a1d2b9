import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSocket, problemIn, type RunningNode, startTestNode } from "./node-harness.ts";

let node: RunningNode;
beforeEach(async () => {
  node = await startTestNode({ maxBatchKeyCount: 3 });
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

async function posted(path: string, body: unknown): Promise<unknown> {
  return (await node.post(path, body)).json();
}

describe("batches over HTTP", () => {
  it("write, read and delete many keys of every kind", async () => {
    const entries = [
      { key: "text", value: "a" },
      { key: "bytes", value: "AQI=", type: "bytes" },
      { key: "large", value: "9007199254740993", type: "bigint" },
    ];
    expect(await posted("/v1/batch/set?namespace=shop", { entries, ttl: "5m", tags: ["t"] })).toEqual({ written: 3 });
    expect(await node.cache.namespace("shop").get("bytes")).toEqual(Buffer.from([1, 2]));
    expect(await node.cache.namespace("shop").ttl("large")).toBeGreaterThan(290_000);
    const read = (await posted("/v1/batch/get?namespace=shop", { keys: ["text", "bytes", "large"] })) as {
      entries: object[];
    };
    expect(read.entries).toEqual([
      { key: "text", value: "a", type: "json", exact: true },
      { ...entries[1], exact: true },
      { ...entries[2], exact: true },
    ]);
    expect(await posted("/v1/batch/get", { keys: ["text"] })).toEqual({ entries: [] });
    await posted("/v1/tags/invalidate", { tags: ["t"] });
    expect(await posted("/v1/batch/delete?namespace=shop", { keys: ["text"] })).toEqual({ deleted: 0 });
    await node.cache.set("x", 1);
    expect(await posted("/v1/batch/delete", { keys: ["x", "y"] })).toEqual({ deleted: 1 });
  });

  it("stream an answer that is far larger than a piece", async () => {
    const value = "é".repeat(300_000);
    for (const key of ["a", "b", "c"]) await node.cache.set(key, value);
    const read = (await posted("/v1/batch/get", { keys: ["a", "b", "c"] })) as { entries: { value: string }[] };
    expect(read.entries.map((entry) => entry.value === value)).toEqual([true, true, true]);
  });

  it.each([
    ["/v1/batch/get", { keys: ["1", "2", "3", "4"] }, 413],
    ["/v1/batch/set", { entries: [1, 2, 3, 4] }, 413],
    ["/v1/transactions", { delete: ["1", "2", "3", "4"] }, 413],
    ["/v1/batch/get", { keys: [] }, 400],
    ["/v1/batch/get", { keys: "a" }, 400],
    ["/v1/batch/get", { keys: [1] }, 400],
    ["/v1/batch/get", {}, 400],
    ["/v1/batch/get", { keys: ["a", ""] }, 400],
    ["/v1/batch/set", { entries: [{ key: "a" }] }, 400],
    ["/v1/batch/set", { entries: [{ key: "a", value: 1, ttl: 5 }] }, 400],
    ["/v1/batch/set", { entries: [{ key: "a", value: "x", type: "bytes" }] }, 400],
    ["/v1/batch/set", { entries: [{ key: "a", value: "x", type: "bigint" }] }, 400],
    ["/v1/batch/set", { entries: [{ key: "a", value: "x", type: "date" }] }, 400],
    ["/v1/batch/set", { entries: [{ key: "a", value: 1 }], ttl: "soon" }, 400],
    ["/v1/batch/set", { entries: [{ key: "a", value: 1 }], tags: [1] }, 400],
    ["/v1/transactions", {}, 400],
    ["/v1/transactions", { set: [{ key: "a", value: 1 }], delete: ["a"] }, 400],
    ["/v1/transactions", { checks: [{ key: "a", version: -1 }], delete: ["a"] }, 400],
    ["/v1/transactions", { checks: {}, delete: ["a"] }, 400],
    ["/v1/keys/a/expire", {}, 400],
    ["/v1/keys/a/expire", { ttl: [] }, 400],
    ["/v1/locks/a/acquire", {}, 400],
    ["/v1/locks/a/acquire", { ttl: 0 }, 400],
    ["/v1/locks/a/extend", { lease: 5 }, 400],
  ] as const)("%s refuses %j with %i and changes nothing", async (path, body, status) => {
    expect((await node.post(path, body)).status).toBe(status);
    expect(node.cache.stats().keyCount).toBe(0);
  });
});

describe("single keys", () => {
  it("tell whether they are there and how long, and take a new TTL", async () => {
    const ask = async (path: string): Promise<unknown> => (await node.ask(path)).json();
    expect(await ask("/v1/keys/k/exists")).toEqual({ exists: false });
    await node.put("/v1/keys/k", 1);
    expect(await ask("/v1/keys/k/exists")).toEqual({ exists: true });
    expect(await ask("/v1/keys/k/ttl")).toEqual({ ttl: "infinity" });
    expect(await posted("/v1/keys/k/expire", { ttl: "1m" })).toEqual({ expired: true });
    expect(((await ask("/v1/keys/k/ttl")) as { ttl: number }).ttl).toBeGreaterThan(50_000);
    expect(node.cache.stats()).toMatchObject({ hits: 0, misses: 0 });
    expect(await posted("/v1/keys/k/expire", { ttl: 0 })).toEqual({ expired: true });
    expect(await posted("/v1/keys/k/expire", { ttl: 0 })).toEqual({ expired: false });
    expect((await node.ask("/v1/keys/k/ttl")).status).toBe(404);
  });

  it("answer what was there before, as it was written", async () => {
    const swap = (value: unknown): Promise<Response> => node.post("/v1/keys/k/get-set?ttl=1m", value);
    expect((await swap({ a: 1 })).status).toBe(204);
    expect(await (await swap("b")).json()).toEqual({ a: 1 });
    await node.cache.set("k", Buffer.from([7]));
    const bytes = await swap(null);
    expect([bytes.headers.get("x-gocachex-type"), [...new Uint8Array(await bytes.arrayBuffer())]]).toEqual([
      "bytes",
      [7],
    ]);
    expect(await node.cache.ttl("k")).toBeGreaterThan(50_000);
  });

  it("are deleted by prefix, but never all of them by a forgotten one", async () => {
    for (const key of ["a:1", "a:2", "b"]) await node.put(`/v1/keys/${key}`, 1);
    const remove = (query: string): Promise<Response> => node.ask(`/v1/keys${query}`, { method: "DELETE" });
    for (const query of ["", "?prefix="]) expect((await remove(query)).status).toBe(400);
    expect(await (await remove("?prefix=a%3A")).json()).toEqual({ deleted: 2 });
    expect(await node.cache.exists("b")).toBe(true);
  });

  it("are deleted only in the version that was named", async () => {
    const remove = (etag: string): Promise<Response> =>
      node.ask("/v1/keys/k", { method: "DELETE", headers: { "If-Match": etag } });
    const first = (await node.put("/v1/keys/k", 1)).headers.get("etag") as string;
    const second = (await node.put("/v1/keys/k", 2)).headers.get("etag") as string;
    const refused = await remove(first);
    expect([refused.status, refused.headers.get("etag")]).toEqual([412, second]);
    expect(await node.cache.get("k")).toBe(2);
    expect((await remove(second)).status).toBe(200);
    const gone = await remove(second);
    expect([gone.status, (await problemIn(gone)).detail]).toEqual([
      412,
      "Nothing was deleted: the entry is not there.",
    ]);
  });
});

describe("transactions over HTTP", () => {
  it("do everything while the versions stand, and nothing afterwards", async () => {
    const version = async (key: string): Promise<number> => (await node.cache.getEntry(key))?.version ?? 0;
    await node.cache.set("from", 10);
    const checks = [{ key: "from", version: await version("from") }];
    const move = (value: number): Promise<Response> =>
      node.post("/v1/transactions", { checks, set: [{ key: "to", value, ttl: "1m", tags: ["t"] }], delete: ["from"] });
    expect(await (await move(1)).json()).toEqual({ committed: true });
    expect([await node.cache.get("from"), await node.cache.get("to")]).toEqual([undefined, 1]);
    expect((await move(2)).status).toBe(412);
    expect(await node.cache.get("to")).toBe(1);
    expect((await node.cache.getEntry("to"))?.tags).toEqual(["t"]);
  });
});

describe("locks over HTTP", () => {
  interface Lease {
    readonly lease: string;
    readonly token: number;
    readonly validForMs: number;
  }
  const acquire = (name: string, body: object = { ttl: "1m" }): Promise<Response> =>
    node.post(`/v1/locks/${name}/acquire`, body);

  it("are held by one, whose token grows, and are given back", async () => {
    const first = (await (await acquire("job")).json()) as Lease;
    const held = await acquire("job");
    expect([held.status, (await problemIn(held)).code]).toEqual([409, "GCX_LOCK_NOT_ACQUIRED"]);
    const waiting = acquire("job", { ttl: "1m", wait: "30s" });
    expect(await posted("/v1/locks/job/release", { lease: first.lease })).toEqual({ released: true });
    const second = (await (await waiting).json()) as Lease;
    expect(second.token).toBeGreaterThan(first.token);
    expect(second.validForMs).toBeGreaterThan(50_000);
    const longer = (await posted("/v1/locks/job/extend", { lease: second.lease, ttl: "10m" })) as Lease;
    expect(longer.validForMs).toBeGreaterThan(500_000);
    expect(await posted("/v1/locks/job/release", { lease: first.lease })).toEqual({ released: false });
  });

  it("cannot be touched with the lease of another one", async () => {
    const { lease } = (await (await acquire("mine")).json()) as Lease;
    expect((await node.post("/v1/locks/other/extend", { lease })).status).toBe(409);
    expect(await posted("/v1/locks/mine/release?namespace=other", { lease })).toEqual({ released: false });
    expect(await posted("/v1/locks/mine/release", { lease })).toEqual({ released: true });
  });

  it("are not kept by a client that left while it waited", async () => {
    const { lease } = (await (await acquire("job")).json()) as Lease;
    const socket = await openSocket(node.node);
    const body = '{"ttl":"1m","wait":"30s"}';
    socket.write(
      `POST /v1/locks/job/acquire HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    // Answered after the request before it on this node was carried out: the client waits by then.
    await node.ask("/v1/stats");
    socket.destroy();
    await once(socket, "close");
    await posted("/v1/locks/job/release", { lease });
    await expect.poll(async () => (await acquire("job")).status).toBe(200);
  });
});
