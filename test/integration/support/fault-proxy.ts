import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { findFreePort } from "../../../scripts/servers/free-port.ts";
import { createSeededRandom, type RandomSource } from "../../../src/foundation/random-source.ts";

/** What goes wrong on the way. All can change while connections are open; zero and false are a healthy network. */
export interface Faults {
  /** Delay of every chunk in each direction. */
  latencyMs: number;
  /** Up to this much more delay, chosen anew for every chunk. */
  jitterMs: number;
  /** Share of the connections that black holes concern, each by a lot that it draws when it opens; 1 is all. */
  affectedRatio: number;
  /** Which connections black holes concern besides: those on which the client has subscribed to something, those on which it has not, or both. */
  heldConnections: "all" | "subscribed" | "others";
  /** Hold what the client sends; the connection stays open, half-open one way. */
  blackHolesRequests: boolean;
  /** Hold what the server sends; the connection stays open, half-open the other way. */
  blackHolesReplies: boolean;
  /** Reset new connections at once. */
  refusesConnections: boolean;
  /** Bytes per second in each direction; 0 is unlimited. */
  bandwidthBytes: number;
  /** Cut chunks into pieces of this size, each in a turn of its own; 0 leaves them. */
  sliceBytes: number;
  /** Probability that a byte of a chunk is flipped. */
  corruptionRatio: number;
  /** Let so many bytes of replies through on each connection, counted from when this was set, then reset it; `Infinity` never does. */
  replyBytesUntilReset: number;
  /** What comes instead of everything that the server sends: a zero byte, noise of the same length, a line's end. */
  replacesReplies: boolean;
  /**
   * Reset a connection at one chunk of so many on average, in either direction; 0 never does. Half of the resets come before the chunk,
   * which is then lost, and half after it: then the server gets a request that its client takes for lost.
   */
  chunksPerReset: number;
}

/** A TCP proxy in front of one server that breaks the network on request. */
export interface FaultProxy {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** The faults in force; change them through {@link FaultProxy.set}. */
  readonly faults: Readonly<Faults>;
  /** Changes some faults and leaves the others. */
  set(faults: Partial<Faults>): void;
  /** Connections open right now. */
  connectionCount(): number;
  /** Connections that faults of the proxy have reset so far. */
  resetCount(): number;
  /** Takes back every fault. */
  heal(): void;
  /** Resets every open connection (RST, as a crashed machine's router does). */
  resetAll(): void;
  /** Ends every connection and listens no more: nobody is at the port, as when a server is down. */
  goDown(): Promise<void>;
  /** Listens at the port again. */
  comeUp(): Promise<void>;
  /** Ends every connection and stops listening. */
  stop(): Promise<void>;
}

/** Where the proxy leads to. */
export interface FaultProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Seed of everything that is random. Default 1. */
  readonly seed?: number | undefined;
}

const HEALTHY: Faults = {
  latencyMs: 0,
  jitterMs: 0,
  affectedRatio: 1,
  heldConnections: "all",
  blackHolesRequests: false,
  blackHolesReplies: false,
  refusesConnections: false,
  bandwidthBytes: 0,
  sliceBytes: 0,
  corruptionRatio: 0,
  replyBytesUntilReset: Number.POSITIVE_INFINITY,
  replacesReplies: false,
  chunksPerReset: 0,
};

/** Another process may take the port first. */
const MAX_LISTEN_ATTEMPTS = 3;
/** How often a held chunk looks whether it may go on. */
const HOLD_POLL_MS = 5;
/** A limited direction sends a hundredth of its second's budget at a time. */
const BANDWIDTH_STEPS_PER_SECOND = 100;

/** One client's connection and the one that the proxy opened for it. */
interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  /** See {@link Faults.affectedRatio}. */
  readonly lot: number;
  /** Whether the client has sent SUBSCRIBE. */
  isSubscribed: boolean;
  /** Bytes of replies that may still pass; see {@link Faults.replyBytesUntilReset}. */
  replyBytesLeft: number;
}

/** What all directions of a proxy share. */
interface ProxyState {
  readonly faults: Faults;
  readonly random: RandomSource;
  /** Apart from all else that is random, so that new connections do not change what happens to the others. */
  readonly lots: RandomSource;
  readonly pairs: Set<Pair>;
  resetCount: number;
}

/** Starts a proxy on a loopback port. */
export async function startFaultProxy({ target, seed = 1 }: FaultProxyOptions): Promise<FaultProxy> {
  const state: ProxyState = {
    faults: { ...HEALTHY },
    random: createSeededRandom(seed),
    lots: createSeededRandom(seed),
    pairs: new Set(),
    resetCount: 0,
  };
  const { faults, pairs } = state;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (faults.refusesConnections) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true });
    client.setNoDelay();
    const own = { lot: state.lots.next(), isSubscribed: false, replyBytesLeft: faults.replyBytesUntilReset };
    const pair: Pair = { client, upstream, ...own };
    pairs.add(pair);
    client.once("close", () => pairs.delete(pair));
    pump(client, upstream, (chunk) => carryChunk(chunk, "request", pair, state));
    pump(upstream, client, (chunk) => carryChunk(chunk, "reply", pair, state));
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  const port = await listenSomewhere(listen);
  const set = (changes: Partial<Faults>): void => {
    Object.assign(faults, changes);
    if (changes.replyBytesUntilReset === undefined) return;
    for (const pair of pairs) pair.replyBytesLeft = changes.replyBytesUntilReset;
  };
  return {
    host: "127.0.0.1",
    port,
    faults,
    set,
    heal: () => set(HEALTHY),
    connectionCount: () => pairs.size,
    resetCount: () => state.resetCount,
    resetAll: () => {
      for (const { client, upstream } of pairs) {
        client.resetAndDestroy();
        upstream.destroy();
      }
    },
    goDown: () => stopProxy(server, pairs),
    comeUp: () => listen(port),
    stop: () => stopProxy(server, pairs),
  };
}

