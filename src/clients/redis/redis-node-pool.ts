import { backoffMs } from "../../foundation/backoff.ts";
import type { DeadlineEntry, DeadlineQueue, DeadlineTicket } from "../../foundation/deadline-queue.ts";
import type { ScheduledTask } from "../../foundation/scheduler.ts";
import { type DialedRedis, dialRedis } from "./dial-redis.ts";
import type { NodeRedisClient } from "./node-redis-library.ts";
import type { RedisCallOptions, RedisNodeConnections } from "./redis-client.ts";
import { RedisConnection, type RedisConnectionOwner } from "./redis-connection.ts";
import type { RedisHost } from "./redis-host.ts";
import type { RedisReply } from "./redis-reply.ts";
import { type RedisFailureHandler, RedisRequest } from "./redis-request.ts";
import type { RedisSettings } from "./redis-settings.ts";

/**
 * From how many unanswered commands on another connection is opened. One connection is fastest while it flows: what is sent together
 * shares a system call on both sides. A thousand small commands are about a millisecond of a server's work; more than that wait behind
 * each other, and behind a large reply.
 */
const DEEP_COUNT = 1_024;
/** Most unanswered commands of a connection. Bounds what a server that hangs can hold of this process. */
const MAX_IN_FLIGHT_COUNT = 16_384;
/** Most commands that wait for a connection with room. */
const MAX_WAITING_COUNT = 16_384;

/** How long before their end credentials are replaced: a minute, or a fifth of their time when that is less. */
const RENEWAL_MARGIN_MS = 60_000;
const RENEWAL_MARGIN_RATIO = 0.2;
/** Shortest time between two renewals, for a clock that is wrong or credentials that were over when they came. */
const MIN_RENEWAL_MS = 250;

/** What a pool is made of. */
export interface RedisNodePoolParts {
  readonly address: string;
  readonly role: "primary" | "replica";
  readonly settings: RedisSettings;
  readonly host: RedisHost;
  readonly deadlines: DeadlineQueue;
  /** Asks a new connection's server what must hold; see `dial-redis.ts`. */
  readonly verify: (client: NodeRedisClient) => Promise<void>;
  /** The last connection went away, or none could be opened. */
  readonly onDown?: ((error: unknown) => void) | undefined;
}

/**
 * A server: up to `poolSize` connections to it, and what waits for one.
 *
 * - Up: the first connection that is not deep takes the call, so that connections beyond need fall idle and are closed; when all are
 *   deep, the one with the fewest calls in flight takes it and another is opened. A connection that owes an overdue reply is taken last.
 * - Connecting: no connection, one is being opened; calls wait for it.
 * - Down: opening failed, the next attempt comes by itself after a pause; calls fail at once.
 */
export class RedisNodePool implements RedisConnectionOwner, DeadlineEntry {
  readonly #parts: RedisNodePoolParts;
  readonly #connections: RedisConnection[] = [];
  /** Waits in order; settled ones are passed over. `#waitingStart` is the first that counts. */
  #waiting: RedisRequest[] = [];
  #waitingStart = 0;
  #dialing: Promise<void> | undefined;
  #failureCount = 0;
  #isRetired = false;
  #isRenewing = false;
  #renewTask: ScheduledTask | undefined;
  /** Connections that are closed when they have answered. */
  readonly #draining = new Set<RedisConnection>();
  /** The error that calls fail with while the pool is down. */
  #downError: unknown;
  #redialTask: ScheduledTask | undefined;
  #idleTask: ScheduledTask | undefined;
  #ticket: DeadlineTicket | undefined;
  readonly #closing = new AbortController();

  constructor(parts: RedisNodePoolParts) {
    this.#parts = parts;
  }

  get address(): string {
    return this.#parts.address;
  }

  /** Whether a connection is open. */
  get isUp(): boolean {
    return this.#connections.length > 0;
  }

