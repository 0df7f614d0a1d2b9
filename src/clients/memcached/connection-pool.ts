import { randomUUID } from "node:crypto";
import { backoffMs } from "../../foundation/backoff.ts";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import type { ScheduledTask } from "../../foundation/scheduler.ts";
import { parseServerAddress, type ServerAddress } from "../server-address.ts";
import { type CallSubject, interrupted, overloaded, unanswered, unavailable } from "./call-errors.ts";
import { CLIENT_LIMITS } from "./client-limits.ts";
import { type Dial, type DialledServer, dialServer } from "./dial-server.ts";
import type { MemcachedHost, MemcachedNotice } from "./memcached-client.ts";
import { type ConnectionOwner, MemcachedConnection, type Orphan } from "./memcached-connection.ts";
import type { MemcachedSettings } from "./memcached-settings.ts";
import { PatientDeadline } from "./patient-deadline.ts";
import type { PendingCall } from "./pending-call.ts";
import { ServerKnowledge } from "./server-knowledge.ts";
import { SharedErrors } from "./shared-errors.ts";
import { WaitingCalls } from "./waiting-calls.ts";

/** Pauses between attempts to connect. */
const BACKOFF = { minMs: CLIENT_LIMITS.minBackoffMs, maxMs: CLIENT_LIMITS.maxBackoffMs };

/**
 * The connections to one server: which call goes where, when another one is opened, when one is closed.
 *
 *     call ──► a connection that collects ─► a healthy one with room ─► waits for the dial that runs or may begin ─► rejects
 *
 * Dials are driven by demand, one at a time; after a failure none begins until a growing pause is over, and calls fail at once meanwhile.
 */
export class ConnectionPool implements ConnectionOwner {
  readonly knowledge: ServerKnowledge = new ServerKnowledge();
  readonly #settings: MemcachedSettings;
  readonly #host: MemcachedHost;
  readonly #address: ServerAddress;
  readonly #subject: CallSubject;
  readonly #deadlines: DeadlineQueue;
  readonly #errors: SharedErrors;
  readonly #waiting = new WaitingCalls();
  readonly #maxConnections: number;
  /** Open ones, the oldest first: it is used first, so that the others become idle when they are not needed. */
  readonly #connections: MemcachedConnection[] = [];
  #last: MemcachedConnection | undefined;
  #nextId = 1;
  #dial: Dial | undefined;
  #dialled: Promise<void> | undefined;
  #failureCount = 0;
  #lastFailure: unknown;
  #nextDialAt = 0;
  #isClosed = false;
  #sweep: ScheduledTask | undefined;

  constructor(settings: MemcachedSettings, host: MemcachedHost) {
    this.#settings = settings;
    this.#host = host;
    this.#address = parseServerAddress(settings.address);
    this.#subject = settings;
    this.#deadlines = new DeadlineQueue(host);
    this.#errors = new SharedErrors(host.scheduler);
    this.#maxConnections = Math.max(CLIENT_LIMITS.maxConnections, settings.maxIdleConnections);
  }

