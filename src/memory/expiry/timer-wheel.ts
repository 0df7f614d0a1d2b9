import type { Float64Pages } from "../slot-pages.ts";
import { Int32Pages } from "../slot-pages.ts";
import { BUCKET_COUNT, WheelPosition } from "./wheel-position.ts";

/** No list. */
const NO_BUCKETS: Int32Array = new Int32Array(0);

/** Takes a due slot; it is out of the wheel already, and every method of the wheel may be called. */
export type DueSlotHandler = (slot: number) => void;

/**
 * Finds the slots whose time has come, without looking at the others: a hierarchical timing wheel over slots.
 *
 * Nine wheels of 64 buckets. A bucket of the lowest wheel stands for a millisecond, one of the next for 64 ms, and so on to 2^53 ms:
 * there is no instant that does not fit. A slot waits in the wheel of the highest base-64 digit in which its instant
 * differs from the wheel's own time. When time reaches a bucket, its slots that are due are handed out, and the others move to a lower
 * wheel; at most 8 moves a slot, and only 3 for a TTL of an hour. {@link WheelPosition} has the arithmetic.
 *
 * Buckets are doubly linked lists in paged arrays, so that an entry costs 8 bytes and no object. Nothing is allocated before the
 * first `schedule`. All O(1) but `advance`, which is O(budget), and `checkInvariants`.
 *
 * A slot is never handed out before its instant, and every slot is as soon as `advance` was called often enough with an
 * instant that is not before the slot's, rounded up to the wheel's next millisecond.
 *
 * Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987),
 * https://www.cs.columbia.edu/~nahum/w6998/papers/sosp87-timing-wheels.pdf. We deviate: time jumps from one occupied bucket to the next by
 * bit masks instead of tick by tick; a bucket is emptied in slices; a slot that gets a later instant stays where it is and
 * moves on when its bucket's time comes, so that rewriting an entry costs one write.
 */
export class TimerWheel {
  readonly #dueAtMs: Float64Pages;
  readonly #originMs: number;
  readonly #position: WheelPosition = new WheelPosition();
  /** By bucket: its first slot plus 1, or 0. */
  #heads: Int32Array = NO_BUCKETS;
  /** By slot: the next one plus 1, or 0 at the end. */
  readonly #next: Int32Pages = new Int32Pages();
  /** By slot: the one before plus 1; −1 − bucket at the front of a bucket; 0 for a slot that is in none. */
  readonly #previous: Int32Pages = new Int32Pages();
  #size = 0;
  /**
   * The bucket whose time has come and that may not be empty yet, or −1. It goes before all others: slots that were moved from it
   * to lower wheels may lie after the present, and would hide those that are still in it.
   */
  #drainingBucket = -1;
  /** The latest instant seen: a clock that goes back is not followed. */
  #nowMs: number;

  /**
   * @param dueAtMs the instants by slot. The wheel writes them, everybody else only reads; the owner makes room for a slot before
   * `schedule`
   * @param startMs the present
   */
  constructor(dueAtMs: Float64Pages, startMs: number) {
    this.#dueAtMs = dueAtMs;
    this.#originMs = Math.floor(startMs);
    this.#nowMs = startMs;
  }

  /** How many slots wait. */
  get size(): number {
    return this.#size;
  }

  /** Whether a slot that was scheduled at some time since the last {@link TimerWheel.clear} waits. */
  isScheduled(slot: number): boolean {
    return this.#size > 0 && this.#previous.get(slot) !== 0;
  }

