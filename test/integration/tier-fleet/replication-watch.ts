import { connect, type Socket } from "node:net";
import process from "node:process";
import type { HostAndPort } from "../../../scripts/servers/host-and-port.ts";
import { openRedisControl, type RedisControl } from "../../../scripts/servers/redis-control.ts";
import { decodeChanges } from "../../../src/backends/redis/change-message.ts";
import { changesChannel } from "../../../src/backends/redis/redis-key-layout.ts";
import type { Failover, Fate } from "./failover.ts";
import {
  findFailovers,
  type ReplicationSample,
  readReplication,
  type SampledServer,
  type SeenFailover,
} from "./replication-samples.ts";
import { pause } from "./tier-store.ts";

const POLL_MS = 20;
const NOTHING = Buffer.alloc(0);

/** Microseconds of the machine's monotonic clock. */
export function machineMicros(): number {
  return Number(process.hrtime.bigint()) / 1_000;
}

/** What is known of one failover besides its instants. */
export type Judgement = Pick<Failover, "concerns" | "fateOf">;

/** Where the machine's wall clock was when its monotonic one was 0, in µs: versions are instants of it. */
const WALL_ORIGIN_MICROS: number = Date.now() * 1_000 - machineMicros();
/** Between the two clocks, and between a change and its message. */
const GRAIN_MICROS = 20_000;

/** A poll may be late. */
const ASKED_WITHIN_MICROS = 100_000;

/** A stretch of time, in µs. */
interface Stretch {
  readonly from: number;
  to: number;
}

interface WatchedServer extends HostAndPort {
  readonly samples: ReplicationSample[];
  readonly kills: number[];
  /** Versions that it gave out itself, or got from its primary. */
  readonly heard: Set<number>;
  /** When nobody listened. */
  readonly deafness: Stretch[];
  control: RedisControl | undefined;
  ear: Socket | undefined;
  /** When the last connection that listened ended. */
  silentSince: number;
}

/** Asks servers again and again whom they follow and how far they are, and hears what changes reach them. Servers pass on to their replicas what scripts publish, in the order of the changes. */
export class ReplicationWatch {
  readonly #servers: readonly WatchedServer[];
  readonly #clientsOf: (port: number) => number;
  readonly #asked: { readonly port: number; readonly at: number }[] = [];
  #isStopped = false;
  readonly #loops: Promise<void>[] = [];

  /** @param clientsOf how many connections clients have to a server */
  constructor(servers: readonly HostAndPort[], clientsOf: (port: number) => number) {
    this.#clientsOf = clientsOf;
    this.#servers = servers.map(({ host, port }) => ({
      ...{ host, port, samples: [], kills: [], heard: new Set<number>(), deafness: [] },
      ...{ control: undefined, ear: undefined, silentSince: 0 },
    }));
  }

  start(): void {
    for (const server of this.#servers) this.#loops.push(this.#watch(server));
  }

  /** A server was killed just now: another one is to take over. */
  noteKilled(port: number): void {
    const at = machineMicros();
    this.#find(port).kills.push(at);
    this.#asked.push({ port, at });
  }

  /** Another one is going to be asked to take over from a server. */
  noteAsked(port: number): void {
    this.#asked.push({ port, at: machineMicros() });
  }

  /**
   * Who took over from whom so far, with instants since an origin in ns. Of those that nobody asked for, and of those in which several took over at a time, nobody can tell what they kept.
   *
   * @param judge whose keys a failover concerned, and what became of a change of about that time
   */
  failovers(originNs: bigint, judge: (seen: SeenFailover) => Judgement): readonly Failover[] {
    const originMicros = Number(originNs) / 1_000;
    const all = findFailovers(this.#servers satisfies readonly SampledServer[]);
    return all.map((seen) => {
      const { from, promotedAt, to } = seen;
      const { concerns, fateOf } = judge(seen);
      const isClear = this.#isAsked(seen) && !all.some((other) => other !== seen && isOverlapping(seen, other));
      const isAbout = (version: number): boolean => {
        const instant = version - WALL_ORIGIN_MICROS;
        return instant >= from - GRAIN_MICROS && instant <= to + GRAIN_MICROS;
      };
      return {
        ...{ from: from - originMicros, promotedAt: promotedAt - originMicros, to: to - originMicros },
        concerns,
        fateOf: (key, version) => {
          if (!isAbout(version)) return "kept";
          return isClear ? fateOf(key, version) : "unknown";
        },
      };
    });
  }

  /** What became of a change of about the time of a failover: whether the one who took over ever heard of it. Of what was changed while nobody listened nobody can tell. */
  fateBySound(port: number, version: number): Fate {
    const { heard, deafness } = this.#find(port);
    if (heard.has(version)) return "kept";
    const instant = version - WALL_ORIGIN_MICROS;
    return deafness.some(({ from, to }) => from - GRAIN_MICROS <= instant && instant <= to + GRAIN_MICROS)
      ? "unknown"
      : "lost";
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    for (const { control, ear } of this.#servers) {
      control?.close();
      ear?.destroy();
    }
  }

  #find(port: number): WatchedServer {
    return this.#servers.find((server) => server.port === port) as WatchedServer;
  }

  /** Nobody has taken over from it meanwhile. */
  #isAsked({ oldPort, from, promotedAt }: SeenFailover): boolean {
    return this.#asked.some(({ port, at }) => port === oldPort && at >= from && at <= promotedAt + ASKED_WITHIN_MICROS);
  }

  async #watch(server: WatchedServer): Promise<void> {
    while (!this.#isStopped) {
      const from = machineMicros();
      server.ear ??= listen(server);
      server.control ??= openRedisControl(server);
      const used = server.control;
      try {
        // Counted before: who leaves meanwhile was still there.
        const clientCount = this.#clientsOf(server.port);
        const text = String(await used.call("INFO", "replication"));
        server.samples.push(readReplication(text, { from, to: machineMicros(), clientCount }));
      } catch {
        // Dead, or not there yet.
        used.close();
        server.control = undefined;
      }
      await pause(POLL_MS);
    }
  }
}

