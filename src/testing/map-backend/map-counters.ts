import {
  type CounterRequest,
  type CounterResult,
  MAX_COUNTER,
  MIN_COUNTER,
  OP_ID_WINDOW_MS,
} from "../../backend/counter.ts";
import type { Clock } from "../../foundation/clock.ts";
import { CounterError } from "../../foundation/errors.ts";
import type { MapStore } from "./map-store.ts";

interface RememberedResult {
  readonly result: CounterResult;
  readonly forgetAtMs: number;
}

/** Counters over a {@link MapStore}. An operation id belongs to its key: two keys may use the same one. */
export class MapCounters {
  readonly #store: MapStore;
  readonly #clock: Clock;
  readonly #storage: "values" | "bytes";
  readonly #remembered = new Map<string, RememberedResult>();

  constructor(store: MapStore, clock: Clock, storage: "values" | "bytes") {
    this.#store = store;
    this.#clock = clock;
    this.#storage = storage;
  }

  increment(key: string, request: CounterRequest): CounterResult {
    const rememberedKey = request.opId === undefined ? undefined : JSON.stringify([key, request.opId]);
    const repeated = rememberedKey === undefined ? undefined : this.#recall(rememberedKey);
    if (repeated !== undefined) {
      assertInRange(repeated.value, request);
      return repeated;
    }
    const result = this.#apply(key, request);
    if (rememberedKey !== undefined) {
      this.#remembered.set(rememberedKey, { result, forgetAtMs: this.#clock.monotonicMs() + OP_ID_WINDOW_MS });
    }
    return result;
  }

  #recall(rememberedKey: string): CounterResult | undefined {
    const remembered = this.#remembered.get(rememberedKey);
    if (remembered === undefined || remembered.forgetAtMs > this.#clock.monotonicMs()) return remembered?.result;
    this.#remembered.delete(rememberedKey);
    return undefined;
  }

  #apply(key: string, request: CounterRequest): CounterResult {
    const entry = this.#store.get(key);
    const value = (entry === undefined ? request.initial : readCounter(entry.value)) + request.delta;
    assertInRange(value, request);
    const stored = this.#encode(value);
    if (entry !== undefined) return { value, version: this.#store.rewrite(key, stored) };
    const { version } = this.#store.set(key, { value: stored, ttlMs: request.ttlMs, tags: request.tags ?? [] });
    return { value, version };
  }

  #encode(value: bigint): unknown {
    if (this.#storage === "bytes") return new TextEncoder().encode(String(value));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}

function assertInRange(value: bigint, request: CounterRequest): void {
  const minimum = request.minimum > MIN_COUNTER ? request.minimum : MIN_COUNTER;
  const maximum = request.maximum < MAX_COUNTER ? request.maximum : MAX_COUNTER;
  if (value >= minimum && value <= maximum) return;
  throw new CounterError(
    "GCX_COUNTER_RANGE",
    "The counter's result is outside its range. Pass a bigint delta or a smaller one.",
  );
}

/** A counter as a number, a bigint, or the ASCII digits that Redis and memcached keep. */
function readCounter(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  const digits = value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
  if (/^-?\d{1,19}$/.test(digits)) return BigInt(digits);
  throw new CounterError("GCX_COUNTER_TYPE", "The key holds a value that is no integer. Delete it or use another key.");
}
