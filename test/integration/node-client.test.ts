import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as NetServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeClient } from "../../src/server/node-client.ts";
import { type RunningNode, startTestNode } from "./node-harness.ts";

let node: RunningNode;
let client: NodeClient;
beforeEach(async () => {
  node = await startTestNode();
  client = new NodeClient(node.node);
});
afterEach(async () => {
  client.close();
  await node[Symbol.asyncDispose]();
});

async function portOf(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function collect(keys: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const key of keys) all.push(key);
  return all;
}

describe("a client of a node", () => {
  it.each(["text", 0, null, { a: [1] }, Buffer.from([0, 255])])("writes and reads back %j", async (value) => {
    const version = await client.set("a/b ?#%ü", value, { ttl: "1m", tags: ["x,y", "ü"] });
    const entry = await client.getEntry("a/b ?#%ü");
    expect(entry).toMatchObject({ value, version, exact: true, tags: ["x,y", "ü"] });
    expect(entry?.ttl).toBeGreaterThan(50_000);
  });

  it("tells misses, presence, deletes and conditional writes", async () => {
    expect(await client.getEntry("k")).toBeUndefined();
    expect(await client.exists("k")).toBe(false);
    expect(await client.setNX("k", 1)).toBeGreaterThan(0);
    expect(await client.setNX("k", 2)).toBeUndefined();
    expect(await client.exists("k")).toBe(true);
    expect([await client.delete("k"), await client.delete("k")]).toEqual([true, false]);
    await client.set("k", 1, { ttl: Number.POSITIVE_INFINITY });
    expect((await client.getEntry("k"))?.ttl).toBe(Number.POSITIVE_INFINITY);
  });

  it("counts beyond 2^53", async () => {
    expect(await client.increment("n", 5n)).toBe(5n);
    expect(await client.increment("n", 2n ** 60n, { initial: 7n })).toBe(2n ** 60n + 5n);
    expect((await client.getEntry("n"))?.value).toBe(2n ** 60n + 5n);
  });

  it("works on a namespace", async () => {
    const inner = new NodeClient({ ...node.node, namespace: "shop/eu" });
    await inner.set("k", 1);
    expect(await node.cache.namespace("shop").namespace("eu").get("k")).toBe(1);
    expect(await collect(inner.keys("", 10))).toEqual(["k"]);
    inner.close();
  });

  it("lists by prefix and limit, and can be left early", async () => {
    await node.cache.setMulti(Array.from({ length: 5_000 }, (_, index) => [`key:${index}`, 1] as const));
    expect(await collect(client.keys("key:1", Number.POSITIVE_INFINITY))).toHaveLength(1_111);
    expect(await collect(client.keys("", 3))).toHaveLength(3);
    for await (const key of client.keys("", Number.POSITIVE_INFINITY)) {
      expect(key).toMatch(/^key:/);
      break;
    }
    expect((await client.stats()).keyCount).toBe(5_000);
  });

  it("gives the node's own error as the cause of a refusal", async () => {
    await node.cache.set("text", "x");
    await expect(client.increment("text", 1n)).rejects.toMatchObject({
      code: "GCX_NODE_REQUEST",
      cause: { code: "GCX_COUNTER_TYPE" },
    });
    await expect(client.set("k", 1, { ttl: "soon" })).rejects.toMatchObject({ cause: { code: "GCX_ARGUMENT_TTL" } });
    await expect(client.getEntry("")).rejects.toMatchObject({ cause: { code: "GCX_ARGUMENT_KEY" } });
    await expect(client.getEntry("\ud800")).rejects.toMatchObject({ code: "GCX_ARGUMENT_KEY" });
  });

  it("reads health also when it is down", async () => {
    expect((await client.health()).status).toBe("up");
    await node.cache.close();
    // Within half a second: so long an answer serves everybody who asks.
    await expect.poll(async () => (await client.health()).status, { timeout: 5_000 }).toBe("down");
  });
});

describe("a node that is not there", () => {
  it("is unreachable when nobody listens", async () => {
    await node.node.close();
    await expect(client.getEntry("k")).rejects.toMatchObject({ code: "GCX_NODE_UNREACHABLE" });
    await expect(client.set("k", 1)).rejects.toMatchObject({ code: "GCX_NODE_UNREACHABLE" });
    await expect(collect(client.keys("", 1))).rejects.toMatchObject({ code: "GCX_NODE_UNREACHABLE" });
  });

  it("is unreachable when it takes the connection and says nothing; a write's outcome is unknown", async () => {
    const silent = createTcpServer(() => undefined);
    const port = await portOf(silent);
    const patient = new NodeClient({ host: "127.0.0.1", port, timeoutMs: 100 });
    await expect(patient.stats()).rejects.toMatchObject({
      code: "GCX_NODE_UNREACHABLE",
      message: expect.stringContaining("100 ms"),
    });
    await expect(collect(patient.keys("", 1))).rejects.toMatchObject({ code: "GCX_NODE_UNREACHABLE" });
    await expect(patient.set("k", 1)).rejects.toMatchObject({ code: "GCX_BACKEND_OUTCOME_UNKNOWN" });
    patient.close();
    silent.close();
  });

  it("is told apart from another server", async () => {
    const other = createServer((_request, response) =>
      response.writeHead(404, { "Content-Type": "text/html" }).end("<h1>no</h1>"),
    );
    const wrong = new NodeClient({ host: "127.0.0.1", port: await portOf(other) });
    await expect(wrong.getEntry("k")).rejects.toMatchObject({ code: "GCX_NODE_REQUEST" });
    await expect(wrong.exists("k")).rejects.toMatchObject({ code: "GCX_NODE_REQUEST" });
    await expect(wrong.stats()).rejects.toMatchObject({ code: "GCX_NODE_REQUEST" });
    wrong.close();
    other.close();
  });

  it("has its broken listing reported, not taken for complete", async () => {
    const broken = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "application/x-ndjson" });
      response.write('{"key":"a"}\n', () => response.destroy());
    });
    const reader = new NodeClient({ host: "127.0.0.1", port: await portOf(broken) });
    await expect(collect(reader.keys("", 10))).rejects.toMatchObject({ code: "GCX_NODE_UNREACHABLE" });
    reader.close();
    broken.close();
  });

  it("is asked again on a new connection when a kept one was closed", async () => {
    const answered = createServer((request, response) => {
      response.writeHead(200, { "Content-Type": "application/json" }).end("{}", () => {
        // Closes while the client believes that the connection is kept.
        setTimeout(() => request.socket.destroy(), 20);
      });
    });
    const reader = new NodeClient({ host: "127.0.0.1", port: await portOf(answered) });
    for (let count = 0; count < 10; count += 1) {
      expect(await reader.stats()).toEqual({});
      await new Promise((resolve) => setTimeout(resolve, 18 + (count % 4)));
    }
    reader.close();
    answered.close();
  });
});