  /** Connections now. */
  counts(): { readonly open: number; readonly inFlight: number; readonly waiting: number } {
    let inFlight = 0;
    let waiting = this.#waiting.requestCount;
    for (const connection of this.#connections) {
      inFlight += connection.requestCount - connection.waitingCount;
      waiting += connection.waitingCount;
    }
    return { open: this.#connections.length, inFlight, waiting };
  }

  /** Resolves once a connection is open; does not wait for a pause after failures. Rejects with the reason. */
  async open(): Promise<void> {
    if (this.#isClosed) throw unavailable(this.#subject, "connect", "the client is closed.");
    if (this.#connections.length > 0) return;
    this.#beginDial();
    await this.#dialled;
    if (this.#connections.length === 0) throw this.#unavailable("connect");
  }

  /** Ends all connections and the dial; what is in flight rejects. Resolves when the sockets are gone. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sweep?.cancel();
    const reason = new Error("The client was closed.");
    this.#dial?.abandon(reason);
    const gone = this.#connections.map((connection) => connection.gone);
    for (const connection of [...this.#connections]) connection.lose(reason);
    for (const call of this.#waiting.takeAll()) call.reject(this.#unavailable(call.options.operation, reason));
    await Promise.all([...gone, this.#dialled]);
    this.#deadlines.clear();
  }

  /** Sends a call, lets it wait, or rejects it. */
  submit(call: PendingCall): void {
    if (call.options.connection !== undefined || this.#isClosed) {
      this.#submitPinned(call, call.options.connection);
      return;
    }
    const last = this.#last;
    const mayStay = last?.isCollecting && !last.isBusy && last.canTake(call.count);
    const connection = mayStay ? last : this.#choose(call.count);
    if (connection === undefined) this.#wait(call);
    else {
      this.#last = connection;
      connection.submit(call);
    }
  }

  onProgress(connection: MemcachedConnection): void {
    if (this.#waiting.requestCount > 0) this.#drain();
    const isSpare = this.#connections.length > this.#settings.maxIdleConnections && connection.requestCount === 0;
    if (isSpare && this.#sweep === undefined) this.#planSweep();
  }

  onLost(connection: MemcachedConnection, error: Error): void {
    const index = this.#connections.indexOf(connection);
    if (index >= 0) this.#connections.splice(index, 1);
    if (this.#last === connection) this.#last = undefined;
    this.knowledge.serverLivedAt(connection.aliveAt);
    if (!this.#isClosed && !connection.isUnneeded) this.#notice({ kind: "connection", state: "lost", error });
  }

  onOrphan({ call, wasSent, dueAt, cause }: Orphan): void {
    if (call.isSettled) return;
    const { options } = call;
    const remainingMs = dueAt - this.#host.clock.monotonicMs();
    const isRepeatable = !wasSent || (options.kind === "read" && remainingMs > 0);
    if (call.hasRetried || options.connection !== undefined || this.#isClosed || !isRepeatable) {
      const makeError = (): Error =>
        wasSent
          ? interrupted(this.#subject, options, cause)
          : unavailable(this.#subject, options.operation, "the connection was lost.", cause);
      call.reject(this.#errors.for(wasSent ? "interrupted" : "not sent", options, makeError));
      return;
    }
    if (!call.keepIfWanted()) return;
    call.hasRetried = true;
    call.stopExpiring();
    if (wasSent) {
      call.isDeadlineFixed = true;
      this.#expire(call, "late", remainingMs, () => unanswered(this.#subject, options));
    }
    this.submit(call);
  }

  #submitPinned(call: PendingCall, id: number | undefined): void {
    const { operation } = call.options;
    const connection = this.#connections.find((candidate) => candidate.id === id);
    if (connection === undefined) {
      const why = this.#isClosed ? "the client is closed." : "the connection that it must go over is gone.";
      call.reject(unavailable(this.#subject, operation, why));
    } else if (connection.canTake(call.count)) connection.submit(call);
    else call.reject(overloaded(this.#subject, operation, "the connection that it must go over has too much to do."));
  }

  /** The connection for a call, and another dial when the open ones have much to do. */
  #choose(count: number): MemcachedConnection | undefined {
    let best: MemcachedConnection | undefined;
    for (const connection of this.#connections) {
      if (connection.isSuspect || !connection.canTake(count)) continue;
      if (!connection.isBusy) return connection;
      if (best === undefined || connection.requestCount < best.requestCount) best = connection;
    }
    if (this.#mayDial()) this.#beginDial();
    return best;
  }

  #wait(call: PendingCall): void {
    const { operation } = call.options;
    const { requestCount, byteCount } = this.#waiting;
    if (this.#dial === undefined && this.#connections.every(({ isSuspect }) => isSuspect)) {
      call.reject(this.#unavailable(operation));
    } else if (requestCount + call.count > CLIENT_LIMITS.maxWaiting || byteCount > CLIENT_LIMITS.maxWaitingBytes) {
      call.reject(overloaded(this.#subject, operation, `${requestCount} requests wait already.`));
    } else {
      this.#waiting.add(call);
      const makeError = (): Error => this.#lateError(operation);
      if (!call.isDeadlineFixed) this.#expire(call, "waited", this.#settings.timeoutMs, makeError);
    }
  }

  #expire(call: PendingCall, reason: string, delayMs: number, makeError: () => Error): void {
    const expire = (): void => call.reject(this.#errors.for(reason, call.options, makeError));
    call.expireBy(new PatientDeadline(this.#deadlines, this.#host.clock, delayMs, expire));
  }

  #lateError(operation: string): Error {
    if (this.#connections.length > 0) return overloaded(this.#subject, operation, "no connection became free in time.");
    return unavailable(this.#subject, operation, `no connection was ready within ${this.#settings.timeoutMs} ms.`);
  }

  /** Sends what waits, as far as there is room. */
  #drain(): void {
    for (let call = this.#waiting.first(); call !== undefined; call = this.#waiting.first()) {
      const connection = this.#choose(call.count);
      if (connection === undefined) return;
      this.#waiting.remove(call);
      if (!call.isDeadlineFixed) call.stopExpiring();
      if (call.keepIfWanted()) connection.submit(call);
    }
  }

  #mayDial(): boolean {
    return (
      this.#dial === undefined &&
      this.#connections.length < this.#maxConnections &&
      this.#host.clock.monotonicMs() >= this.#nextDialAt
    );
  }

  #beginDial(): void {
    if (this.#dial !== undefined) return;
    const dial = dialServer({
      address: this.#address,
      settings: this.#settings,
      greeting: { knownVersion: this.knowledge.version, probeKey: this.#probeKey() },
      deadlines: this.#deadlines,
      clock: this.#host.clock,
    });
    this.#dial = dial;
    this.#dialled = dial.done.then(
      (dialled) => this.#dialSucceeded(dialled),
      (error: unknown) => this.#dialFailed(error),
    );
  }

  #dialSucceeded({ socket, greeting }: DialledServer): void {
    this.#dial = undefined;
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    for (const { aliveAt } of this.#connections) this.knowledge.serverLivedAt(aliveAt);
    for (const message of this.knowledge.learn(greeting, this.#host.clock.monotonicMs(), this.#settings)) {
      this.#notice({ kind: "warning", message });
    }
    this.#failureCount = 0;
    this.#lastFailure = undefined;
    const connection = new MemcachedConnection({
      id: this.#nextId++,
      socket,
      subject: this.#subject,
      clock: this.#host.clock,
      scheduler: this.#host.scheduler,
      deadlines: this.#deadlines,
      errors: this.#errors,
      owner: this,
      maxValueBytes: this.knowledge.maxItemBytes ?? CLIENT_LIMITS.maxValueBytes,
    });
    this.#connections.push(connection);
    connection.start();
    this.#notice({ kind: "connection", state: "connected" });
    this.#drain();
  }

  #dialFailed(error: unknown): void {
    this.#dial = undefined;
    this.#lastFailure = error;
    this.#nextDialAt = this.#host.clock.monotonicMs() + backoffMs(this.#failureCount, BACKOFF, this.#host.random);
    this.#failureCount += 1;
    if (this.#connections.some(({ isSuspect }) => !isSuspect)) return;
    for (const call of this.#waiting.takeAll()) {
      const makeError = (): Error => this.#unavailable(call.options.operation);
      call.reject(this.#errors.for("no dial", call.options, makeError));
    }
  }

  #unavailable(operation: string, cause: unknown = this.#lastFailure): Error {
    const why = cause instanceof Error ? cause.message : "there is no connection.";
    return unavailable(this.#subject, operation, why, cause);
  }

  #planSweep(): void {
    this.#sweep = this.#host.scheduler.after(CLIENT_LIMITS.idleMs, () => {
      this.#sweep = undefined;
      this.#closeSpare();
    });
  }

  /** Closes connections beyond those that are kept, when they were not used for long; the youngest first. */
  #closeSpare(): void {
    const idleSince = this.#host.clock.monotonicMs() - CLIENT_LIMITS.idleMs;
    for (const connection of this.#connections.toReversed()) {
      if (this.#connections.length <= this.#settings.maxIdleConnections) return;
      if (connection.requestCount === 0 && connection.usedAt <= idleSince) connection.retire();
    }
    if (this.#connections.length > this.#settings.maxIdleConnections) this.#planSweep();
  }

  #probeKey(): string {
    // Not from the host's chance: clients that were given the same seed would meet in one key.
    return `gocachex-probe-${randomUUID()}`;
  }

  #notice(notice: MemcachedNotice): void {
    this.#host.onNotice?.(notice);
  }
}
