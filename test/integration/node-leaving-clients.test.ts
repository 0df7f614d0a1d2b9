import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { openSocket, type RunningNode, startTestNode } from "./node-harness.ts";
import { cacheWith, lockingLate } from "./support/cache-with.ts";

/** More than a connection takes that nobody reads. */
const LARGE_BYTES = 50 * 1024 * 1024;
const LOCK = { ttl: "1m", wait: "10s" } as const;

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

function acquire(name: string): string {
  const body = '{"ttl":"1m"}';
  const head = `POST /v1/locks/${name}/acquire HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json`;
  return `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Sends requests that no answer is waited for between, behind one for a value that is not read. */
async function sendBehindLarge(node: RunningNode, ...requests: readonly string[]): Promise<Socket> {
  await node.cache.set("large", Buffer.alloc(LARGE_BYTES, 1));
  const socket = await openSocket(node.node);
  socket.write([get("/v1/keys/large"), ...requests].join(""));
  await once(socket, "readable");
  return socket;
}

/** The node's ends of connections by the port of the client, as requests come over them. */
function watchSockets(): Disposable & ReadonlyMap<number | undefined, Socket> {
  const sockets = new Map<number | undefined, Socket>();
  const note = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    sockets.set(socket.remotePort, socket);
  };
  subscribe("http.server.request.start", note);
  return Object.assign(sockets, { [Symbol.dispose]: () => void unsubscribe("http.server.request.start", note) });
}

/** Waits until the system knows that the other end was reset, without letting the event loop know of it. */
function waitForReset(socket: Socket | undefined): void {
  const { _handle: handle } = socket as unknown as { _handle: { getpeername(out: object): number } };
  const until = performance.now() + 5_000;
  while (handle.getpeername({}) === 0) if (performance.now() > until) throw new Error("It was not reset.");
}

async function leave(socket: Socket): Promise<void> {
  socket.destroy();
  await once(socket, "close");
}

describe("a client that leaves before the answers to several requests", () => {
  it("takes no place of the node any more, for those whose turn had not come either", async () => {
    await using node = await startTestNode({ maxRunningRequests: 3, closeTimeoutMs: 60_000 });
    const socket = await sendBehindLarge(node, get("/v1/keys/a"), get("/v1/keys/b"));
    expect((await node.ask("/v1/keys/a")).status).toBe(503);
    await leave(socket);
    // As many as there may be at a time: one that was still counted would keep one of them out.
    await node.cache.lock("held", { ttl: "1m" });
    const three = () => Promise.all([1, 2, 3].map(() => node.post("/v1/locks/held/acquire", { ttl: "1m", wait: 100 })));
    await expect.poll(async () => (await three()).map(({ status }) => status)).toEqual([409, 409, 409]);
    // Closing waits for what runs, which is nothing.
    const startedAt = performance.now();
    await node.node.close();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it("keeps no lock that it was not told of", async () => {
    await using node = await startTestNode();
    const socket = await sendBehindLarge(node, acquire("job"));
    await expect(node.cache.lock("job", { ttl: "1m" })).rejects.toThrow("still held");
    await leave(socket);
    await node.cache.lock("job", LOCK);
  });
});

describe("a client that leaves in the moment in which a lock is given to it", () => {
  it("does not keep it", async () => {
    const cache = createCache();
    await using node = await startTestNode({ cache: lockingLate(cache) });
    const socket = await openSocket(node.node);
    socket.write(acquire("job"));
    // Answered after the request before it was carried out as far as it goes.
    await node.ask("/v1/stats");
    await expect(cache.lock("job", { ttl: "1m" })).rejects.toThrow("still held");
    await leave(socket);
    await cache.lock("job", LOCK);
    expect(node.errors).toEqual([]);
  });

  it("does not keep it when the node learns that it has left by the answer only", async () => {
    const cache = createCache();
    let give: () => void = () => undefined;
    const given = new Promise<void>((resolve) => {
      give = resolve;
    });
    const lock: Cache["lock"] = async (name, options) => {
      const taken = await cache.lock(name, options);
      await given;
      return taken;
    };
    await using node = await startTestNode({ cache: cacheWith(cache, { lock }) });
    using watched = watchSockets();
    const socket = await openSocket(node.node);
    socket.write(acquire("job"));
    await node.ask("/v1/stats");
    await expect(cache.lock("job", { ttl: "1m" })).rejects.toThrow("still held");
    // The answer is written in the step in which the connection was reset: nothing was read from it since.
    const { localPort } = socket;
    socket.once("close", () => {
      waitForReset(watched.get(localPort));
      give();
    });
    socket.resetAndDestroy();
    await cache.lock("job", LOCK);
    expect(node.errors).toEqual([]);
  });
});
