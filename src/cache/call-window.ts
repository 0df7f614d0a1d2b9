import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";

/** Calls that a store is asked at once before further ones wait. */
const OPEN_COUNT = 512;
/** How many waiting calls start in any 5 ms, whatever is answered: some 25,000 a second. */
const LEAK_EVERY_MS = 5;
const LEAK_COUNT = 128;
/** Calls that may wait. */
const MAX_WAITING_COUNT = 65_536;

/** A call that waits for its start. */
export interface WaitingCall {
  /** Whether it settled while it waited. */
  readonly isSettled: boolean;
  /** Asks the store. Must not throw. */
  begin(): void;
}

/**
 * How many calls to a store are open at a time. With ten thousand of them every turn of the event loop, and every collection of garbage, has to walk
 * through all that they hold: some 3 KB each in the codec, the store and its client. A call that waits here holds a tenth of that, and the store answers no later,
 * for it is busy with those before it.
 *
 * ```text
 * enter ──room──▶ open ──leave──▶ the first one that waits opens
 *    └──no room──▶ waiting ──every 5 ms, 128 of them──▶ open
 * ```
 *
 * The second way is for a store that is several servers: when one of them hangs and its calls fill the window, those to the others still go on. A deadline
 * counts from the call and not from its start.
 */
export class CallWindow {
  readonly #scheduler: Pick<Scheduler, "after">;
  /** Those that wait, from `#head` on. */
  #waiting: (WaitingCall | undefined)[] = [];
  #head = 0;
  #openCount = 0;
  #isOpening = false;
  /** Calls that waited and were begun, since the last leak. */
  #begunCount = 0;
  #leak: ScheduledTask | undefined;

  constructor(scheduler: Pick<Scheduler, "after">) {
    this.#scheduler = scheduler;
  }

  /** Whether one more may wait. */
  get hasRoom(): boolean {
    return this.#waiting.length - this.#head < MAX_WAITING_COUNT;
  }

  /** How many calls were begun and have not left. */
  get openCount(): number {
    return this.#openCount;
  }

  /** Takes a place if there is one and nobody waits: the caller begins at once, and must {@link leave}. */
  tryEnter(): boolean {
    if (this.#openCount >= OPEN_COUNT || this.#head < this.#waiting.length) return false;
    this.#openCount += 1;
    return true;
  }

  /** Lets a call wait for a place. It is begun in its turn, unless it is settled by then, and must {@link leave} once it was begun. */
  wait(call: WaitingCall): void {
    this.#waiting.push(call);
    if (this.#leak === undefined) this.#planLeak();
  }

  /**
   * Gives a place back.
   *
   * @param isAnswered whether the store answered, so that the next one begins; one that was given up leaves its place to the next tick, or each deadline of a
   *   store that hangs would let it be asked once more, for a caller whose own deadline is about to pass
   */
  leave(isAnswered: boolean): void {
    this.#openCount -= 1;
    // A store that answers at once leaves while it is begun: the loop below goes on, and not one call inside the other.
    if (!isAnswered || this.#isOpening || this.#head === this.#waiting.length) return;
    this.#open(1);
  }

  #open(count: number): void {
    this.#isOpening = true;
    const openCount = this.#openCount + count;
    while (this.#head < this.#waiting.length && this.#openCount < openCount) {
      const call = this.#take();
      if (call.isSettled) continue;
      this.#openCount += 1;
      this.#begunCount += 1;
      call.begin();
    }
    this.#isOpening = false;
    if (this.#head < this.#waiting.length) return;
    this.#leak?.cancel();
    this.#leak = undefined;
  }

  #take(): WaitingCall {
    const call = this.#waiting[this.#head] as WaitingCall;
    this.#waiting[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head >= OPEN_COUNT && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return call;
  }

  #planLeak(): void {
    this.#begunCount = 0;
    this.#leak = this.#scheduler.after(LEAK_EVERY_MS, () => {
      this.#leak = undefined;
      this.#open(Math.max(OPEN_COUNT - this.#openCount, LEAK_COUNT - this.#begunCount));
      if (this.#head < this.#waiting.length) this.#planLeak();
    });
  }
}