function isOverlapping(one: SeenFailover, other: SeenFailover): boolean {
  return one.from <= Math.max(other.to, other.promotedAt) && other.from <= Math.max(one.to, one.promotedAt);
}

/** Hears the changes of a server, until the connection ends. */
function listen(server: WatchedServer): Socket {
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  let received: Buffer = Buffer.alloc(0);
  const silence: Stretch = { from: server.silentSince, to: Number.POSITIVE_INFINITY };
  server.deafness.push(silence);
  socket.write(`SUBSCRIBE ${changesChannel(0)}\r\n`);
  socket.on("data", (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    for (let push = readPush(received); push !== undefined; push = readPush(received)) {
      received = received.subarray(push.end);
      if (push.kind === "message") noteVersions(server.heard, push.message);
      else if (push.kind === "subscribe") silence.to = machineMicros();
    }
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (silence.to !== Number.POSITIVE_INFINITY) server.silentSince = machineMicros();
    else server.deafness.pop();
    server.ear = undefined;
  });
  return socket;
}

function noteVersions(heard: Set<number>, message: Buffer): void {
  for (const change of decodeChanges(message)) {
    if (change.kind === "change" && change.version !== undefined) heard.add(change.version);
    if (change.kind === "clear") for (const { version } of change.heads) heard.add(version);
  }
}

interface Push {
  readonly kind: string;
  readonly message: Buffer;
  readonly end: number;
}

/** One `*3 $7 message $… channel $… text` from the start; `undefined` when it is not all there. Confirmations have a number in the message's place. */
function readPush(bytes: Buffer): Push | undefined {
  const count = lineAt(bytes, 0);
  if (count === undefined) return undefined;
  let at = count.end;
  const parts: Buffer[] = [];
  for (let part = 0; part < Number(count.text.slice(1)); part += 1) {
    const head = lineAt(bytes, at);
    if (head === undefined) return undefined;
    at = head.end;
    if (!head.text.startsWith("$")) continue;
    const end = at + Number(head.text.slice(1));
    if (bytes.length < end + 2) return undefined;
    parts.push(bytes.subarray(at, end));
    at = end + 2;
  }
  const [kind = NOTHING, , message = NOTHING] = parts;
  return { kind: kind.toString(), message, end: at };
}

function lineAt(bytes: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  const end = bytes.indexOf("\r\n", start);
  return end < 0 ? undefined : { text: bytes.toString("latin1", start, end), end: end + 2 };
}
