import { once } from "node:events";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheHealth } from "../../src/cache/health.ts";
import { createCache } from "../../src/create-cache.ts";
import { openSocket, problemIn, startTestNode } from "./node-harness.ts";
import { cacheWith } from "./support/cache-with.ts";
import { collectGarbage } from "./support/collect-garbage.ts";

const MIB = 1024 * 1024;

/** Descriptors that this process may have beside those of the test. */
const SPARE_DESCRIPTOR_COUNT = 1_000;

async function descriptorLimit(): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1_024);
}

describe("a node with more to do than it may", () => {
  it("answers 503 with Retry-After, and probes all the same", async () => {
    await using node = await startTestNode({ maxRunningRequests: 2 });
    await node.cache.lock("taken", { ttl: "5m" });
    const leave = new AbortController();
    const waiting = [1, 2].map(() =>
      node.ask("/v1/locks/taken/acquire", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: '{"ttl":"1m","wait":"1m"}',
        signal: leave.signal,
      }),
    );
    for (const request of waiting) request.catch(() => undefined);
    await expect.poll(async () => (await node.ask("/v1/keys/a")).status).toBe(503);
    const busy = await node.put("/v1/keys/a", 1);
    expect([busy.status, busy.headers.get("retry-after"), (await problemIn(busy)).detail]).toEqual([
      503,
      "1",
      expect.stringContaining("maxRunningRequests"),
    ]);
    expect((await node.ask("/healthz")).status).toBe(200);
    expect((await node.ask("/readyz")).status).toBe(200);
    leave.abort();
    await expect.poll(async () => (await node.put("/v1/keys/a", 1)).status).toBe(200);
  });

  it("lets slow senders hold no place, and bounds what their bodies take", async () => {
    await using node = await startTestNode({ maxRunningRequests: 1, maxBodyBytes: 1_000, maxUploadBytes: 1_000 });
    const slow = await openSocket(node.node);
    const head = "PUT /v1/keys/slow HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n";
    slow.write(`${head}Content-Length: 901\r\n\r\n${"x".repeat(900)}`);
    const octets = { method: "PUT", headers: { "Content-Type": "application/octet-stream" } };
    await expect
      .poll(async () => (await node.ask("/v1/keys/b", { ...octets, body: "y".repeat(200) })).status)
      .toBe(503);
    expect((await node.ask("/v1/keys/b", { ...octets, body: "y".repeat(100) })).status).toBe(200);
    slow.write("x");
    const [answer] = (await once(slow, "data")) as [Buffer];
    expect(answer.toString("latin1")).toMatch(/^HTTP\/1\.1 200 /);
    expect((await node.ask("/v1/keys/b", { ...octets, body: "y".repeat(1_000) })).status).toBe(200);
    slow.destroy();
  });
});

