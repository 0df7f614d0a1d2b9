import { BackendTimeoutError, OutcomeUnknownError } from "../../src/foundation/errors.ts";
import type { EventOwner, EventQueue } from "./event-queue.ts";
import type { KeyHistory } from "./key-history.ts";
import { mixedRandom, wordOf } from "./mixed-random.ts";
import type { LinkWay, SimulationSettings } from "./schedule.ts";
import type { EndedValue, SharedStoreModel } from "./shared-store-model.ts";

/** What a link is made of. */
export interface StoreLinkParts {
  readonly seed: number;
  readonly settings: SimulationSettings;
  readonly queue: EventQueue;
  readonly store: SharedStoreModel;
  readonly history: KeyHistory;
  readonly owner: EventOwner;
  /** Tells the links of a run apart. */
  readonly number: number;
  /** Is told what happens, for people. */
  readonly onEvent?: ((text: string) => void) | undefined;
}

/** How a call ended at the store, for who holds the answer against the truth. */
export interface CallTrace {
  /** When the store did it; `undefined`: it did not, as far as is known. */
  committedAtMs: number | undefined;
  /** For each key that changed, its period then. */
  readonly periods: Map<string, number>;
  /** What it ended by tags. */
  ended: readonly EndedValue[];
  /** Whether another call of the same name was expected beside it, so that either may have the other's. */
  isAmbiguous?: boolean;
}

interface RunningCall {
  readonly fail: () => void;
}

const UP = 0;

/** The way from one process to the store and back. Messages are late, lost, doubled or held by what the schedule says and by chance of the seed. */
export class StoreLink {
  readonly #parts: StoreLinkParts;
  readonly #running = new Set<RunningCall>();
  readonly #dropUntilMs: Record<LinkWay, number> = { request: UP, reply: UP, feed: UP, middle: UP };
  readonly #holdUntilMs: Record<LinkWay, number> = { request: UP, reply: UP, feed: UP, middle: UP };
  readonly #slowUntilMs: Record<LinkWay, number> = { request: UP, reply: UP, feed: UP, middle: UP };
  readonly #slowByMs: Record<LinkWay, number> = { request: 0, reply: 0, feed: 0, middle: 0 };
  readonly #lastAtMs: Record<LinkWay, number> = { request: 0, reply: 0, feed: 0, middle: 0 };
  /** The trace of the call that is made in this step. */
  trace: CallTrace | undefined;
  /** Calls that were not answered in time, or failed with the link. */
  readonly lostOperations: Set<string> = new Set();
  readonly #expected = new Map<string, CallTrace[]>();

  constructor(parts: StoreLinkParts) {
    this.#parts = parts;
  }

  /** Follows the next call of this operation that nobody follows yet. */
  expect(operation: string): CallTrace {
    const trace: CallTrace = { committedAtMs: undefined, periods: new Map(), ended: [] };
    const others = this.#expected.get(operation);
    if (others === undefined || others.length === 0) {
      this.#expected.set(operation, [trace]);
      return trace;
    }
    others.push(trace);
    for (const other of others) other.isAmbiguous = true;
    return trace;
  }

  /** Nobody makes that call any more. */
  forget(operation: string, trace: CallTrace): void {
    const traces = this.#expected.get(operation);
    const at = traces?.indexOf(trace) ?? -1;
    if (at >= 0) traces?.splice(at, 1);
  }

