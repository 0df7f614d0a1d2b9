/** How to move a counter. Integers are bigints here, so that no digit is lost between the caller and the store. */
export interface CounterRequest {
  /** What to add; may be negative. */
  readonly delta: bigint;
  /** The value before the addition when the key is absent. */
  readonly initial: bigint;
  /** TTL of the entry when the key is absent, ms or `Infinity`. An existing entry keeps its own. */
  readonly ttlMs: number;
  /** Tags of the entry when the key is absent; none unless the store has the capability. An existing entry keeps its own. */
  readonly tags?: readonly string[] | undefined;
  /** Refuse (`GCX_COUNTER_RANGE`) when the result is outside; nothing changes then. */
  readonly minimum: bigint;
  /** See `minimum`. */
  readonly maximum: bigint;
  /**
   * A repeated request of the key with the same id within {@link OP_ID_WINDOW_MS} changes nothing and returns the first
   * result, or `GCX_COUNTER_RANGE` when that is outside `minimum`…`maximum`.
   */
  readonly opId?: string | undefined;
}

/** A counter after its move. */
export interface CounterResult {
  /** The integer now stored. */
  readonly value: bigint;
  /** Version of the entry that holds it. */
  readonly version: number;
}

/** How long a store remembers an `opId`: 10 minutes, longer than any sensible retry. */
export const OP_ID_WINDOW_MS = 600_000;

/** Counters are 64-bit signed, as in Redis. */
export const MIN_COUNTER: bigint = -(2n ** 63n);
/** See {@link MIN_COUNTER}. */
export const MAX_COUNTER: bigint = 2n ** 63n - 1n;
