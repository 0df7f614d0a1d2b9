import type { EvictionPolicy, EvictionPolicyOptions } from "./eviction-policy.ts";
import { ReuseClock } from "./reuse-clock.ts";
import { WindowTuner } from "./window-tuner.ts";

/** The policy is fitted anew when the number of entries leaves the one it is fitted to by more than a quarter of it, */
const DRIFT_BITS = 2;
/** and by more than this, for entries of different weights let it vary. */
const MIN_DRIFT_COUNT = 2;

/**
 * W-LIRS: newcomers pass through a window, a queue. What was not read there leaves; what was read may go on to the main ring, a
 * CLOCK with two-bit counters, when it was used again sooner than the main ring's coldest entry has been idle: the
 * test of LIRS, which keeps scans and loops out, and yet lets in what is new and used. A history remembers when keys that left were
 * used last, so that one that comes back soon enough goes to the main ring at once. Miniatures of the cache find the
 * window that suits the load, from 1 % to all, where the order becomes that of LRU.
 *
 * ```text
 *                 key known, and used sooner than the main ring's coldest is idle
 *              ┌───────────────────────────────────────────────────────────┐
 * insert ──────┤                    read, and sooner than the coldest ...  ▼
 *              └──► window (queue) ───────────────────────────────────► main ring (CLOCK) ──► history (time of last use)
 *                        └───────────── not read, or not soon enough ───────────────────────────▲
 * ```
 *
 * Time is counted in insertions: a load that only hits ages nothing. A read writes one byte, unless the window is all. An
 * insertion and an eviction move the hand by at most 16 entries each. 13 bytes a slot and about 8 per entry of capacity for the history, and some 20 KB for the miniatures.
 *
 * Deviations from LIRS: a ring and a queue with times in place of a stack and a list, so that a read moves nothing; an entry's last use is known
 * as of the hand's last visit only, so it counts as younger than it is; the window has no fixed share.
 *
 * Sources: Jiang, Zhang, "LIRS", SIGMETRICS 2002, https://doi.org/10.1145/511334.511340; CLOCK-Pro, USENIX 2005,
 * https://www.usenix.org/legacy/event/usenix05/tech/general/jiang.html; the window before a main part: "TinyLFU",
 * https://arxiv.org/abs/1512.00727; {@link WindowTuner} names its own.
 */
export function createWLirsPolicy(options: EvictionPolicyOptions): EvictionPolicy {
  return new WLirs(options.capacityCount);
}

class WLirs implements EvictionPolicy {
  readonly name = "w-lirs";
  readonly #clock: ReuseClock;
  readonly #tuner: WindowTuner;
  /** Hashes up to here are in the tuner's sample. */
  #sampleThreshold = 0;
  #fewestCount = 0;
  #mostCount = 0;
  /** No victim was asked for yet: the store has room, and its capacity may be a guess. */
  #isFilling = true;

  constructor(capacityCount: number) {
    const count = Math.max(1, Math.floor(capacityCount));
    this.#tuner = new WindowTuner(count);
    this.#clock = new ReuseClock(count, this.#tuner.windowRatio);
    this.#fit(count);
  }

  inserted(slot: number, keyHash: number): void {
    this.#clock.inserted(slot, keyHash);
    if ((keyHash | 0) <= this.#sampleThreshold) this.#sample(keyHash);
  }

  touched(slot: number, keyHash: number): void {
    this.#clock.touched(slot);
    if ((keyHash | 0) <= this.#sampleThreshold) this.#sample(keyHash);
  }

  removed(slot: number, keyHash: number): void {
    this.#clock.removed(slot, keyHash);
  }

  replaced(slot: number, formerHash: number, keyHash: number): void {
    this.#clock.replaced(slot, formerHash, keyHash);
    if ((keyHash | 0) <= this.#sampleThreshold) this.#sample(keyHash);
  }

  victim(): number {
    // Whoever asks for a victim is full: what is stored is the capacity, whatever was estimated.
    this.#isFilling = false;
    const count = this.#clock.size;
    if (count < this.#fewestCount || count > this.#mostCount) this.#fit(Math.max(1, count));
    return this.#clock.victim();
  }

  resize(capacityCount: number): void {
    this.#fit(Math.max(1, Math.floor(capacityCount)));
    if (!this.#isFilling) return;
    this.#tuner.restart();
    this.#clock.setWindowRatio(this.#tuner.windowRatio);
  }

  clear(): void {
    this.#isFilling = true;
    this.#clock.clear();
    this.#tuner.clear();
    this.#clock.setWindowRatio(this.#tuner.windowRatio);
  }

  checkInvariants(): void {
    this.#clock.checkInvariants();
    this.#tuner.checkInvariants();
  }

  #sample(keyHash: number): void {
    try {
      if (this.#tuner.request(keyHash)) this.#clock.setWindowRatio(this.#tuner.windowRatio);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // The platform has no room for what the miniatures would hold: they begin anew, and the window stays as it is.
      this.#tuner.clear();
    }
  }

  #fit(count: number): void {
    this.#clock.fit(count);
    this.#tuner.fit(count);
    this.#sampleThreshold = this.#tuner.threshold;
    const drift = (count >>> DRIFT_BITS) + MIN_DRIFT_COUNT;
    this.#fewestCount = count - drift;
    this.#mostCount = count + drift;
  }
}
