import type { BackendCall } from "../backend/backend-call.ts";
import type { BackendCapabilities } from "../backend/capabilities.ts";
import { type CounterRequest, type CounterResult, MAX_COUNTER, MIN_COUNTER } from "../backend/counter.ts";
import type { StoredEntry, WriteCondition } from "../backend/stored-entry.ts";
import { CounterError, InvalidArgumentError, UnsupportedOperationError } from "../foundation/errors.ts";
import { type RetryPolicy, retryOptimistically } from "./optimistic-retry.ts";

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** What a caller asks of a counter. */
export interface CounterMove {
  readonly delta: number | bigint;
  /** 1n counts up by `delta`, -1n down. */
  readonly direction: 1n | -1n;
  /** Tags of an entry that is created. */
  readonly tags: readonly string[];
  readonly initial: number | bigint | undefined;
  readonly ttlMs: number;
  readonly opId: string | undefined;
}

/** What counting needs. */
export interface CounterPorts extends RetryPolicy {
  readonly call: BackendCall;
  readonly capabilities: BackendCapabilities;
  readonly backendName: string;
}

/**
 * Adds to the integer under a key: by the store's own counter where it has one, else by conditional writes.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_COUNTER` for a delta or initial value that is no integer
 * @throws CounterError `GCX_COUNTER_TYPE`, `GCX_COUNTER_RANGE`
 */
export async function moveCounter(key: string, move: CounterMove, ports: CounterPorts): Promise<CounterResult> {
  const request = toRequest(move);
  return ports.capabilities.counters
    ? ports.call("increment", "write", (backend, context) => backend.increment!(key, request, context))
    : countByConditionalWrites(key, request, ports);
}

function toRequest(move: CounterMove): CounterRequest {
  const isWide = typeof move.delta === "bigint";
  return {
    delta: toInteger(move.delta, "delta") * move.direction,
    tags: move.tags,
    initial: toInteger(move.initial ?? 0, "initial"),
    ttlMs: move.ttlMs,
    // A result that a number cannot hold exactly must be refused before it is stored, not after.
    minimum: isWide ? MIN_COUNTER : -MAX_SAFE,
    maximum: isWide ? MAX_COUNTER : MAX_SAFE,
    opId: move.opId,
  };
}

function toInteger(value: unknown, argument: string): bigint {
  if (typeof value === "bigint") return value;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  throw new InvalidArgumentError(
    "GCX_ARGUMENT_COUNTER",
    argument,
    `${argument} must be an integer within ±(2^53 − 1), or a bigint.`,
  );
}

function countByConditionalWrites(key: string, request: CounterRequest, ports: CounterPorts): Promise<CounterResult> {
  if (!ports.capabilities.conditionalWrites) {
    throw new UnsupportedOperationError(
      "increment",
      `The store "${ports.backendName}" has neither counters nor conditional writes. Use a store that has, or count elsewhere.`,
    );
  }
  if (request.opId !== undefined) {
    throw new UnsupportedOperationError(
      "increment",
      `The store "${ports.backendName}" cannot remember an opId. Leave it out, or use a store with counters.`,
    );
  }
  return retryOptimistically("increment", ports, async () => {
    const entry = await ports.call("increment", "read", (backend, context) => backend.get(key, context));
    const value = nextValue(entry, request);
    const condition: WriteCondition =
      entry === undefined ? { kind: "absent" } : { kind: "version", version: entry.version };
    const ttlMs = entry === undefined ? request.ttlMs : ports.remainingTtlMs(entry);
    const tags = entry === undefined ? (request.tags ?? []) : entry.tags;
    // An entry in its last instant is written with the shortest TTL; its condition fails if it is over by then.
    const write = { value: toCounterValue(value), ttlMs: Math.max(ttlMs, 1), tags, condition };
    const result = await ports.call("increment", "write", (backend, context) => backend.set(key, write, context));
    return result.stored ? { value, version: result.version } : undefined;
  });
}

/**
 * The counter's value after a request, on the entry found (or none).
 *
 * @throws CounterError when the entry is no integer or the result is out of range
 */
export function nextValue(entry: Pick<StoredEntry, "value"> | undefined, request: CounterRequest): bigint {
  const value = (entry === undefined ? request.initial : readCounter(entry.value)) + request.delta;
  if (value >= request.minimum && value <= request.maximum) return value;
  throw new CounterError(
    "GCX_COUNTER_RANGE",
    "The counter's result would leave its range; nothing was changed. Pass a bigint delta for results beyond ±(2^53 − 1); 64 bits is the end.",
  );
}

function readCounter(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  throw new CounterError("GCX_COUNTER_TYPE", "The key holds a value that is not an integer; it cannot be counted.");
}

/** How a counter is kept as a value: a number where it is exact, else a bigint. */
export function toCounterValue(value: bigint): number | bigint {
  return value >= -MAX_SAFE && value <= MAX_SAFE ? Number(value) : value;
}
