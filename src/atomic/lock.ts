import type { BackendCall } from "../backend/backend-call.ts";
import type { LeaseRequest } from "../backend/lease.ts";
import { onAbort } from "../foundation/abort-listener.ts";
import type { Clock } from "../foundation/clock.ts";
import type { Duration } from "../foundation/duration.ts";
import { LockLostError } from "../foundation/errors.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";

/** A held lock: a lease with a fencing token. */
export interface Lock {
  /** Grows with every acquisition of this lock, for ever. Hand it to what the lock guards, which refuses smaller ones. */
  readonly token: number;
  /** Aborted a little before the lease can end at the store, so that guarded work stops in time; also on release. */
  readonly signal: AbortSignal;
  /** Monotonic instant (`performance.now()`) until which the lease surely holds. Moves with `extend`. */
  readonly validUntil: number;
  /**
   * Lengthens the lease to `ttl` from now (default: the ttl it was taken with).
   *
   * @throws LockLostError when it has ended
   */
  extend(ttl?: Duration): Promise<void>;
  /** Gives the lock back. @returns false when the lease had ended before */
  release(): Promise<boolean>;
}

/** Clocks drift apart: the holder counts a lease 1 % and 2 ms shorter than the store does. */
const DRIFT_RATIO = 0.01;
const DRIFT_MS = 2;

/** What a held lock needs. */
export interface LockPorts {
  readonly call: BackendCall;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Reads a caller's TTL. */
  readonly toTtlMs: (ttl: Duration) => number;
  /** The locks that are held; this one is in it until it ends. */
  readonly held: Set<HeldLock>;
  /** Told once when the lock is given back or lost. */
  readonly onEnded: () => void;
}

/** A lease that the store has granted. */
export interface GrantedLease {
  readonly storedKey: string;
  readonly owner: string;
  readonly token: number;
  readonly ttlMs: number;
  /** Monotonic instant at which the request was sent: the store cannot have started the lease before it. */
  readonly sentAtMs: number;
  /** As of the store's answer. */
  readonly lost?: AbortSignal | undefined;
}

/** Makes the lock object of a granted lease and starts its clock. */
export function createLock(lease: GrantedLease, ports: LockPorts): Lock {
  const lock = new LeaseLock(lease, ports);
  ports.held.add(lock);
  lock.start();
  return lock;
}

/** A held lock as its cache sees it. */
export interface HeldLock extends Lock {
  /** Ends it for its holder, without giving the lease back. */
  abandon(reason: unknown): void;
}

/** How long after `sentAtMs` the holder may rely on a lease. */
export function reliableLeaseMs(ttlMs: number): number {
  return ttlMs - ttlMs * DRIFT_RATIO - Math.min(DRIFT_MS, ttlMs / 2);
}

class LeaseLock implements HeldLock {
  readonly token: number;
  readonly #lease: GrantedLease;
  readonly #ports: LockPorts;
  readonly #controller = new AbortController();
  #validUntil: number;
  #timer: ScheduledTask | undefined;
  #stopListening: (() => void) | undefined;
  #isEnded = false;

  constructor(lease: GrantedLease, ports: LockPorts) {
    this.token = lease.token;
    this.#lease = lease;
    this.#ports = ports;
    this.#validUntil = lease.sentAtMs + reliableLeaseMs(lease.ttlMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get validUntil(): number {
    return this.#validUntil;
  }

  start(): void {
    const { lost } = this.#lease;
    if (lost?.aborted === true) {
      this.#onDue();
      return;
    }
    this.#stopListening ??= lost && onAbort(lost, () => this.#onDue());
    this.#timer?.cancel();
    const remainingMs = this.#validUntil - this.#ports.clock.monotonicMs();
    this.#timer = this.#ports.scheduler.after(remainingMs, () => this.#onDue());
  }

  async extend(ttl?: Duration): Promise<void> {
    const ttlMs = ttl === undefined ? this.#lease.ttlMs : this.#ports.toTtlMs(ttl);
    if (this.#isEnded) throw new LockLostError("extend");
    const sentAtMs = this.#ports.clock.monotonicMs();
    const request: LeaseRequest = { kind: "extend", key: this.#lease.storedKey, owner: this.#lease.owner, ttlMs };
    const outcome = await this.#ports.call("lock.extend", "write", (backend, context) =>
      backend.lease!(request, context),
    );
    if (outcome.kind !== "held" || this.#isEnded) {
      this.#end(new LockLostError("extend"));
      throw new LockLostError("extend");
    }
    this.#validUntil = sentAtMs + reliableLeaseMs(ttlMs);
    this.start();
  }

  async release(): Promise<boolean> {
    if (this.#isEnded) return false;
    const request: LeaseRequest = { kind: "release", key: this.#lease.storedKey, owner: this.#lease.owner };
    this.#end(new DOMException("The lock was released.", "AbortError"));
    const outcome = await this.#ports.call("lock.release", "write", (backend, context) =>
      backend.lease!(request, context),
    );
    this.#ports.onEnded();
    return outcome.kind === "released";
  }

  abandon(reason: unknown): void {
    this.#end(reason);
  }

  /** Also when the store has lost it. Timers may fire a little early; the signal must not come late, so a due timer ends the lock. */
  #onDue(): void {
    this.#end(new LockLostError("lock"));
    this.#ports.onEnded();
  }

  #end(reason: unknown): void {
    this.#isEnded = true;
    this.#ports.held.delete(this);
    this.#timer?.cancel();
    this.#stopListening?.();
    this.#controller.abort(reason);
  }
}