  /** Sends a command, now or when there is room. Its failure goes to the request. */
  send(request: RedisRequest): void {
    const connection = this.#waiting.length === 0 && !this.#isRetired ? this.#choose() : undefined;
    if (connection !== undefined) connection.send(request);
    else this.#wait(request);
  }

  /** Opens the first connection, unless there is one. @throws what opening it threw */
  async connect(): Promise<void> {
    if (this.#connections.length === 0) await this.#dial();
  }

  /** Ends all connections and timers; what waits or is in flight fails. */
  close(error: unknown): void {
    this.#downError = error;
    this.#closing.abort(error);
    this.#redialTask?.cancel();
    this.#idleTask?.cancel();
    this.#renewTask?.cancel();
    for (const connection of [...this.#connections, ...this.#draining]) connection.destroy(error);
    this.#failWaiting(error);
  }

  /** Takes nothing new; what is in flight is waited for, and what waits fails. */
  retire(): void {
    const error = new Error(`${this.address} is no server of this client any more`);
    this.#isRetired = true;
    this.#downError = error;
    this.#redialTask?.cancel();
    this.#idleTask?.cancel();
    this.#renewTask?.cancel();
    this.#failWaiting(error);
    this.#drain(this.#connections.splice(0));
    if (this.#draining.size === 0) this.close(error);
  }

  /** Opens a connection anew and leaves the others, because the server behind the address, or the credentials, may have changed. */
  renew(): void {
    if (this.#isRenewing || this.#closing.signal.aborted || this.#isRetired) return;
    this.#isRenewing = true;
    const old = new Set(this.#connections);
    this.#dial()
      .then(() => this.#drain(this.#connections.filter((connection) => old.has(connection))), ignore)
      .finally(() => {
        this.#isRenewing = false;
      });
  }

  /** Connections now. */
  counts(): RedisNodeConnections {
    let inFlight = 0;
    for (const connection of this.#connections) inFlight += connection.inFlightCount;
    const { address, role } = this.#parts;
    return { address, role, open: this.#connections.length, inFlight, waiting: this.#waitingCount };
  }

  /** A command of the client's own, on any connection; has the read deadline. @throws Error when there is none, or what came of it */
  ask(args: readonly string[]): Promise<RedisReply> {
    const connection = this.#connections[0];
    if (connection === undefined) return Promise.reject(new Error("not connected"));
    const request = new RedisRequest(args, ASK_OPTIONS, -1, REJECTING);
    connection.send(request);
    return request.promise;
  }

  onRoom(): void {
    while (this.#waitingCount > 0) {
      const connection = this.#choose();
      if (connection === undefined) {
        for (const full of this.#connections) full.tellsRoom = true;
        return;
      }
      const request = this.#waiting[this.#waitingStart] as RedisRequest;
      this.#waitingStart += 1;
      if (!request.isDone) connection.send(request);
    }
    this.#waiting = [];
    this.#waitingStart = 0;
    for (const connection of this.#connections) connection.tellsRoom = false;
  }

  onLost(connection: RedisConnection, error: unknown): void {
    const index = this.#connections.indexOf(connection);
    this.#draining.delete(connection);
    // One that was closed on purpose is no loss.
    if (index < 0) {
      if (this.#isRetired && this.#draining.size === 0) this.close(error);
      return;
    }
    this.#connections.splice(index, 1);
    if (this.#closing.signal.aborted) return;
    this.#parts.host.onNotice?.({ kind: "connection", node: this.#parts.address, state: "lost", error });
    if (this.#connections.length > 0) return;
    this.#parts.onDown?.(error);
    this.#dial().catch(ignore);
  }

  onSuspect(): void {
    if (this.#hasSpareRoom()) this.#dial().catch(ignore);
  }

  onDeadline(): void {
    this.#ticket = undefined;
    const nowMs = this.#parts.host.clock.monotonicMs();
    for (; this.#waitingStart < this.#waiting.length; this.#waitingStart += 1) {
      const request = this.#waiting[this.#waitingStart] as RedisRequest;
      if (request.isDone) continue;
      const dueAtMs = request.stampedAtMs + this.#parts.settings.poolTimeoutMs;
      if (dueAtMs > nowMs) {
        this.#armWaiting(dueAtMs - nowMs);
        return;
      }
      this.#failWaitedTooLong(request);
    }
    this.#waiting = [];
    this.#waitingStart = 0;
  }

  get #waitingCount(): number {
    return this.#waiting.length - this.#waitingStart;
  }

  #choose(): RedisConnection | undefined {
    const connections = this.#connections;
    const first = connections[0];
    if (first !== undefined && first.inFlightCount < DEEP_COUNT && !first.isSuspect && first.isOpen) return first;
    return this.#chooseAmong(connections);
  }

  #chooseAmong(connections: readonly RedisConnection[]): RedisConnection | undefined {
    let best: RedisConnection | undefined;
    for (const connection of connections) {
      if (!connection.isOpen || connection.inFlightCount >= MAX_IN_FLIGHT_COUNT) continue;
      if (!connection.isSuspect && connection.inFlightCount < DEEP_COUNT) return connection;
      if (best === undefined || rank(connection) < rank(best)) best = connection;
    }
    if (this.#hasSpareRoom()) this.#dial().catch(ignore);
    return best;
  }

  #hasSpareRoom(): boolean {
    return this.#dialing === undefined && this.#connections.length < this.#parts.settings.poolSize && !this.#isDown;
  }

  get #isDown(): boolean {
    return this.#redialTask !== undefined || this.#closing.signal.aborted;
  }

  #wait(request: RedisRequest): void {
    if (this.#isRetired || (this.#connections.length === 0 && this.#isDown)) {
      request.fail({ kind: "down", error: this.#downError });
      return;
    }
    if (this.#waitingCount >= MAX_WAITING_COUNT) {
      request.fail({ kind: "overloaded", message: `${this.#waitingCount} calls wait already for ${this.address}` });
      return;
    }
    request.stampedAtMs = Math.ceil(this.#parts.host.clock.monotonicMs());
    request.carrier = undefined;
    this.#waiting.push(request);
    for (const connection of this.#connections) connection.tellsRoom = true;
    if (this.#ticket === undefined) this.#armWaiting(this.#parts.settings.poolTimeoutMs);
    if (this.#connections.length === 0 && this.#dialing === undefined) this.#dial().catch(ignore);
  }

  #armWaiting(delayMs: number): void {
    this.#ticket = this.#parts.deadlines.add(this, delayMs);
  }

  #failWaitedTooLong(request: RedisRequest): void {
    const { poolTimeoutMs } = this.#parts.settings;
    const message = `no connection to ${this.address} had room within ${poolTimeoutMs} ms`;
    request.fail(
      this.#connections.length === 0
        ? { kind: "down", error: new Error(`not connected to ${this.address} within ${poolTimeoutMs} ms`) }
        : { kind: "overloaded", message },
    );
  }

  #failWaiting(error: unknown): void {
    const waiting = this.#waiting.slice(this.#waitingStart);
    this.#waiting = [];
    this.#waitingStart = 0;
    for (const request of waiting) request.fail({ kind: "down", error });
  }

  #dial(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#downError);
    this.#redialTask?.cancel();
    this.#redialTask = undefined;
    this.#dialing ??= this.#open().finally(() => {
      this.#dialing = undefined;
    });
    return this.#dialing;
  }

  async #open(): Promise<void> {
    const { address, role, settings, host, verify } = this.#parts;
    const { credentials, db, tls, dialTimeoutMs } = settings;
    const isReplica = role === "replica";
    try {
      const plan = { address, credentials, db, tls, dialTimeoutMs, isReplica, host, verify };
      const dialed = await dialRedis(plan, this.#closing.signal);
      // It may have gone between its last answer and now; nobody listened yet.
      if (!dialed.client.isReady) throw new Error("the connection was closed at once");
      this.#adopt(dialed);
    } catch (error) {
      this.#onDialFailed(error);
      throw error;
    }
  }

  #drain(connections: readonly RedisConnection[]): void {
    for (const connection of connections) {
      const index = this.#connections.indexOf(connection);
      if (index >= 0) this.#connections.splice(index, 1);
      this.#draining.add(connection);
      connection.drain();
    }
  }

  /** Credentials that end are replaced before: by connections that were opened with new ones. */
  #scheduleRenewal(expiresAtMs: number): void {
    const { clock, scheduler } = this.#parts.host;
    const leftMs = expiresAtMs - clock.wallMs();
    const delayMs = Math.max(MIN_RENEWAL_MS, leftMs - Math.min(RENEWAL_MARGIN_MS, leftMs * RENEWAL_MARGIN_RATIO));
    this.#renewTask?.cancel();
    this.#renewTask = scheduler.after(delayMs, () => this.renew());
  }

  #adopt({ library, client, abort, expiresAtMs }: DialedRedis): void {
    const { settings, host, deadlines, address } = this.#parts;
    this.#failureCount = 0;
    const { readTimeoutMs, writeTimeoutMs } = settings;
    const { ErrorReply: serverErrorClass, AbortError: abortErrorClass } = library;
    const { clock, scheduler } = host;
    const what = { client, abort, serverErrorClass, abortErrorClass };
    const parts = { ...what, clock, scheduler, deadlines, readTimeoutMs, writeTimeoutMs };
    this.#connections.push(new RedisConnection(parts, this));
    host.onNotice?.({ kind: "connection", node: address, state: "connected" });
    this.#scheduleIdleCheck();
    if (expiresAtMs !== undefined && expiresAtMs < Infinity) this.#scheduleRenewal(expiresAtMs);
    this.onRoom();
  }

  #onDialFailed(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    const { settings, host, onDown } = this.#parts;
    const pauseMs = backoffMs(this.#failureCount, settings.retryBackoff, host.random);
    this.#failureCount += 1;
    // What is open goes on; it may be a limit of the server's that refused one more.
    this.#redialTask = host.scheduler.after(pauseMs, () => {
      this.#redialTask = undefined;
      if (this.#connections.length === 0) this.#dial().catch(ignore);
    });
    if (this.#connections.length > 0) return;
    this.#downError = error;
    this.#failWaiting(error);
    onDown?.(error);
  }

  #scheduleIdleCheck(): void {
    const { idleTimeoutMs, idleCheckMs } = this.#parts.settings;
    const isNeeded = this.#connections.length > 1 && idleTimeoutMs < Infinity && idleCheckMs < Infinity;
    if (!isNeeded || this.#idleTask !== undefined) return;
    this.#idleTask = this.#parts.host.scheduler.after(idleCheckMs, () => {
      this.#idleTask = undefined;
      this.#closeIdle();
      this.#scheduleIdleCheck();
    });
  }

  #closeIdle(): void {
    const unusedSinceMs = this.#parts.host.clock.monotonicMs() - this.#parts.settings.idleTimeoutMs;
    for (const connection of this.#connections.slice(1)) {
      if (connection.inFlightCount > 0 || connection.usedAtMs > unusedSinceMs) continue;
      this.#connections.splice(this.#connections.indexOf(connection), 1);
      connection.destroy(new Error("not used"));
    }
  }
}

const ASK_OPTIONS: RedisCallOptions = { operation: "ask", kind: "read" };

/** A question of the client's own is never sent again by itself. */
const REJECTING: RedisFailureHandler = {
  onFailure: (request, failure) =>
    request.reject("error" in failure ? failure.error : new Error(`no answer: ${failure.kind}`)),
};

function rank(connection: RedisConnection): number {
  return connection.inFlightCount + (connection.isSuspect ? MAX_IN_FLIGHT_COUNT : 0);
}

function ignore(): void {
  // Told by a notice, and to every call that waits.
}
