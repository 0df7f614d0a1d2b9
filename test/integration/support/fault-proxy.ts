import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { createSeededRandom, type RandomSource } from "../../../src/foundation/random-source.ts";

/** What goes wrong on the way. All can change while connections are open; zero and false are a healthy network. */
export interface Faults {
  /** Delay of every chunk in each direction. */
  latencyMs: number;
  /** Up to this much more delay, chosen anew for every chunk. */
  jitterMs: number;
  /** Hold what the client sends; the connection stays open. */
  blackHolesRequests: boolean;
  /** Hold what the server sends; the connection stays open. */
  blackHolesReplies: boolean;
  /** Reset new connections at once. */
  refusesConnections: boolean;
  /** Bytes per second in each direction; 0 is unlimited. */
  bandwidthBytes: number;
  /** Cut chunks into pieces of this size, each in a turn of its own; 0 leaves them. */
  sliceBytes: number;
  /** Probability that a byte of a chunk is flipped. */
  corruptionRatio: number;
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
  /** Resets every open connection (RST, as a crashed machine's router does). */
  resetAll(): void;
  /** Ends every connection and stops listening. */
  stop(): Promise<void>;
}

/** Where the proxy leads to. */
export interface FaultProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Seed of jitter and corruption. Default 1. */
  readonly seed?: number | undefined;
}

const HEALTHY: Faults = {
  latencyMs: 0,
  jitterMs: 0,
  blackHolesRequests: false,
  blackHolesReplies: false,
  refusesConnections: false,
  bandwidthBytes: 0,
  sliceBytes: 0,
  corruptionRatio: 0,
};

/** How often a held chunk looks whether it may go on. */
const HOLD_POLL_MS = 5;
/** A limited direction sends a hundredth of its second's budget at a time. */
const BANDWIDTH_STEPS_PER_SECOND = 100;

/** Starts a proxy on a free loopback port. */
export async function startFaultProxy({ target, seed = 1 }: FaultProxyOptions): Promise<FaultProxy> {
  const faults: Faults = { ...HEALTHY };
  const random = createSeededRandom(seed);
  const pairs = new Set<readonly [client: Socket, upstream: Socket]>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (faults.refusesConnections) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay();
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.once("close", () => pairs.delete(pair));
    pump(client, upstream, faults, () => faults.blackHolesRequests, random);
    pump(upstream, client, faults, () => faults.blackHolesReplies, random);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    faults,
    set: (changes) => void Object.assign(faults, changes),
    connectionCount: () => pairs.size,
    resetAll: () => {
      for (const [client, upstream] of pairs) {
        client.resetAndDestroy();
        upstream.destroy();
      }
    },
    stop: () => stopProxy(server, pairs),
  };
}

function stopProxy(server: Server, pairs: ReadonlySet<readonly [Socket, Socket]>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  });
}

/** Carries one direction. Chunks keep their order: each waits for the one before, and reading pauses meanwhile. */
function pump(source: Socket, target: Socket, faults: Faults, isHeld: () => boolean, random: RandomSource): void {
  let carried: Promise<void> = Promise.resolve();
  source.on("data", (chunk) => {
    source.pause();
    carried = carried.then(async () => {
      await carryChunk(chunk, source, target, faults, isHeld, random);
      if (!source.destroyed) source.resume();
    });
  });
  source.on("end", () => void carried.then(() => target.end()));
  source.on("error", () => target.destroy());
  source.on("close", () => void carried.then(() => target.destroy()));
}

async function carryChunk(
  chunk: Buffer,
  source: Socket,
  target: Socket,
  faults: Faults,
  isHeld: () => boolean,
  random: RandomSource,
): Promise<void> {
  while (isHeld() && !source.destroyed && !target.destroyed) await delay(HOLD_POLL_MS);
  const waitMs = faults.latencyMs + random.next() * faults.jitterMs;
  if (waitMs > 0) await delay(waitMs);
  const bytes = corrupt(chunk, faults.corruptionRatio, random);
  const { bandwidthBytes, sliceBytes } = faults;
  const budgetBytes = Math.max(1, Math.floor(bandwidthBytes / BANDWIDTH_STEPS_PER_SECOND));
  const stepBytes = sliceBytes > 0 ? sliceBytes : bandwidthBytes > 0 ? budgetBytes : bytes.length;
  for (let offset = 0; offset < bytes.length && !target.destroyed; offset += stepBytes) {
    target.write(bytes.subarray(offset, offset + stepBytes));
    if (bandwidthBytes > 0) await delay((stepBytes / bandwidthBytes) * 1_000);
    else if (sliceBytes > 0) await nextTurn();
  }
}

function corrupt(chunk: Buffer, ratio: number, random: RandomSource): Buffer {
  if (ratio === 0 || random.next() >= ratio) return chunk;
  const copy = Buffer.from(chunk);
  const position = Math.floor(random.next() * copy.length);
  copy[position] = (copy[position] as number) ^ 0xff;
  return copy;
}
