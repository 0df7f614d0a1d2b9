import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { startNode } from "../../src/server/node.ts";
import type { NodeApp } from "../../src/server/node-app.ts";
import { openSocket, startTestNode } from "./node-harness.ts";

const cache: Cache = createCache();
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((node) => node.close()));
});

async function start(options: Omit<Parameters<typeof startNode>[0], "cache">): ReturnType<typeof startNode> {
  const node = await startNode({ cache, ...options });
  opened.push(node);
  return node;
}

describe("listening", () => {
  it.each(["0.0.0.0", "::", "192.168.1.1", "example.com", "127.0.0.1.evil.example", ""])(
    "refuses the host %j and says why",
    async (host) => {
      await expect(start({ host, port: 0 })).rejects.toMatchObject({
        code: "GCX_NODE_LISTEN",
        message: expect.stringContaining("access control"),
      });
    },
  );

  it.each(["localhost", "127.0.0.2"])("listens on %s", async (host) => {
    const node = await start({ host, port: 0 });
    expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
  });

  it("names the port and the remedy when it is busy", async () => {
    const first = await start({ port: 0 });
    await expect(start({ port: first.port })).rejects.toMatchObject({
      code: "GCX_NODE_LISTEN",
      message: expect.stringMatching(new RegExp(`${first.port}.*--any-port`)),
    });
  });

  it("takes one of the following ports when it may", async () => {
    const first = await start({ port: 0 });
    const second = await start({ port: first.port, anyPort: true });
    expect(second.port).not.toBe(first.port);
    expect((await fetch(`${second.url}/healthz`)).status).toBe(200);
  });

  it("takes any port when there is none after a busy one", async () => {
    const blocker = createServer().listen(65_535, "127.0.0.1");
    try {
      await once(blocker, "listening");
      const node = await start({ port: 65_535, anyPort: true });
      expect(node.port).not.toBe(65_535);
    } finally {
      blocker.close();
    }
  });

  it.each([
    { port: -1 },
    { port: 65_536 },
    { port: 1.5 },
    { maxBodyBytes: 0 },
    { closeTimeoutMs: -1 },
    { requestTimeoutMs: 1 },
  ])("refuses %j", async (options) => {
    await expect(start(options)).rejects.toMatchObject({ code: "GCX_ARGUMENT_OPTION" });
  });
});

describe("closing", () => {
  it("waits for running requests, then refuses connections", async () => {
    let answer: (() => void) | undefined;
    const app: NodeApp = (_request, response) => {
      answer = () => response.end("late");
    };
    const node = await start({ port: 0, app });
    const running = fetch(`${node.url}/app/`);
    await expect.poll(() => answer).toBeDefined();
    const closing = node.close();
    await expect(fetch(`${node.url}/healthz`)).rejects.toThrow();
    answer?.();
    const response = await running;
    expect([await response.text(), response.headers.get("connection")]).toEqual(["late", "close"]);
    await closing;
  });

  it("cuts requests that run past the timeout", async () => {
    const node = await start({ port: 0, closeTimeoutMs: 100, app: () => undefined });
    const running = fetch(`${node.url}/app/`).catch((error: unknown) => error);
    const socket = await openSocket(node);
    const begun = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await node.close();
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(await running).toBeInstanceOf(Error);
    socket.destroy();
  });

  it("does not wait for idle, unused or half-open connections", async () => {
    const node = await start({ port: 0, closeTimeoutMs: 30_000 });
    await (await fetch(`${node.url}/healthz`)).text();
    const unused = await openSocket(node);
    const half = await openSocket(node);
    half.write("GET / HT");
    await new Promise((resolve) => setTimeout(resolve, 50));
    const begun = performance.now();
    await Promise.all([node.close(), node.close()]);
    expect(performance.now() - begun).toBeLessThan(2_000);
    unused.destroy();
    half.destroy();
  });

  it("leaves the cache open", async () => {
    const node = await start({ port: 0 });
    await node.close();
    await cache.set("k", 1);
    expect(await cache.get("k")).toBe(1);
  });
});

describe("a client that leaves", () => {
  it("ends the listing that it asked for", async () => {
    let isEnded = false;
    const real = createCache();
    const endless = {
      on: real.on.bind(real),
      stats: real.stats.bind(real),
      keys: async function* () {
        try {
          for (let index = 0; ; index += 1) yield `${index}-${"x".repeat(1_000)}`;
        } finally {
          isEnded = true;
        }
      },
      close: async () => undefined,
    } as unknown as Cache;
    await using node = await startTestNode({ cache: endless });
    const socket = await openSocket(node.node);
    socket.write("GET /v1/keys HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "readable");
    // Not reading: the node has to stop on its own instead of piling the keys up.
    const heapBefore = process.memoryUsage().heapUsed;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isEnded).toBe(false);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(100_000_000);
    socket.destroy();
    await expect.poll(() => isEnded).toBe(true);
  });
});
