import { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { problemIn, type RunningNode, sendRaw, startTestNode } from "./node-harness.ts";
import { rawPut } from "./node-raw-request.ts";

let node: RunningNode;
beforeEach(async () => {
  node = await startTestNode();
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

describe("values over HTTP", () => {
  it("leave in one write with their head when they are small", async () => {
    await node.cache.set("text", "é");
    await node.cache.set("bytes", Buffer.from([65, 200]));
    const gathered = vi.spyOn(Socket.prototype as unknown as { _writev: () => void }, "_writev");
    try {
      for (const key of ["text", "bytes"]) {
        await sendRaw(node.node, `GET /v1/keys/${key} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      }
      expect(gathered).not.toHaveBeenCalled();
    } finally {
      gathered.mockRestore();
    }
  });

  it("come whole and in their order to who does not wait between requests", async () => {
    await node.cache.set("text", "é");
    const get = (more = ""): string => `GET /v1/keys/text HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
    const answers = await sendRaw(node.node, get() + get().replace("GET", "HEAD") + get("Connection: close\r\n"));
    const bodies = answers.split("HTTP/1.1 200 OK").map((answer) => answer.split("\r\n\r\n")[1]);
    expect(bodies).toEqual([undefined, '"é"', "", '"é"']);
  });

  it.each([
    ["text", "hello"],
    ["an empty text", ""],
    ["zero", 0],
    ["null", null],
    ["false", false],
    ["an object", { name: "Ada", tags: ["a", { deep: [1.5] }] }],
    ["a field named __proto__", JSON.parse('{"__proto__":{"x":1}}')],
  ])("reads back %s as it was written", async (_name, value) => {
    const written = await node.put("/v1/keys/k", value);
    expect(written.status).toBe(200);
    const read = await node.ask("/v1/keys/k");
    expect(read.status).toBe(200);
    expect(read.headers.get("content-type")).toBe("application/json");
    expect(read.headers.get("x-gocachex-exact")).toBe("true");
    expect(await read.text()).toBe(JSON.stringify(value));
  });

  it("stores raw bytes as bytes and gives them back raw", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await node.ask("/v1/keys/b", {
      method: "PUT",
      headers: { "Content-Type": "application/octet-stream" },
      body: bytes,
    });
    expect(await node.cache.get("b")).toEqual(Buffer.from(bytes));
    const read = await node.ask("/v1/keys/b");
    expect(read.headers.get("content-type")).toBe("application/octet-stream");
    expect(new Uint8Array(await read.arrayBuffer())).toEqual(bytes);
  });

  it("stores an empty body of bytes as no bytes, but refuses an empty JSON body", async () => {
    const init = (type: string): RequestInit => ({ method: "PUT", headers: { "Content-Type": type }, body: "" });
    expect((await node.ask("/v1/keys/e", init("application/octet-stream"))).status).toBe(200);
    expect(await node.cache.get("e")).toHaveLength(0);
    expect((await node.ask("/v1/keys/e", init("application/json"))).status).toBe(400);
  });

  it("says that a value is not exact when JSON cannot carry its types", async () => {
    await node.cache.set("d", { at: new Date(0), seen: new Set([1]), by: new Map([["a", 1n]]) });
    const read = await node.ask("/v1/keys/d");
    expect(read.headers.get("x-gocachex-exact")).toBe("false");
    expect(await read.json()).toEqual({ at: "1970-01-01T00:00:00.000Z", seen: [1], by: [["a", "1"]] });
  });

  it.each(["a/b c?d&e=f#g%", "ключ 🚀", "..", ".", "a".repeat(65_536), "é".repeat(32_768)])(
    "takes any percent-encoded key (case %#)",
    async (key) => {
      const path = `/v1/keys/${encodeURIComponent(key).replaceAll(".", "%2E")}`;
      const { status, body } = await rawPut(node.node, path, '"v"');
      expect([status, (JSON.parse(body) as { key: string }).key === key]).toEqual([200, true]);
      expect(await node.cache.get(key)).toBe("v");
    },
  );

  it("answers a miss with a 404 problem", async () => {
    const read = await node.ask("/v1/keys/none");
    expect(read.status).toBe(404);
    expect(read.headers.get("content-type")).toBe("application/problem+json");
    expect(await problemIn(read)).toMatchObject({ status: 404, title: "Not Found", code: "GCX_NODE_REQUEST" });
  });

  it("answers HEAD with the headers of GET and no body", async () => {
    await node.put("/v1/keys/h?ttl=10m", { a: 1 });
    const head = await node.ask("/v1/keys/h", { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("content-length")).toBe("7");
    expect(head.headers.get("etag")).toMatch(/^"\d+"$/);
    expect(await head.text()).toBe("");
    expect((await node.ask("/v1/keys/none", { method: "HEAD" })).status).toBe(404);
  });

  it("keeps TTL and tags and tells them", async () => {
    await node.put("/v1/keys/t?ttl=5m&tags=a,b&tag=c%2Cd", 1);
    const read = await node.ask("/v1/keys/t");
    expect(Number(read.headers.get("x-gocachex-ttl"))).toBeGreaterThan(290_000);
    const entry = (await (await node.ask("/v1/keys/t/entry")).json()) as Record<string, unknown>;
    expect(entry).toMatchObject({ key: "t", value: 1, type: "json", exact: true, tags: ["a", "b", "c,d"] });
    await node.put("/v1/keys/t?ttl=infinity", 1);
    expect((await node.ask("/v1/keys/t")).headers.get("x-gocachex-ttl")).toBe("infinity");
    await node.put("/v1/keys/t?ttl=1500", 1);
    expect(Number((await node.ask("/v1/keys/t")).headers.get("x-gocachex-ttl"))).toBeLessThanOrEqual(1500);
  });

  it("deletes once", async () => {
    await node.put("/v1/keys/x", 1);
    const remove = async (): Promise<unknown> => (await node.ask("/v1/keys/x", { method: "DELETE" })).json();
    expect(await remove()).toEqual({ deleted: true });
    expect(await remove()).toEqual({ deleted: false });
  });
});

describe("conditional requests", () => {
  it("answers 304 while the version is the same", async () => {
    const etag = (await node.put("/v1/keys/c", 1)).headers.get("etag") as string;
    const read = (tag: string): Promise<Response> => node.ask("/v1/keys/c", { headers: { "If-None-Match": tag } });
    expect((await read(etag)).status).toBe(304);
    expect((await read(`"0", W/${etag}`)).status).toBe(304);
    expect((await read("*")).status).toBe(304);
    await node.put("/v1/keys/c", 2);
    expect((await read(etag)).status).toBe(200);
  });

  it("writes with If-Match only over the named version", async () => {
    const etag = (await node.put("/v1/keys/c", 1)).headers.get("etag") as string;
    const first = await node.put("/v1/keys/c", 2, { "If-Match": etag });
    expect(first.status).toBe(200);
    const second = await node.put("/v1/keys/c", 3, { "If-Match": etag });
    expect(second.status).toBe(412);
    expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(await node.cache.get("c")).toBe(2);
  });

  it("writes with If-None-Match: * only when the key is not there", async () => {
    const onlyNew = { "If-None-Match": "*" };
    expect((await node.put("/v1/keys/n", 1, onlyNew)).status).toBe(200);
    const again = await node.put("/v1/keys/n", 2, onlyNew);
    expect([again.status, (await problemIn(again)).detail]).toEqual([
      412,
      "Nothing was written: the key is there already.",
    ]);
    expect(await node.cache.get("n")).toBe(1);
  });

  it("lets exactly one of many concurrent writers win", async () => {
    const etag = (await node.put("/v1/keys/c", 0)).headers.get("etag") as string;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => node.put("/v1/keys/c", index, { "If-Match": etag })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(19);
  });

  it.each([
    { "If-Match": "*" },
    { "If-Match": "5" },
    { "If-Match": '"1", "2"' },
    { "If-Match": 'W/"1"' },
    { "If-None-Match": '"1"' },
    { "If-Match": '"1"', "If-None-Match": "*" },
  ])("refuses conditions that it cannot check: %o", async (headers) => {
    expect((await node.put("/v1/keys/c", 1, headers as unknown as Record<string, string>)).status).toBe(400);
    expect(await node.cache.exists("c")).toBe(false);
  });
});
