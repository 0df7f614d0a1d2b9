import type { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import type { ScheduledTask } from "../../foundation/scheduler.ts";
import type { DialedRedis } from "./dial-redis.ts";
import type { RedisCallOptions, RedisNodeConnections } from "./redis-client.ts";
import { RedisConnection, type RedisConnectionOwner } from "./redis-connection.ts";
import { RedisDialer, type RedisDialerOwner, type RedisDialerParts } from "./redis-dialer.ts";
import type { RedisFailure } from "./redis-failure.ts";
import type { RedisReply } from "./redis-reply.ts";
import { type RedisFailureHandler, RedisRequest } from "./redis-request.ts";
import { renewalDelayMs } from "./renewal-delay.ts";
import { WaitingRequests } from "./waiting-requests.ts";

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

/** What a pool is made of. */
export interface RedisNodePoolParts extends RedisDialerParts {
  readonly deadlines: DeadlineQueue;
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
export class RedisNodePool implements RedisConnectionOwner, RedisDialerOwner {
  readonly #parts: RedisNodePoolParts;
  readonly #connections: RedisConnection[] = [];
  readonly #waiting: WaitingRequests;
  readonly #dialer: RedisDialer;
  #isRetired = false;
  #isRenewing = false;
  #renewTask: ScheduledTask | undefined;
  /** Connections that are closed when they have answered. */
  readonly #draining = new Set<RedisConnection>();
  /** The error that calls fail with while the pool is down. */
  #downError: unknown;
  #idleTask: ScheduledTask | undefined;

  constructor(parts: RedisNodePoolParts) {
    this.#parts = parts;
    this.#dialer = new RedisDialer(parts, this);
    const { deadlines, host, settings } = parts;
    const whyTooLong = (): RedisFailure => this.#whyTooLong();
    this.#waiting = new WaitingRequests({
      clock: host.clock,
      deadlines,
      maxWaitMs: settings.poolTimeoutMs,
      whyTooLong,
    });
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
    const connection = this.#waiting.count === 0 && !this.#isRetired ? this.#choose() : undefined;
    if (connection !== undefined) connection.send(request);
    else this.#wait(request);
  }

  /** Opens the first connection, unless there is one. @throws what opening it threw */
  async connect(): Promise<void> {
    if (this.#connections.length === 0) await this.#dialer.dial();
  }

  /** Ends all connections and timers; what waits or is in flight fails. */
  close(error: unknown): void {
    this.#downError = error;
    this.#dialer.close(error);
    this.#idleTask?.cancel();
    this.#renewTask?.cancel();
    for (const connection of [...this.#connections, ...this.#draining]) connection.destroy(error);
    this.#waiting.failAll(error);
  }

  /** Takes nothing new; what is in flight is waited for, and what waits fails. */
  retire(): void {
    const error = new Error(`${this.address} is no server of this client any more`);
    this.#isRetired = true;
    this.#downError = error;
    this.#dialer.endPause();
    this.#idleTask?.cancel();
    this.#renewTask?.cancel();
    this.#waiting.failAll(error);
    this.#drain(this.#connections.splice(0));
    if (this.#draining.size === 0) this.close(error);
  }

  /** Opens a connection anew and leaves the others, because the server behind the address, or the credentials, may have changed. */
  renew(): void {
    if (this.#isRenewing || this.#dialer.isClosed || this.#isRetired) return;
    this.#isRenewing = true;
    const old = new Set(this.#connections);
    this.#dialer
      .dial()
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
    return { address, role, open: this.#connections.length, inFlight, waiting: this.#waiting.count };
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
    while (this.#waiting.count > 0) {
      const connection = this.#choose();
      if (connection === undefined) {
        for (const full of this.#connections) full.tellsRoom = true;
        return;
      }
      const request = this.#waiting.take();
      if (!request.isDone) connection.send(request);
    }
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
    if (this.#dialer.isClosed) return;
    this.#parts.host.onNotice?.({ kind: "connection", node: this.#parts.address, state: "lost", error });
    if (this.#connections.length > 0) return;
    this.#parts.onDown?.(error);
    this.#dialer.dial().catch(ignore);
  }

  onSuspect(): void {
    if (this.#hasSpareRoom()) this.#dialer.dial().catch(ignore);
  }

  onDialed({ library, client, abort, expiresAtMs }: DialedRedis): void {
    const { settings, host, deadlines, address } = this.#parts;
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

  onDialFailed(error: unknown): void {
    // What is open goes on; it may be a limit of the server's that refused one more.
    if (this.#connections.length > 0) return;
    this.#downError = error;
    this.#waiting.failAll(error);
    this.#parts.onDown?.(error);
  }

  onPauseOver(): void {
    if (this.#connections.length === 0) this.#dialer.dial().catch(ignore);
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
    if (this.#hasSpareRoom()) this.#dialer.dial().catch(ignore);
    return best;
  }

  #hasSpareRoom(): boolean {
    const { isDialing, isDown } = this.#dialer;
    return !isDialing && !isDown && !this.#isRetired && this.#connections.length < this.#parts.settings.poolSize;
  }

  #wait(request: RedisRequest): void {
    if (this.#isRetired || (this.#connections.length === 0 && this.#dialer.isDown)) {
      request.fail({ kind: "down", error: this.#downError });
      return;
    }
    const { count } = this.#waiting;
    if (count >= MAX_WAITING_COUNT) {
      request.fail({ kind: "overloaded", message: `${count} calls wait already for ${this.address}` });
      return;
    }
    this.#waiting.add(request);
    for (const connection of this.#connections) connection.tellsRoom = true;
    if (this.#connections.length === 0 && !this.#dialer.isDialing) this.#dialer.dial().catch(ignore);
  }

  #whyTooLong(): RedisFailure {
    const { poolTimeoutMs } = this.#parts.settings;
    return this.#connections.length === 0
      ? { kind: "down", error: new Error(`not connected to ${this.address} within ${poolTimeoutMs} ms`) }
      : { kind: "overloaded", message: `no connection to ${this.address} had room within ${poolTimeoutMs} ms` };
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
    const delayMs = renewalDelayMs(expiresAtMs - clock.wallMs());
    this.#renewTask?.cancel();
    this.#renewTask = scheduler.after(delayMs, () => this.renew());
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
