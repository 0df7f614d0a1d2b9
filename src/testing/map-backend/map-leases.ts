import type { LeaseOutcome, LeaseRequest } from "../../backend/lease.ts";
import type { Clock } from "../../foundation/clock.ts";

interface HeldLease {
  readonly owner: string;
  readonly token: number;
  readonly untilMs: number;
}

/** Leases in a plain `Map`, apart from all entries. One token counter for all keys, never set back. */
export class MapLeases {
  readonly #clock: Clock;
  readonly #held = new Map<string, HeldLease>();
  #lastToken = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  request(request: LeaseRequest): LeaseOutcome {
    const nowMs = this.#clock.monotonicMs();
    const found = this.#held.get(request.key);
    const current = found !== undefined && found.untilMs > nowMs ? found : undefined;
    if (request.kind === "acquire") {
      if (current?.owner === request.owner) return this.#prolong(current, request.key, nowMs + request.ttlMs);
      if (current !== undefined) return { kind: "busy", remainingMs: current.untilMs - nowMs };
      this.#lastToken += 1;
      return this.#hold(request.key, { owner: request.owner, token: this.#lastToken, untilMs: nowMs + request.ttlMs });
    }
    if (current === undefined || current.owner !== request.owner) return { kind: "lost" };
    if (request.kind === "extend") return this.#prolong(current, request.key, nowMs + request.ttlMs);
    this.#held.delete(request.key);
    return { kind: "released" };
  }

  /** An owner that holds the lease already keeps its token. */
  #prolong(lease: HeldLease, key: string, untilMs: number): LeaseOutcome {
    return this.#hold(key, { ...lease, untilMs });
  }

  #hold(key: string, lease: HeldLease): LeaseOutcome {
    this.#held.set(key, lease);
    return { kind: "held", token: lease.token };
  }
}
