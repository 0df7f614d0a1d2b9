import type { Cache } from "../../cache/cache.ts";
import type { RandomSource } from "../../foundation/random-source.ts";
import { HeavyHitters } from "./heavy-hitters.ts";
import type { HotKeys } from "./live-document.ts";
import { cutKey } from "./shown-key.ts";

/** Keys that are counted at a time: each that has more than 1/512 of the reads is surely among them. */
const COUNTED_KEY_COUNT = 512;
const SHOWN_KEY_COUNT = 20;
/** About so many reads a second are counted; of the others only that they were is known. */
const COUNTED_READS_PER_SECOND = 2_000;
const MAX_GAP = 4_096;
/** Every so many seconds the past counts half as much: what is shown is about the last minute. */
const HALVING_SECONDS = 30;
/** No namespace has this in its path, so that it divides namespace and key. */
const DIVIDER = "\u0000";

/**
 * The keys that are read most, counted in samples. Reads are told of one by one only to who listens, and listening makes every hit dearer, so it listens
 * from {@link HotKeyWatch.start} to {@link HotKeyWatch.stop}: while somebody looks.
 */
export class HotKeyWatch {
  readonly #cache: Cache;
  readonly #random: RandomSource;
  readonly #keys = new HeavyHitters(COUNTED_KEY_COUNT);
  #stops: readonly (() => void)[] = [];
  /** One of so many reads is counted, on average. */
  #gap = 1;
  #skipCount = 0;
  #countedInSecond = 0;
  #seconds = 0;

  constructor(cache: Cache, random: RandomSource) {
    this.#cache = cache;
    this.#random = random;
  }

  /** Begins to listen, without anything from before. */
  start(): void {
    if (this.#stops.length > 0) return;
    this.#keys.clear();
    this.#gap = 1;
    this.#skipCount = 0;
    this.#countedInSecond = 0;
    this.#seconds = 0;
    this.#stops = [
      this.#cache.on("hit", ({ key, namespace }) => this.#see(key, namespace, true)),
      this.#cache.on("miss", ({ key, namespace }) => this.#see(key, namespace, false)),
    ];
  }

  /** Stops listening: hits cost what they did before. */
  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  /** A second is over: adapts how many reads are skipped to how many there were. */
  roll(): void {
    if (this.#stops.length === 0) return;
    const wanted = (this.#countedInSecond * this.#gap) / COUNTED_READS_PER_SECOND;
    this.#gap = Math.min(MAX_GAP, Math.max(1, Math.round(wanted)));
    this.#countedInSecond = 0;
    this.#seconds += 1;
    if (this.#seconds % HALVING_SECONDS === 0) this.#keys.halve();
  }

  /** What is known now. */
  list(): HotKeys {
    const total = this.#keys.total;
    const keys = this.#keys.top(SHOWN_KEY_COUNT).map(({ id, count, errorCount, markedCount }) => {
      const dividerAt = id.indexOf(DIVIDER);
      return {
        key: id.slice(dividerAt + 1),
        namespace: id.slice(0, dividerAt),
        ratio: count / total,
        errorRatio: errorCount / total,
        hitRatio: count > errorCount ? markedCount / (count - errorCount) : 0,
      };
    });
    return {
      isWatching: this.#stops.length > 0,
      sampledOneIn: this.#gap,
      readCount: Math.round(total),
      // A key that has its place only by what it inherited is not known to be hot.
      keys: keys.filter(({ ratio, errorRatio }) => ratio > 2 * errorRatio),
    };
  }

  #see(key: string, namespace: string, isHit: boolean): void {
    if (this.#skipCount > 0) {
      this.#skipCount -= 1;
      return;
    }
    // A random gap, because reads that come in rounds would always be met at the same key.
    this.#skipCount = Math.floor(this.#random.next() * (2 * this.#gap - 1));
    this.#countedInSecond += 1;
    this.#keys.add(`${namespace}${DIVIDER}${cutKey(key)}`, this.#gap, isHit);
  }
}
