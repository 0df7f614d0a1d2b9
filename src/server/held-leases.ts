import { randomUUID } from "node:crypto";
import type { Lock } from "../atomic/lock.ts";
import { HttpProblem } from "./problem.ts";

/** Most leases that clients of a node hold at a time. */
const MAX_LEASE_COUNT = 10_000;

interface HeldLease {
  /** Name of the lock with its namespaces, so that a lease opens no other lock. */
  readonly place: string;
  readonly lock: Lock;
}

/**
 * Locks that clients hold through this node, by the name of their lease: 122 random bits that only the holder was told. A lease that
 * ends is forgotten at once. They live in this process: extend and release at the node that gave the lease.
 */
export class HeldLeases {
  readonly #leases = new Map<string, HeldLease>();

  /** Leases that are held. */
  get count(): number {
    return this.#leases.size;
  }

  /**
   * Makes sure that there is room before a lock is taken.
   *
   * @throws HttpProblem 503 with `Retry-After`
   */
  assertRoom(): void {
    if (this.#leases.size < MAX_LEASE_COUNT) return;
    throw new HttpProblem(503, `Clients of this node hold ${MAX_LEASE_COUNT} locks already. Try again later.`, {
      "Retry-After": "1",
    });
  }

  /** Keeps a lock until it ends. @returns the name of its lease */
  keep(place: string, lock: Lock): string {
    const lease = randomUUID();
    this.#leases.set(lease, { place, lock });
    // A lock that has ended before anybody listened has no abort to come.
    if (lock.signal.aborted) this.#leases.delete(lease);
    else lock.signal.addEventListener("abort", () => this.#leases.delete(lease), { once: true });
    return lease;
  }

  /** The lock of a lease, or `undefined` when it has ended or belongs to another lock. */
  find(place: string, lease: string): Lock | undefined {
    const held = this.#leases.get(lease);
    return held?.place === place ? held.lock : undefined;
  }
}