  /**
   * Lets a slot wait for an instant in ms; replaces the one it waited for. An instant that has passed is handed out by the next
   * `advance`; with `Infinity` the slot waits no more.
   */
  schedule(slot: number, dueAtMs: number): void {
    if (!(dueAtMs < Number.POSITIVE_INFINITY)) {
      this.cancel(slot);
      this.#dueAtMs.set(slot, Number.POSITIVE_INFINITY);
      return;
    }
    if (this.#heads.length === 0) this.#heads = new Int32Array(BUCKET_COUNT);
    this.#previous.ensure(slot);
    if (this.#previous.get(slot) !== 0) {
      // A later instant needs no move: the bucket comes first, finds the slot not due, and moves it then.
      const isLater = dueAtMs >= this.#dueAtMs.get(slot);
      this.#dueAtMs.set(slot, dueAtMs);
      if (isLater) return;
      this.#unlink(slot);
    } else {
      this.#dueAtMs.set(slot, dueAtMs);
      this.#next.ensure(slot);
    }
    this.#link(slot, this.#bucketFor(dueAtMs));
  }

  /**
   * Lets a slot wait no more; without effect when it does not. Its instant stays as it is.
   *
   * @param slot one that was scheduled at some time since the last {@link TimerWheel.clear}, unless nothing waits
   */
  cancel(slot: number): void {
    if (this.isScheduled(slot)) this.#unlink(slot);
  }

  /**
   * Hands out slots whose instant is not after `nowMs`, in no order, and moves others closer. What a handler throws comes out here;
   * its slot is not handed out again, and the wheel is in order.
   *
   * @param budgetCount how many slots to hand out or move at most
   * @returns whether all is done up to `nowMs`; if not, call again
   */
  advance(nowMs: number, budgetCount: number, onDue: DueSlotHandler): boolean {
    const now = Math.max(this.#nowMs, nowMs);
    this.#nowMs = now;
    const nowTick = Math.floor(now - this.#originMs);
    const position = this.#position;
    let leftCount = budgetCount;
    for (;;) {
      const bucket = this.#nextBucket();
      const startTick = position.startTick(bucket);
      if (startTick > nowTick) {
        position.moveTo(nowTick);
        return true;
      }
      if (leftCount <= 0) return false;
      position.moveTo(startTick);
      this.#drainingBucket = bucket;
      leftCount = this.#drain(bucket, leftCount, onDue);
    }
  }

  /**
   * The next instant at which `advance` has something to do: hand out or move. Never after the first due slot's instant, rounded up to
   * a millisecond of the wheel; `Infinity` when nothing waits.
   */
  nextDueAt(): number {
    const startTick = this.#position.startTick(this.#nextBucket());
    return this.#originMs + Math.max(startTick, this.#position.tick);
  }

  /** Lets nothing wait and gives the memory back. */
  clear(): void {
    this.#heads = NO_BUCKETS;
    this.#next.clear();
    this.#previous.clear();
    this.#position.vacateAll();
    this.#drainingBucket = -1;
    this.#size = 0;
  }

  /** For tests: throws when a link, a mark or the size is wrong, or a slot would be handed out too late. O(n). */
  checkInvariants(): void {
    let count = 0;
    const startTicks = this.#position.occupiedStarts();
    for (let bucket = 0; bucket < this.#heads.length; bucket += 1) {
      const head = this.#heads[bucket] as number;
      const startTick = startTicks.get(bucket);
      if ((head !== 0) !== (startTick !== undefined))
        throw new Error(`timer wheel: bucket ${bucket} is marked wrongly`);
      if (startTick !== undefined) count += this.#checkBucket(bucket, startTick);
      if (count > this.#size) break;
    }
    if (count !== this.#size) throw new Error(`timer wheel: size is ${this.#size}, but ${count} slots are linked`);
  }

  #checkBucket(bucket: number, startTick: number): number {
    let count = 0;
    let before = -1 - bucket;
    for (let link = this.#heads[bucket] as number; link !== 0; link = this.#next.get(link - 1)) {
      const slot = link - 1;
      if (this.#previous.get(slot) !== before) throw new Error(`timer wheel: wrong back link at ${slot}`);
      if (startTick > this.#latestStart(slot)) throw new Error(`timer wheel: slot ${slot} waits too long`);
      before = link;
      count += 1;
      if (count > this.#size) throw new Error("timer wheel: a cycle, or a slot that was not counted");
    }
    return count;
  }

  /** For tests: where the bucket of a slot may start at the latest. */
  #latestStart(slot: number): number {
    return Math.max(Math.ceil(this.#dueAtMs.get(slot) - this.#originMs), this.#position.tick);
  }

  /** The bucket to be emptied next, or −1. */
  #nextBucket(): number {
    if (this.#drainingBucket >= 0) {
      if (this.#heads[this.#drainingBucket] !== 0) return this.#drainingBucket;
      this.#drainingBucket = -1;
    }
    return this.#position.firstBucket();
  }

  /** Empties a bucket whose time has come, as far as the budget goes. @returns what is left of the budget */
  #drain(bucket: number, budgetCount: number, onDue: DueSlotHandler): number {
    const dueAtMs = this.#dueAtMs;
    const now = this.#nowMs;
    const nextTickMs = Math.floor(now - this.#originMs) + 1 + this.#originMs;
    let leftCount = budgetCount;
    while (leftCount > 0) {
      // Read anew each time: a handler may have cancelled the rest, or cleared the wheel.
      const head = this.#heads[bucket];
      if (head === undefined || head === 0) break;
      leftCount -= 1;
      const slot = head - 1;
      this.#unlink(slot);
      const dueMs = dueAtMs.get(slot);
      if (dueMs <= now) onDue(slot);
      // At least the next tick: a rounding error must not put it back where it was taken from, for ever.
      else this.#link(slot, this.#bucketFor(Math.max(dueMs, nextTickMs)));
    }
    return leftCount;
  }

  /** Apart from `#link`, so that what is passed between functions is small integers: others would be allocated. */
  #bucketFor(dueAtMs: number): number {
    const position = this.#position;
    let tick = Math.ceil(dueAtMs - this.#originMs);
    if (tick < position.tick) tick = position.tick;
    else if (tick > Number.MAX_SAFE_INTEGER) tick = Number.MAX_SAFE_INTEGER;
    return position.bucketOf(tick);
  }

  #link(slot: number, bucket: number): void {
    const heads = this.#heads;
    const head = heads[bucket] as number;
    this.#next.set(slot, head);
    this.#previous.set(slot, -1 - bucket);
    if (head === 0) this.#position.occupy(bucket);
    else this.#previous.set(head - 1, slot + 1);
    heads[bucket] = slot + 1;
    this.#size += 1;
  }

  #unlink(slot: number): void {
    const next = this.#next.get(slot);
    const previous = this.#previous.get(slot);
    if (previous > 0) {
      this.#next.set(previous - 1, next);
    } else {
      const bucket = -1 - previous;
      this.#heads[bucket] = next;
      if (next === 0) this.#position.vacate(bucket);
    }
    if (next !== 0) this.#previous.set(next - 1, previous);
    this.#previous.set(slot, 0);
    this.#size -= 1;
  }
}
