import { onAbort } from "../../../foundation/abort-listener.ts";
import { normalizeReply } from "../normalize-reply.ts";
import type { RedisCallOptions, RedisNodeConnections, RedisNodeFeatures } from "../redis-client.ts";
import type { RedisFailure } from "../redis-failure.ts";
import type { OpenRedisLine, RedisLine, RedisLineEvents, RedisShardLines } from "../redis-line.ts";
import { type RedisReply, RedisServerError } from "../redis-reply.ts";
import { RedisRequest } from "../redis-request.ts";
import type { RedisRoute, RedisRouteNode, RedisRouteParts } from "../redis-route.ts";
import type { RedisSettings } from "../redis-settings.ts";
import { probeServer, readOffset } from "../server-probe.ts";
import type { ForeignRedis } from "./foreign-redis.ts";

/** Most unanswered calls. The library's own queues have no bound. */
const MAX_IN_FLIGHT_COUNT = 16_384;
const CLOCK_REFRESH_MS = 30_000;
const MEASURE_OPTIONS: RedisCallOptions = { operation: "time", kind: "read" };
/** How long the user's client may take to be ready. It has a deadline of its own for dialling; this one is for those that try for ever. */
const READY_TIMEOUT_MS = 10_000;

/** What the route takes of the settings. */
export type AdoptedRouteSettings = Pick<RedisSettings, "readTimeoutMs" | "writeTimeoutMs">;

/**
 * A client that is the user's own, with our deadlines and errors around it. When a command leaves is not to be seen from outside, so
 * a deadline begins when it is handed to the library (reads: the read deadline, writes: the longer of both), and a failure that is no
 * answer of the server may mean that it was done. Never closed by us.
 */
export class AdoptedRoute implements RedisRoute {
  readonly topology: "single" | "cluster";
  readonly resendsCommands: boolean;
  readonly readyTimeoutMs: number = READY_TIMEOUT_MS;
  readonly failurePrefix: string;
  readonly listen: OpenRedisLine | undefined;
  readonly shardLines: RedisShardLines | undefined;
  readonly #foreign: ForeignRedis;
  readonly #settings: AdoptedRouteSettings;
  readonly #parts: RedisRouteParts;
  readonly #features = new Map<string, RedisNodeFeatures>();
  readonly #offsets = new Map<string, { offsetMs: number; measuredAtMs: number }>();
  readonly #inFlight = new Set<RedisRequest>();
  #isClosed = false;
  #isTold = false;

