import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import type { GrpcTransportOptions } from "../../src/transports/grpc/grpc-transport-options.ts";
import { type FaultProxy, type Faults, startFaultProxy } from "./support/fault-proxy.ts";
import { closeMeshes, eventually, type MeshNode, meshNode } from "./support/grpc-mesh.ts";

const proxies: FaultProxy[] = [];

afterEach(async () => {
  await closeMeshes();
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

const change = (key: string) => ({ kind: "change", key, version: 1, previousHead: undefined }) as const;
const keysOf = ({ messages }: MeshNode): readonly string[] =>
  messages.flatMap(({ message }) => (message.kind === "change" ? [message.key] : []));
const lostStates = (node: MeshNode): number => node.peerEvents.filter(({ state }) => state === "lost").length;

interface Pair {
  /** Dials `listener` through the proxy. */
  readonly dialer: MeshNode;
  readonly listener: MeshNode;
  readonly proxy: FaultProxy;
}

/** Two nodes whose link goes through a proxy. Requests are what the dialer sends. */
async function pairThroughProxy(options: GrpcTransportOptions = {}): Promise<Pair> {
  const fast = { heartbeatMs: 60, dialTimeoutMs: 200, ...options };
  const listener = await meshNode(fast);
  const proxy = await startFaultProxy({ target: { host: "127.0.0.1", port: listener.port } });
  proxies.push(proxy);
  const dialer = await meshNode({ ...fast, peers: [`127.0.0.1:${proxy.port}`] });
  await isLinked(dialer, listener);
  return { dialer, listener, proxy };
}

async function isLinked(first: MeshNode, second: MeshNode): Promise<void> {
  await eventually(() => expect(first.connected()).toEqual([second.transport.nodeId]));
  await eventually(() => expect(second.connected()).toEqual([first.transport.nodeId]));
}

/** Says it until it is heard: a link that looks alive for a moment longer than it is loses what it is given, and tells so. */
async function isHeard(key: string, from: MeshNode, to: MeshNode): Promise<void> {
  await eventually(() => {
    from.transport.broadcast(change(key));
    expect(keysOf(to)).toContain(key);
  });
}

describe("a link through a network that fails", () => {
  it.each<[string, Partial<Faults>]>([
    ["half-open, both ways", { blackHolesRequests: true, blackHolesReplies: true }],
    ["cut from who dialed", { blackHolesRequests: true }],
    ["cut to who dialed", { blackHolesReplies: true }],
  ])("that is %s is given up by both ends, and comes back", async (_, faults) => {
    const { dialer, listener, proxy } = await pairThroughProxy();
    const gapsBefore = [dialer.gaps.length, listener.gaps.length];
    proxy.set(faults);
    await eventually(() => expect(Math.min(lostStates(dialer), lostStates(listener))).toBeGreaterThan(0));
    dialer.transport.broadcast(change("said to nobody"));
    expect(dialer.connected()).toEqual([]);
    proxy.heal();
    await isLinked(dialer, listener);
    await isHeard("after", dialer, listener);
    await isHeard("back", listener, dialer);
    expect(keysOf(listener)).not.toContain("said to nobody");
    // One for the loss, one for the return: whoever has copies proves them anew.
    expect(dialer.gaps.length - (gapsBefore[0] as number)).toBeGreaterThanOrEqual(2);
    expect(listener.gaps.length - (gapsBefore[1] as number)).toBeGreaterThanOrEqual(2);
  });

  it("that was reset comes back at once, and what was lost is told as a gap", async () => {
    const { dialer, listener, proxy } = await pairThroughProxy({ heartbeatMs: 10_000 });
    proxy.resetAll();
    await eventually(() => expect(Math.min(lostStates(dialer), lostStates(listener))).toBeGreaterThan(0));
    await isLinked(dialer, listener);
    await isHeard("after", dialer, listener);
  });

  it("that is slow, late and cut into small pieces loses nothing", async () => {
    const { dialer, listener, proxy } = await pairThroughProxy({ heartbeatMs: 1_000 });
    const gapsBefore = listener.gaps.length;
    proxy.set({ latencyMs: 2, jitterMs: 5, sliceBytes: 700 });
    const keys = Array.from({ length: 3_000 }, (_, place) => `key:${place}`);
    for (const key of keys) dialer.transport.broadcast(change(key));
    await eventually(() => expect(listener.messages.length).toBe(keys.length));
    expect(keysOf(listener)).toEqual(keys);
    expect(listener.gaps.length).toBe(gapsBefore);
  });

  it("that damages bytes breaks, and comes back when it does so no more", async () => {
    const { dialer, listener, proxy } = await pairThroughProxy();
    proxy.set({ corruptionRatio: 1 });
    await eventually(() => expect(lostStates(dialer) + lostStates(listener)).toBeGreaterThan(0));
    proxy.heal();
    // What was damaged may hold the link up until it is given up for silence.
    await isLinked(dialer, listener);
    await isHeard("after", dialer, listener);
  });

  it("that resets again and again loses no more than it tells", async () => {
    const { dialer, listener, proxy } = await pairThroughProxy();
    proxy.set({ chunksPerReset: 10 });
    let sent = 0;
    await eventually(() => {
      dialer.transport.broadcast(change(`key:${sent}`));
      sent += 1;
      expect(proxy.resetCount()).toBeGreaterThan(8);
    });
    proxy.heal();
    await isLinked(dialer, listener);
    await isHeard("last", dialer, listener);
    const heard = keysOf(listener).filter((key) => key !== "last");
    expect(new Set(heard).size).toBe(heard.length);
    const isLossy = heard.length < sent;
    const gapCount = listener.gaps.filter((from) => from === dialer.transport.nodeId).length;
    expect(isLossy ? gapCount : Number.POSITIVE_INFINITY).toBeGreaterThan(1);
  });
});

describe("a node that does not read", () => {
  it("costs a bounded queue, and hears that everything may have changed", async () => {
    const bounds = { maxQueuedCount: 1_000, maxQueuedBytes: 1_048_576 };
    const { dialer, listener, proxy } = await pairThroughProxy({ heartbeatMs: 20_000, ...bounds });
    proxy.set({ blackHolesRequests: true });
    const padding = "x".repeat(1_000);
    let sentCount = 0;
    let mostQueued = 0;
    // Until the buffers of every layer are full, and the queue has collapsed twice.
    for (let turn = 0; turn < 60; turn += 1) {
      for (let place = 0; place < 500; place += 1) dialer.transport.broadcast(change(`${sentCount++}:${padding}`));
      mostQueued = Math.max(mostQueued, dialer.transport.peers()[0]?.queuedCount ?? 0);
      await new Promise(setImmediate);
    }
    expect(mostQueued).toBeLessThanOrEqual(1_000);
    expect(mostQueued).toBeGreaterThan(100);
    dialer.transport.send(listener.transport.nodeId, { kind: "ack-ask", id: 1, key: "k", version: 1 });
    proxy.heal();
    await eventually(() => expect(listener.messages.at(-1)?.message.kind).toBe("ack-ask"));
    const kinds = listener.messages.map(({ message }) => message.kind);
    expect(kinds).toContain("unknown");
    expect(keysOf(listener).length).toBeLessThan(sentCount);
    // Whatever was not heard was said before the last "everything may have changed".
    const heard = keysOf(listener).map((key) => Number.parseInt(key, 10));
    const afterUnknown = kinds.slice(kinds.lastIndexOf("unknown")).filter((kind) => kind === "change").length;
    const tail = heard.slice(heard.length - afterUnknown);
    expect(tail).toEqual(Array.from({ length: afterUnknown }, (_, place) => sentCount - afterUnknown + place));
    expect(dialer.connected()).toEqual([listener.transport.nodeId]);
  });

  it("hears which shards were changed up to which head, where those who tell say it, and of no other", async () => {
    const bounds = { maxQueuedCount: 1_000, maxQueuedBytes: 1_048_576 };
    const { dialer, listener, proxy } = await pairThroughProxy({ heartbeatMs: 20_000, ...bounds });
    proxy.set({ blackHolesRequests: true });
    const padding = "x".repeat(1_000);
    const versions = new Map<number, number>();
    const heads = new Map<number, number>();
    let version = 0;
    for (let turn = 0; turn < 60; turn += 1) {
      for (let place = 0; place < 500; place += 1) {
        version += 1;
        const shard = version % 8;
        versions.set(shard, version);
        const told = { kind: "change", key: `${version}:${padding}`, version, previousHead: undefined } as const;
        dialer.transport.broadcast({ ...told, home: { shard, shardCount: 64 } });
      }
      await new Promise(setImmediate);
    }
    dialer.transport.send(listener.transport.nodeId, { kind: "ack-ask", id: 1, key: "k", version: 1 });
    proxy.heal();
    await eventually(() => expect(listener.messages.at(-1)?.message.kind).toBe("ack-ask"));
    const kinds = new Set(listener.messages.map(({ message }) => message.kind));
    expect(kinds).toEqual(new Set(["change", "dirty", "ack-ask"]));
    let heardCount = 0;
    for (const { message } of listener.messages) {
      if (message.kind === "dirty") {
        expect(message.shardCount).toBe(64);
        for (const { shard, head } of message.shards) heads.set(shard, Math.max(head ?? 0, heads.get(shard) ?? 0));
      } else if (message.kind === "change") {
        heardCount += 1;
        const shard = (message.version as number) % 8;
        heads.set(shard, Math.max(message.version as number, heads.get(shard) ?? 0));
      }
    }
    expect(heardCount).toBeLessThan(version);
    expect(new Map([...heads].sort())).toEqual(new Map([...versions].sort()));
  });
});

describe("an address where nobody answers", () => {
  let server: Server | undefined;
  const sockets = new Set<Socket>();

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    server = undefined;
  });

  async function listen(onSocket: (socket: Socket) => void): Promise<string> {
    const own = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
      onSocket(socket);
    });
    server = own;
    await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(own.address() as { readonly port: number }).port}`;
  }

  it("is given up at the deadline of the dial, its socket with it, and dialed again after a pause", async () => {
    let acceptedCount = 0;
    let mostOpen = 0;
    const address = await listen((socket) => {
      acceptedCount += 1;
      mostOpen = Math.max(mostOpen, sockets.size);
      socket.resume();
    });
    const node = await meshNode({ peers: [address], dialTimeoutMs: 60, reconnect: { minMs: 10, maxMs: 20 } });
    await eventually(() => expect(acceptedCount).toBeGreaterThan(4));
    expect(mostOpen).toBeLessThanOrEqual(2);
    expect(node.notices).toEqual([expect.objectContaining({ state: "lost", node: address })]);
    expect(node.notices[0]).toMatchObject({ error: { message: "no answer within 60 ms" } });
    expect(node.peerEvents).toEqual([]);
    await node.transport.close();
    await eventually(() => expect(sockets.size).toBe(0));
  });

  it("is awaited by who looks for others until the dial's time is over, and not known to be away then", async () => {
    const unheard = { onLetter: () => undefined, onGap: () => undefined, onPeers: () => undefined };
    const address = await listen((socket) => socket.resume());
    const node = await meshNode({ peers: [address], dialTimeoutMs: 500, reconnect: { minMs: 60_000, maxMs: 60_000 } });
    const mail = node.transport.openMail(unheard);
    await eventually(() => expect(mail.search()).toBe("answer-due"));
    await eventually(() => expect(mail.search()).toBe("silent"));
    // Where nobody listens, that is known.
    const other = await meshNode({ peers: [`127.0.0.1:${await findFreePort()}`] });
    const otherMail = other.transport.openMail(unheard);
    await eventually(() => expect(otherMail.search()).toBe("over"));
    await other.transport.close();
    expect(otherMail.search()).toBe("unopened");
  });

  it("is no place to wait at either: who connects and says nothing is sent away", async () => {
    const node = await meshNode({ heartbeatMs: 50 });
    const silent = connect(node.port, "127.0.0.1").resume();
    const isClosed = new Promise((resolve) => silent.once("close", resolve));
    silent.on("error", () => undefined);
    await isClosed;
    expect(node.peerEvents).toEqual([]);
  });

  it("is told of once when something else listens there", async () => {
    const address = await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const node = await meshNode({ peers: [address] });
    await eventually(() => expect(node.transport.peers()).toEqual([expect.objectContaining({ state: "lost" })]));
    await eventually(() => expect(node.notices.length).toBe(1));
    expect(node.notices[0]).toMatchObject({ kind: "connection", state: "lost", node: address });
  });
});
