import type { CounterRequest, CounterResult } from "../../backend/counter.ts";
import { MAX_COUNTER, MIN_COUNTER, OP_ID_WINDOW_MS } from "../../backend/counter.ts";
import { decodeInteger } from "../../codec/integer-text.ts";
import type { Clock } from "../../foundation/clock.ts";
import { CounterError } from "../../foundation/errors.ts";
import type { OwnedStore } from "./owned-store.ts";

/** Results that are remembered by their id; beyond so many the oldest is forgotten. */
const MAX_REMEMBERED = 65_536;

/** A counter after its move; `isRepeated`: it had moved before, by the same id. */
export interface CounterMove extends CounterResult {
  readonly isRepeated: boolean;
}

interface Remembered {
  readonly key: string;
  readonly result: CounterResult;
  readonly atMs: number;
}

/** Integers as decimal text in the store of an owner, as stores of bytes keep them. */
export class OwnedCounters {
  readonly #store: OwnedStore;
  readonly #clock: Pick<Clock, "monotonicMs" | "wallMs">;
  readonly #results = new Map<string, Remembered>();

  constructor(store: OwnedStore, clock: Pick<Clock, "monotonicMs" | "wallMs">) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Moves a counter, once per `opId`.
   *
   * @param key what it is called outside, `inner` in the store
   * @throws CounterError `GCX_COUNTER_TYPE` when something else is there, `GCX_COUNTER_RANGE` when the result is out of bounds; then nothing changed
   */
  move(key: string, inner: string, request: CounterRequest): CounterMove {
    const { delta, initial, ttlMs, tags = [], opId } = request;
    const id = opId === undefined ? undefined : `${inner.length}:${inner}${opId}`;
    const known = id === undefined ? undefined : this.#find(id);
    if (known !== undefined) {
      assertInRange(known.value, request);
      return { ...known, isRepeated: true };
    }
    const entry = this.#store.get(inner);
    const value = (entry === undefined ? initial : toInteger(entry.value)) + delta;
    assertInRange(value, request);
    // An entry that is there keeps its end.
    const restMs = entry === undefined ? ttlMs : Math.max(1, entry.expiresAt - this.#clock.wallMs());
    const bytes = Buffer.from(value.toString(), "latin1");
    const written = this.#store.set(inner, { value: bytes, ttlMs: restMs, tags: entry?.tags ?? tags });
    const result = { value, version: written.version };
    if (id !== undefined) this.#remember(id, { key, result, atMs: this.#clock.monotonicMs() });
    return { ...result, isRepeated: false };
  }

  /** Forgets what was done to the keys that are covered. */
  forget(covers: (key: string) => boolean): void {
    for (const [id, { key }] of this.#results) if (covers(key)) this.#results.delete(id);
  }

  /** Forgets everything. */
  close(): void {
    this.#results.clear();
  }

  #find(id: string): CounterResult | undefined {
    const found = this.#results.get(id);
    return found !== undefined && this.#clock.monotonicMs() - found.atMs <= OP_ID_WINDOW_MS ? found.result : undefined;
  }

  #remember(id: string, remembered: Remembered): void {
    this.#results.delete(id);
    for (const [oldest, { atMs }] of this.#results) {
      if (this.#results.size < MAX_REMEMBERED && remembered.atMs - atMs <= OP_ID_WINDOW_MS) break;
      this.#results.delete(oldest);
    }
    this.#results.set(id, remembered);
  }
}

function toInteger(value: unknown): bigint {
  const integer = value instanceof Uint8Array ? decodeInteger(value) : undefined;
  if (integer !== undefined) return BigInt(integer);
  throw new CounterError("GCX_COUNTER_TYPE", "The value is not an integer, so it cannot be counted.");
}

function assertInRange(value: bigint, { minimum, maximum }: CounterRequest): void {
  if (value >= minimum && value <= maximum && value >= MIN_COUNTER && value <= MAX_COUNTER) return;
  throw new CounterError("GCX_COUNTER_RANGE", "The counter would leave its range; nothing was changed.");
}