  constructor(foreign: ForeignRedis, settings: AdoptedRouteSettings, parts: RedisRouteParts) {
    this.topology = foreign.topology;
    this.resendsCommands = foreign.resendsCommands;
    this.failurePrefix = `the ${foreign.library} cannot be used: `;
    this.#foreign = foreign;
    this.#settings = settings;
    this.#parts = parts;
    const { listen, shardLines } = foreign;
    this.listen = listen && ((...call) => this.#openLine(listen, ...call));
    this.shardLines = shardLines && {
      ...shardLines,
      lineTo: (address) => {
        const open = shardLines.lineTo(address);
        return (...call) => this.#openLine(open, ...call);
      },
    };
  }

  connect(): Promise<void> {
    if (!this.#isTold)
      for (const message of this.#foreign.warnings) this.#parts.host.onNotice?.({ kind: "warning", message });
    this.#isTold = true;
    return this.#foreign.connect().then(() => this.#probe());
  }

  close(error: Error): void {
    this.#isClosed = true;
    for (const request of this.#inFlight) this.#parts.policy.reject(request, { kind: "lost", error });
    this.#inFlight.clear();
  }

  send(request: RedisRequest): void {
    this.#sendThrough(request, () => this.#foreign.send(request.slot, request.args, request.options.kind));
  }

  onFailure(request: RedisRequest, failure: RedisFailure): void {
    const { policy } = this.#parts;
    if (request.fallBackToSource(failure)) this.#resend(request);
    else if (failure.kind === "server" && /^(MOVED|ASK)$/.test(failure.error.prefix)) {
      // The library gave up following; nothing was executed.
      policy.reject(request, { kind: "unsent", error: new Error("its slot is on its way") });
    } else policy.repeatOrReject(request, failure, this.#resend);
  }

  primaries(): readonly RedisRouteNode[] {
    return this.#foreign.primaries().map(({ address, send }) => {
      const sendHere = (request: RedisRequest): void => {
        request.node = node;
        this.#sendThrough(request, () => send(request.args));
      };
      const node = { address, pool: { send: sendHere } };
      return { address, send: sendHere };
    });
  }

  addressOfSlot(slot: number): string {
    return this.#foreign.addressOfSlot(slot);
  }

  connections(): readonly RedisNodeConnections[] {
    const inFlight = this.#inFlight.size;
    const primaries = this.#foreign.primaries();
    return primaries.map(({ address }, index) => ({
      address,
      role: "primary",
      open: 1,
      // Which node has which of them only the library knows.
      inFlight: index === 0 ? inFlight : 0,
      waiting: 0,
    }));
  }

  features(): readonly RedisNodeFeatures[] {
    return [...this.#features.values()];
  }

  clockOffsetMs(slot: number): number {
    const address = this.#foreign.addressOfSlot(slot);
    const known = this.#offsets.get(address);
    const nowMs = this.#parts.host.clock.monotonicMs();
    if (known === undefined || nowMs - known.measuredAtMs >= CLOCK_REFRESH_MS) this.#measure(slot, address, nowMs);
    return known?.offsetMs ?? 0;
  }

  /** What is meant for one server goes there again, for example a SCAN: no other has its keys, nor its cursor. */
  readonly #resend = (request: RedisRequest): void => {
    if (request.node === undefined) this.send(request);
    else request.node.pool.send(request);
  };

  #sendThrough(request: RedisRequest, send: () => Promise<unknown>): void {
    const { policy, host, deadlines } = this.#parts;
    if (request.isDone) return;
    request.stampedAtMs = Math.ceil(host.clock.monotonicMs());
    if (this.#isClosed) {
      policy.reject(request, { kind: "down", error: new Error("the client is closed") });
      return;
    }
    if (this.#inFlight.size >= MAX_IN_FLIGHT_COUNT) {
      policy.reject(request, { kind: "overloaded", message: `${MAX_IN_FLIGHT_COUNT} calls are unanswered` });
      return;
    }
    request.isSent = true;
    this.#inFlight.add(request);
    const ticket = deadlines.add({ onDeadline: () => request.fail({ kind: "timeout" }) }, this.#timeoutMs(request));
    const settle = (finish: () => void): void => {
      deadlines.remove(ticket);
      this.#inFlight.delete(request);
      finish();
    };
    startSafely(send).then(
      (value) => settle(() => this.#onReply(request, value)),
      (error: unknown) => settle(() => request.fail(classify(error))),
    );
  }

  /** Libraries try for longer than anybody waits, or for ever. */
  async #openLine(
    listen: OpenRedisLine,
    channels: readonly string[],
    events: RedisLineEvents,
    signal: AbortSignal,
  ): Promise<RedisLine> {
    const ending = new AbortController();
    const end = (): void => ending.abort(signal.reason);
    const stopListening = onAbort(signal, end);
    // Nobody waits for it, so the timer keeps no process alive.
    const timer = this.#parts.host.scheduler.after(READY_TIMEOUT_MS, end);
    try {
      return await listen(channels, events, ending.signal);
    } finally {
      timer.cancel();
      stopListening();
    }
  }

  #timeoutMs({ options }: RedisRequest): number {
    const { readTimeoutMs, writeTimeoutMs } = this.#settings;
    return options.kind === "read" ? readTimeoutMs : Math.max(readTimeoutMs, writeTimeoutMs);
  }

  #onReply(request: RedisRequest, value: unknown): void {
    let reply: RedisReply;
    try {
      reply = normalizeReply(value);
    } catch (error) {
      request.fail({ kind: "lost", error });
      return;
    }
    request.resolve(reply);
  }

  async #probe(): Promise<void> {
    for (const { address, send } of this.#foreign.primaries()) {
      const probe = await probeServer({ sendCommand: send }, address, this.#parts.host);
      this.#features.set(address, probe.features);
      const { clockOffsetMs: offsetMs } = probe;
      if (offsetMs !== undefined) this.#note(address, offsetMs);
    }
  }

  #measure(slot: number, address: string, sentAtMs: number): void {
    const { clock } = this.#parts.host;
    const sentAtWallMs = clock.wallMs();
    this.#note(address, this.#offsets.get(address)?.offsetMs ?? 0);
    const request = new RedisRequest(["TIME"], MEASURE_OPTIONS, slot, this);
    this.send(request);
    request.promise.then(
      (reply) => {
        const offsetMs = readOffset(reply, sentAtWallMs + (clock.monotonicMs() - sentAtMs) / 2);
        if (offsetMs !== undefined) this.#note(address, offsetMs);
      },
      () => undefined,
    );
  }

  #note(address: string, offsetMs: number): void {
    this.#offsets.set(address, { offsetMs, measuredAtMs: this.#parts.host.clock.monotonicMs() });
  }
}

/** A library that throws instead of rejecting did not send. */
function startSafely(send: () => Promise<unknown>): Promise<unknown> {
  try {
    return send();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Errors by which a library says that it did not send: closed, offline. */
const NOT_SENT = /^(The client is (closed|offline)|Stream isn't writeable and enableOfflineQueue options is false)/;
/** A server's error begins with a word in capitals; a library's does not. */
const SERVER_ERROR = /^[A-Z][A-Z0-9_]+ /;

function classify(error: unknown): RedisFailure {
  if (!(error instanceof Error)) return { kind: "lost", error };
  if (NOT_SENT.test(error.message)) return { kind: "down", error };
  const isReply = error.name === "ReplyError" || SERVER_ERROR.test(error.message);
  return isReply ? { kind: "server", error: new RedisServerError(error.message) } : { kind: "lost", error };
}
