import { nextValue } from "../../atomic/counter.ts";
import type { OperationContext } from "../../backend/backend.ts";
import { type CounterRequest, type CounterResult, OP_ID_WINDOW_MS } from "../../backend/counter.ts";
import { decodeInteger } from "../../codec/integer-text.ts";
import { CounterError } from "../../foundation/errors.ts";
import type { CountedOperation } from "./counted-operation.ts";
import type { FoundItem } from "./item-store.ts";

const SPACE = 0x20;

/** A request to count that waits for its result. */
export interface WaitingCount {
  readonly request: CounterRequest;
  /** Of its id; `undefined`: it has none. */
  readonly digest: string | undefined;
  readonly context: OperationContext;
  readonly resolve: (result: CounterResult) => void;
  readonly reject: (error: unknown) => void;
}

/** What a round of requests does to a counter. */
export interface RoundDecision {
  /** Those that no write can change any more, and how each is told. */
  readonly done: readonly WaitingCount[];
  readonly settled: readonly (() => void)[];
  /** Those that get their result when the write succeeds; a request that is in the round twice is here twice. */
  readonly accepted: ReadonlyArray<{ readonly one: WaitingCount; readonly result: bigint }>;
  /** The counter after all accepted ones. */
  readonly value: bigint;
  /** Accepted ones with an id. */
  readonly operations: readonly CountedOperation[];
  /** The first accepted one, when there was no live entry. */
  readonly creator: CounterRequest | undefined;
}

/**
 * Applies requests to a counter in their order, as if each came by itself. Those that were counted before get their first result, those that
 * cannot be counted their error.
 *
 * @param counted operations of these requests that were found under keys of their own
 */
export function decideCount(
  found: FoundItem,
  requests: readonly WaitingCount[],
  counted: ReadonlyMap<string, CountedOperation>,
  nowMs: number,
): RoundDecision {
  const draft = new DecisionDraft(found, knownOperations(found, counted, nowMs), nowMs);
  for (const one of requests) draft.add(one);
  return draft.end();
}

/** A decision while requests are added to it. */
class DecisionDraft {
  readonly #found: FoundItem;
  readonly #known: ReadonlyMap<string, CountedOperation>;
  readonly #nowMs: number;
  readonly #inRound = new Map<string, bigint>();
  readonly #done: WaitingCount[] = [];
  readonly #settled: (() => void)[] = [];
  readonly #accepted: { readonly one: WaitingCount; readonly result: bigint }[] = [];
  readonly #operations: CountedOperation[] = [];
  #current: { readonly value: unknown } | undefined;
  #value = 0n;

  constructor(found: FoundItem, known: ReadonlyMap<string, CountedOperation>, nowMs: number) {
    this.#found = found;
    this.#known = known;
    this.#nowMs = nowMs;
    this.#current = currentValue(found);
  }

  add(one: WaitingCount): void {
    const before = one.digest === undefined ? undefined : this.#known.get(one.digest);
    try {
      if (before === undefined) this.#count(one);
      else this.#repeat(one, before);
    } catch (error) {
      this.#settle(one, () => one.reject(error));
    }
  }

  end(): RoundDecision {
    return {
      done: this.#done,
      settled: this.#settled,
      accepted: this.#accepted,
      value: this.#value,
      operations: this.#operations,
      creator: this.#found.live === undefined ? this.#accepted[0]?.one.request : undefined,
    };
  }

  #repeat(one: WaitingCount, before: CountedOperation): void {
    const value = repeated(before.result, one.request);
    const version = before.version === 0 ? this.#found.itemVersion : before.version;
    this.#settle(one, () => one.resolve({ value, version }));
  }

  #count(one: WaitingCount): void {
    const { digest, request } = one;
    const twin = digest === undefined ? undefined : this.#inRound.get(digest);
    const result = twin === undefined ? nextValue(this.#current, request) : repeated(twin, request);
    this.#accepted.push({ one, result });
    if (twin !== undefined) return;
    this.#current = { value: result };
    this.#value = result;
    if (digest === undefined) return;
    this.#inRound.set(digest, result);
    this.#operations.push({ digest, result, version: 0, countedAt: this.#nowMs });
  }

  #settle(one: WaitingCount, settle: () => void): void {
    this.#settled.push(settle);
    this.#done.push(one);
  }
}

/** Those of the item count also when it is no live entry any more: a repetition changes nothing, whatever became of the counter. */
function knownOperations(
  { item }: FoundItem,
  counted: ReadonlyMap<string, CountedOperation>,
  nowMs: number,
): ReadonlyMap<string, CountedOperation> {
  const known = new Map(counted);
  for (const operation of item?.operations ?? []) known.set(operation.digest, operation);
  for (const [digest, { countedAt }] of known) if (countedAt + OP_ID_WINDOW_MS <= nowMs) known.delete(digest);
  return known;
}

/** `undefined` when there is no live entry; text stands for a value that is no integer. */
function currentValue({ live }: FoundItem): { readonly value: unknown } | undefined {
  return live && { value: integerIn(live.payload) ?? "no integer" };
}

/** The integer of a counter's text. The server's own arithmetic leaves spaces behind a number that lost digits. */
export function integerIn(payload: Uint8Array): number | bigint | undefined {
  let end = payload.length;
  while (end > 1 && payload[end - 1] === SPACE) end -= 1;
  return decodeInteger(payload.subarray(0, end));
}

function repeated(result: bigint, { minimum, maximum }: CounterRequest): bigint {
  if (result >= minimum && result <= maximum) return result;
  throw new CounterError(
    "GCX_COUNTER_RANGE",
    "increment: it was counted before, and its result is outside the range it is asked in now.",
  );
}