/** At a port to which it can come back: no other connection is given it while it is down. */
async function listenSomewhere(listen: (port: number) => Promise<void>): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    try {
      await listen(port);
      return port;
    } catch (error) {
      if (attempt === MAX_LISTEN_ATTEMPTS) throw error;
    }
  }
}

function stopProxy(server: Server, pairs: ReadonlySet<Pair>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const { client, upstream } of pairs) {
      client.destroy();
      upstream.destroy();
    }
  });
}

/** Carries one direction. Chunks keep their order: each waits for the one before, and reading pauses meanwhile. */
function pump(source: Socket, target: Socket, carry: (chunk: Buffer) => Promise<void>): void {
  let carried: Promise<void> = Promise.resolve();
  source.on("data", (chunk) => {
    source.pause();
    carried = carried.then(async () => {
      await carry(chunk);
      if (!source.destroyed) source.resume();
    });
  });
  source.on("end", () => void carried.then(() => target.end()));
  source.on("error", () => target.destroy());
  source.on("close", () => void carried.then(() => target.destroy()));
}

type Direction = "request" | "reply";

async function carryChunk(chunk: Buffer, direction: Direction, pair: Pair, state: ProxyState): Promise<void> {
  const { faults, random } = state;
  const isReply = direction === "reply";
  const target = isReply ? pair.client : pair.upstream;
  const isOver = (): boolean => pair.client.destroyed || pair.upstream.destroyed;
  const isHeld = (): boolean =>
    (isReply ? faults.blackHolesReplies : faults.blackHolesRequests) &&
    pair.lot < faults.affectedRatio &&
    (faults.heldConnections === "all" || (faults.heldConnections === "subscribed") === pair.isSubscribed);
  if (!isReply && (chunk.includes("subscribe") || chunk.includes("SUBSCRIBE"))) pair.isSubscribed = true;
  while (isHeld() && !isOver()) await delay(HOLD_POLL_MS);
  const waitMs = faults.latencyMs + random.next() * faults.jitterMs;
  if (waitMs > 0) await delay(waitMs);
  const reset = chooseReset(state);
  if (reset === "before") return resetPair(pair, state);
  const bytes = damage(chunk, isReply && faults.replacesReplies, state);
  await sendPaced(isReply ? bytes.subarray(0, pair.replyBytesLeft) : bytes, target, faults);
  if (isReply) pair.replyBytesLeft -= bytes.length;
  if (reset === "after" || pair.replyBytesLeft < 0) resetPair(pair, state);
}

/** Whether and when a chunk's connection is reset; see {@link Faults.chunksPerReset}. */
function chooseReset({ faults, random }: ProxyState): "before" | "after" | undefined {
  if (faults.chunksPerReset === 0 || random.next() * faults.chunksPerReset >= 1) return undefined;
  return random.next() < 0.5 ? "before" : "after";
}

/** The client sees a reset. What the server was sent it gets: that is what makes a lost reply different from a lost request. */
function resetPair({ client, upstream }: Pair, state: ProxyState): void {
  if (client.destroyed) return;
  state.resetCount += 1;
  client.resetAndDestroy();
  upstream.end();
}

async function sendPaced(bytes: Buffer, target: Socket, { bandwidthBytes, sliceBytes }: Faults): Promise<void> {
  const budgetBytes = Math.max(1, Math.floor(bandwidthBytes / BANDWIDTH_STEPS_PER_SECOND));
  const stepBytes = sliceBytes > 0 ? sliceBytes : bandwidthBytes > 0 ? budgetBytes : bytes.length;
  for (let offset = 0; offset < bytes.length && !target.destroyed; offset += stepBytes) {
    target.write(bytes.subarray(offset, offset + stepBytes));
    if (bandwidthBytes > 0) await delay((stepBytes / bandwidthBytes) * 1_000);
    else if (sliceBytes > 0) await nextTurn();
  }
}

function damage(chunk: Buffer, isReplaced: boolean, { faults, random }: ProxyState): Buffer {
  if (isReplaced) return noise(chunk.length, random);
  if (faults.corruptionRatio === 0 || random.next() >= faults.corruptionRatio) return chunk;
  const copy = Buffer.from(chunk);
  const position = Math.floor(random.next() * copy.length);
  copy[position] = (copy[position] as number) ^ 0xff;
  return copy;
}

/** Bytes that no protocol of these servers begins with, and that are a whole line for one that reads lines. */
function noise(length: number, random: RandomSource): Buffer {
  const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random.next() * 256)));
  return Buffer.concat([Buffer.of(0), bytes, Buffer.from("\r\n")]);
}
