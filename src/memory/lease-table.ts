import type { LeaseOutcome, LeaseRequest } from "../backend/lease.ts";
import type { Clock } from "../foundation/clock.ts";
import type { VersionCounter } from "./version-counter.ts";

interface HeldLease {
  readonly owner: string;
  readonly token: number;
  /** Monotonic instant at which it ends. */
  validUntil: number;
}

const FIRST_PURGE_COUNT = 64;

/**
 * Leases by key, apart from entries: no bound, policy, clear or tag touches them. They end by the monotonic clock,
 * so setting the machine's clock neither ends nor prolongs one. Tokens come from the store's counter: they grow with every
 * acquisition, also of a key whose lease was forgotten long ago.
 */
export class LeaseTable {
  readonly #held = new Map<string, HeldLease>();
  readonly #clock: Clock;
  readonly #versions: VersionCounter;
  #purgeCount = FIRST_PURGE_COUNT;

  constructor(clock: Clock, versions: VersionCounter) {
    this.#clock = clock;
    this.#versions = versions;
  }

  /** Carries out a request. An owner that acquires what it holds already keeps its token and gets the new end. Amortized O(1). */
  handle(request: LeaseRequest): LeaseOutcome {
    const nowMs = this.#clock.monotonicMs();
    const held = this.#heldAt(request.key, nowMs);
    if (request.kind === "acquire") return this.#acquire(request.key, request.owner, request.ttlMs, held, nowMs);
    if (held === undefined || held.owner !== request.owner) return { kind: "lost" };
    if (request.kind === "release") {
      this.#held.delete(request.key);
      return { kind: "released" };
    }
    held.validUntil = nowMs + request.ttlMs;
    return { kind: "held", token: held.token };
  }

  /** Forgets all leases. */
  clear(): void {
    this.#held.clear();
  }

  #acquire(key: string, owner: string, ttlMs: number, held: HeldLease | undefined, nowMs: number): LeaseOutcome {
    if (held !== undefined && held.owner !== owner) return { kind: "busy", remainingMs: held.validUntil - nowMs };
    const lease: HeldLease = held ?? { owner, token: this.#versions.next(), validUntil: 0 };
    lease.validUntil = nowMs + ttlMs;
    if (held === undefined) {
      this.#purge(nowMs);
      this.#held.set(key, lease);
    }
    return { kind: "held", token: lease.token };
  }

  #heldAt(key: string, nowMs: number): HeldLease | undefined {
    const lease = this.#held.get(key);
    if (lease === undefined || nowMs < lease.validUntil) return lease;
    this.#held.delete(key);
    return undefined;
  }

  /** Leases that nobody released or asked for again are dropped whenever the table has doubled. */
  #purge(nowMs: number): void {
    if (this.#held.size < this.#purgeCount) return;
    for (const [key, lease] of this.#held) if (nowMs >= lease.validUntil) this.#held.delete(key);
    this.#purgeCount = Math.max(FIRST_PURGE_COUNT, this.#held.size * 2);
  }
}