  /** Sends a question or a change; settles by itself. */
  call<T>(kind: "read" | "write", operation: string, apply: (store: SharedStoreModel) => T): Promise<T> {
    const { queue, settings, owner, store } = this.#parts;
    const trace = this.trace ?? this.#expected.get(operation)?.shift();
    this.trace = undefined;
    const word = wordOf(operation) ^ Math.round(queue.nowMs * 1_000);
    return new Promise<T>((resolve, reject) => {
      const running: RunningCall = {
        fail: () =>
          settle(() => {
            this.lostOperations.add(operation);
            reject(lostError(kind, operation, settings.callDeadlineMs));
          }),
      };
      const deadline = queue.at(queue.nowMs + settings.callDeadlineMs, "timer", owner, running.fail);
      const settle = (finish: () => void): void => {
        deadline.cancel();
        if (this.#running.delete(running)) finish();
      };
      this.#running.add(running);
      const { onEvent } = this.#parts;
      onEvent?.(`sends ${operation}`);
      this.#carry("request", word, undefined, () => {
        onEvent?.(`is done at the store: ${operation}`);
        const answer = this.#apply(store, apply, trace);
        this.#carry("reply", word ^ 1, owner, () => {
          onEvent?.(`is answered: ${operation} ${describe(answer)}`);
          settle(() => resolve(answer));
        });
      });
    });
  }

  /** Hands a message about a change to the process, in time, twice, or not. */
  deliver(word: number, arrive: () => void): void {
    const { seed, settings, owner, number } = this.#parts;
    if (mixedRandom(seed, number, word, 11) < settings.lostRatio) return;
    this.#carry("feed", word, owner, arrive);
    if (mixedRandom(seed, number, word, 12) < settings.doubledRatio) this.#carry("feed", word ^ 2, owner, arrive);
  }

  /** Lets a fault begin. */
  impair(ways: readonly LinkWay[], effect: "drop" | "hold" | "slow", untilMs: number, byMs: number = 0): void {
    const all = { drop: this.#dropUntilMs, hold: this.#holdUntilMs, slow: this.#slowUntilMs };
    const until = all[effect];
    for (const way of ways) {
      until[way] = Math.max(until[way], untilMs);
      if (effect === "slow") this.#slowByMs[way] = byMs;
    }
  }

  /** By how much what is written to the middle tier now is late, in ms; `undefined`: it is lost. */
  middleDelayMs(): number | undefined {
    const { nowMs } = this.#parts.queue;
    if (this.#dropUntilMs.middle > nowMs) return undefined;
    return this.#slowUntilMs.middle > nowMs ? this.#slowByMs.middle : 0;
  }

  /** Fails every call that waits; what was sent may still arrive. */
  reset(): void {
    for (const running of [...this.#running]) running.fail();
  }

  #apply<T>(store: SharedStoreModel, apply: (store: SharedStoreModel) => T, trace: CallTrace | undefined): T {
    const { history, queue } = this.#parts;
    store.touched = [];
    store.ended = [];
    const answer = apply(store);
    if (trace !== undefined) {
      trace.committedAtMs = queue.nowMs;
      trace.ended = store.ended;
      for (const key of store.touched) trace.periods.set(key, history.numberAt(key, queue.nowMs));
    }
    return answer;
  }

  #carry(way: LinkWay, word: number, owner: EventOwner | undefined, arrive: () => void): void {
    const { queue, seed, settings, number } = this.#parts;
    const { nowMs } = queue;
    if (this.#dropUntilMs[way] > nowMs) return;
    const chance = mixedRandom(seed, number, wordOf(way), word);
    const part = mixedRandom(seed, number, wordOf(way), word, 5);
    const longestMs = chance < 0.1 ? settings.rareDelayMs : settings.usualDelayMs;
    // Whole milliseconds, so that things often happen at one instant.
    const delayMs = 1 + Math.floor(part * longestMs);
    const isOrdered = way === "feed" ? settings.feed === "ordered" : settings.isLinkOrdered;
    const slowMs = this.#slowUntilMs[way] > nowMs ? this.#slowByMs[way] : 0;
    let atMs = Math.max(nowMs, this.#holdUntilMs[way]) + delayMs + slowMs;
    if (isOrdered) atMs = Math.max(atMs, this.#lastAtMs[way]);
    this.#lastAtMs[way] = Math.max(this.#lastAtMs[way], atMs);
    const rank = isOrdered ? mixedRandom(seed, number, wordOf(way), Math.round(atMs * 1_000)) : undefined;
    queue.at(atMs, way === "feed" ? "feed" : "reply", owner, arrive, rank);
  }
}

function describe(answer: unknown): string {
  return JSON.stringify(answer, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)) ?? "";
}

function lostError(kind: "read" | "write", operation: string, timeoutMs: number): Error {
  return kind === "write"
    ? new OutcomeUnknownError("model", operation)
    : new BackendTimeoutError("model", operation, timeoutMs);
}