describe("idle connections", () => {
  it("keep nobody out: the one that has been idle longest is closed for a new one", async () => {
    await using node = await startTestNode({ maxConnectionCount: 10, app: () => undefined });
    const busy = await openSocket(node.node);
    busy.write("GET /app/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const sockets: Socket[] = [];
    let closedCount = 0;
    for (let count = 0; count < 30; count += 1) {
      const socket = await openSocket(node.node);
      socket.once("end", () => (closedCount += 1));
      socket.once("close", () => undefined);
      sockets.push(socket);
    }
    expect((await node.ask("/healthz")).status).toBe(200);
    await expect.poll(() => closedCount).toBeGreaterThan(15);
    // The one that is being answered was opened first, and stays.
    expect([busy.destroyed, busy.readableEnded]).toEqual([false, false]);
    for (const socket of [busy, ...sockets]) socket.destroy();
  });

  it("are ten thousand while others are answered", { timeout: 60_000 }, async (context) => {
    // Both ends are in this process.
    const wanted = 10_000;
    const possible = Math.floor(((await descriptorLimit()) - SPARE_DESCRIPTOR_COUNT) / 2);
    const count = Math.min(wanted, possible);
    if (count < wanted) {
      await context.annotate(
        `This process may open ${possible * 2} descriptors beside its own: ${count} idle connections.`,
      );
      console.log(`idle connections: ${count} of ${wanted}, by the limit of open files`);
    }
    await using node = await startTestNode({ headersTimeoutMs: 60_000 });
    const sockets: Socket[] = [];
    while (sockets.length < count) {
      const batch = Math.min(500, count - sockets.length);
      sockets.push(...(await Promise.all(Array.from({ length: batch }, () => openSocket(node.node)))));
    }
    const begun = performance.now();
    for (let at = 0; at < 20; at += 1) expect((await node.put(`/v1/keys/${at}`, at)).status).toBe(200);
    expect(performance.now() - begun).toBeLessThan(10_000);
    for (const socket of sockets) socket.destroy();
  });
});

describe("health of a cache that hangs", () => {
  function hanging(): { cache: Cache; asked: () => number; answer: (health: CacheHealth) => void } {
    const real = createCache();
    let askedCount = 0;
    let answer: (health: CacheHealth) => void = () => undefined;
    const health = (): Promise<CacheHealth> => {
      askedCount += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    return { cache: cacheWith(real, { health }), asked: () => askedCount, answer: (given) => answer(given) };
  }

  it("is asked about once, answered in time, and believed again when it answers", async () => {
    const { cache, asked, answer } = hanging();
    await using node = await startTestNode({ cache, healthTimeoutMs: 200 });
    const probes = await Promise.all(Array.from({ length: 50 }, () => node.ask("/readyz")));
    expect(new Set(probes.map(({ status }) => status))).toEqual(new Set([503]));
    expect(await (await node.ask("/readyz")).text()).toBe("down");
    expect((await node.ask("/v1/health")).status).toBe(503);
    expect((await node.ask("/healthz")).status).toBe(200);
    expect(asked()).toBe(1);
    answer({ status: "up", checks: [{ name: "store", status: "up", latencyMs: 1 }] });
    await expect.poll(async () => (await node.ask("/readyz")).status).toBe(200);
    expect(asked()).toBe(1);
  });
});

describe("large values", () => {
  const SIZE_BYTES = 50 * MIB;

  /** Most memory outside and inside the heap while something runs, above what there was before, in MiB. */
  async function peakMib(run: () => Promise<void>): Promise<number> {
    collectGarbage();
    const used = (): number => {
      const { heapUsed, external } = process.memoryUsage();
      return (heapUsed + external) / MIB;
    };
    const before = used();
    let peak = before;
    const timer = setInterval(() => {
      peak = Math.max(peak, used());
    }, 25);
    try {
      await run();
    } finally {
      clearInterval(timer);
    }
    return peak - before;
  }

  async function readSlowly(socket: Socket, byteCount: number): Promise<void> {
    let readBytes = 0;
    for await (const chunk of socket) {
      readBytes += (chunk as Buffer).byteLength;
      if (readBytes >= byteCount) return;
    }
    throw new Error(`The answer ended after ${readBytes} bytes.`);
  }

  it("are sent to slow readers from where they lie, whatever their number", { timeout: 60_000 }, async () => {
    await using node = await startTestNode();
    await node.cache.set("bytes", Buffer.alloc(SIZE_BYTES, 1));
    const sockets = await Promise.all(Array.from({ length: 8 }, () => openSocket(node.node)));
    const peak = await peakMib(async () => {
      for (const socket of sockets) socket.write("GET /v1/keys/bytes HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await Promise.all(sockets.map((socket) => readSlowly(socket, 4 * MIB)));
    });
    // Eight readers of 50 MiB would be 400.
    expect(peak).toBeLessThan(100);
    for (const socket of sockets) socket.destroy();

    // Both would not fit into the memory of a cache.
    await node.cache.set("text", "x".repeat(SIZE_BYTES));
    const reader = await openSocket(node.node);
    const textPeak = await peakMib(async () => {
      reader.write("GET /v1/keys/text HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await readSlowly(reader, 4 * MIB);
    });
    // The text of the answer is there once; as bytes it would be there twice, and the flattening would make it thrice.
    expect(textPeak).toBeLessThan(2.2 * (SIZE_BYTES / MIB));
    reader.destroy();
  });

  it("arrive whole, and are stored once", { timeout: 60_000 }, async () => {
    await using node = await startTestNode({ maxBodyBytes: 64 * MIB });
    const body = Buffer.alloc(SIZE_BYTES, "é");
    // By a socket: fetch copies a body before it sends it, and that would count as well.
    const sender = await openSocket(node.node);
    const peak = await peakMib(async () => {
      const head = "PUT /v1/keys/b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n";
      sender.write(`${head}Content-Length: ${SIZE_BYTES}\r\n\r\n`);
      sender.write(body);
      const [answer] = (await once(sender, "data")) as [Buffer];
      expect(answer.toString("latin1")).toMatch(/^HTTP\/1\.1 200 /);
    });
    sender.destroy();
    expect(peak).toBeLessThan(2.5 * (SIZE_BYTES / MIB));
    expect(((await node.cache.get("b")) as Buffer).equals(body)).toBe(true);
    await node.cache.set("text", `${"é🚀".repeat(500_000)}`);
    const socket = await openSocket(node.node);
    socket.write("GET /v1/keys/text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const answer = await text(socket);
    expect(answer.slice(answer.indexOf("\r\n\r\n") + 4)).toBe(JSON.stringify("é🚀".repeat(500_000)));
    socket.destroy();
  });

  it("arrive whole also when the node is closed meanwhile", async () => {
    await using node = await startTestNode();
    await node.cache.set("bytes", Buffer.alloc(SIZE_BYTES, 1));
    const socket = await openSocket(node.node);
    socket.write("GET /v1/keys/bytes HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "readable");
    const closing = node.node.close();
    let readBytes = 0;
    for await (const chunk of socket) readBytes += (chunk as Buffer).byteLength;
    expect(readBytes).toBeGreaterThan(SIZE_BYTES);
    await closing;
  });

  it("are not waited for where the client reads nothing", async () => {
    await using node = await startTestNode({ stallTimeoutMs: 1_000 });
    await node.cache.set("bytes", Buffer.alloc(SIZE_BYTES, 1));
    const socket = await openSocket(node.node, "GET /v1/keys/bytes HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // The answer has begun, and nothing of it is taken.
    await once(socket, "readable");
    // Closing waits ten seconds for running answers; this one is cut long before.
    await expect.poll(() => node.node.close().then(() => true), { timeout: 3_500 }).toBe(true);
    socket.destroy();
  });
});
