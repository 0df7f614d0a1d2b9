import type { Duration } from "../foundation/duration.ts";

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
