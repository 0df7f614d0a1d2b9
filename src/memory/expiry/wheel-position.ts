/** Bits of a digit: 64 buckets a wheel. */
const DIGIT_BITS = 6;
const DIGIT_COUNT = 64;
const DIGIT_MASK: number = DIGIT_COUNT - 1;
/** A tick is split into two integers, for bit operations see 32 bits only: 5 digits in the low one, 4 in the high one. */
const LOW_LEVEL_COUNT = 5;
const LOW_SPAN: number = 2 ** (LOW_LEVEL_COUNT * DIGIT_BITS);
/** Nine digits of 6 bits are 54: every whole number below 2^53 fits. */
const LEVEL_COUNT = 9;
const WORD_BITS = 32;

/** Buckets of all wheels together; bucket = level · 64 + digit. */
export const BUCKET_COUNT: number = LEVEL_COUNT * DIGIT_COUNT;

/**
 * Where a timing wheel stands, and which of its buckets are occupied.
 *
 * Ticks are whole numbers from 0 to 2^53 − 1, read as nine digits of base 64; digit 0 is the lowest. A future tick belongs to the level of the
 * highest digit in which it differs from the present one, in the bucket of its own digit there:
 *
 * ```text
 *            digit  8 … 3  2  1  0
 * present tick      0   0  7  2 61
 * tick A            0   0  7  2 63     level 0, bucket 63
 * tick B            0   0  7  4  0     level 1, bucket 4: it starts at tick (7 4 0)
 * tick C            0   0  9 60 12     level 2, bucket 9: it starts at tick (9 0 0)
 * ```
 *
 * So all ticks of a level lie before all ticks of the next one, and buckets left of the present digit are empty: the first occupied
 * bucket of the lowest occupied level is the next in time, which two words of bits a level tell.
 */
export class WheelPosition {
  #tick = 0;
  #high = 0;
  #low = 0;
  readonly #occupied: Int32Array = new Int32Array(LEVEL_COUNT * 2);

  /** The present tick. */
  get tick(): number {
    return this.#tick;
  }

  /** Goes on to a tick; one that has passed changes nothing. Buckets that start before it must be empty, but for the one it is in. */
  moveTo(tick: number): void {
    if (tick <= this.#tick) return;
    this.#tick = tick;
    this.#high = Math.floor(tick / LOW_SPAN);
    this.#low = tick - this.#high * LOW_SPAN;
  }

  /** The bucket of a tick that is not before the present one. */
  bucketOf(tick: number): number {
    const high = Math.floor(tick / LOW_SPAN);
    if (high !== this.#high) return LOW_LEVEL_COUNT * DIGIT_COUNT + bucketWithin(high, this.#high);
    return bucketWithin(tick - high * LOW_SPAN, this.#low);
  }

  /** Marks a bucket as occupied. */
  occupy(bucket: number): void {
    const word = bucket >>> 5;
    this.#occupied[word] = (this.#occupied[word] as number) | (1 << (bucket & 31));
  }

  /** Marks a bucket as empty. */
  vacate(bucket: number): void {
    const word = bucket >>> 5;
    this.#occupied[word] = (this.#occupied[word] as number) & ~(1 << (bucket & 31));
  }

  /** Marks all buckets as empty. */
  vacateAll(): void {
    this.#occupied.fill(0);
  }

  /** The occupied bucket that comes first in time, or −1. */
  firstBucket(): number {
    for (let word = 0; word < LEVEL_COUNT * 2; word += 1) {
      const bits = this.#occupied[word] as number;
      if (bits !== 0) return word * WORD_BITS + lowestBit(bits);
    }
    return -1;
  }

  /** The tick at which a bucket starts; `Infinity` for −1. For the bucket that the present tick is in, a tick that has passed. */
  startTick(bucket: number): number {
    if (bucket < 0) return Number.POSITIVE_INFINITY;
    const level = Math.floor(bucket / DIGIT_COUNT);
    const digit = bucket & DIGIT_MASK;
    if (level < LOW_LEVEL_COUNT) return this.#high * LOW_SPAN + withDigit(this.#low, level, digit);
    return withDigit(this.#high, level - LOW_LEVEL_COUNT, digit) * LOW_SPAN;
  }

  /** For tests: the occupied buckets and where they start. @throws Error when one lies in the past */
  occupiedStarts(): Map<number, number> {
    const starts = new Map<number, number>();
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      const isOccupied = (((this.#occupied[bucket >>> 5] as number) >>> (bucket & 31)) & 1) === 1;
      if (!isOccupied) continue;
      const level = Math.floor(bucket / DIGIT_COUNT);
      const spanTicks = DIGIT_COUNT ** level;
      const startTick = this.startTick(bucket);
      if (startTick + spanTicks <= this.#tick) throw new Error(`wheel position: bucket ${bucket} was left behind`);
      starts.set(bucket, startTick);
    }
    return starts;
  }
}

/** The bucket for a half of a tick, counted from that half's lowest level. */
function bucketWithin(half: number, presentHalf: number): number {
  // Bit 0 is set so that equal halves give level 0.
  const highestBit = 31 - Math.clz32((half ^ presentHalf) | 1);
  const level = (highestBit / DIGIT_BITS) | 0;
  return level * DIGIT_COUNT + ((half >>> (level * DIGIT_BITS)) & DIGIT_MASK);
}

/** A half with its digit at a level replaced, and 0 below. */
function withDigit(half: number, level: number, digit: number): number {
  const shift = level * DIGIT_BITS;
  const aboveShift = shift + DIGIT_BITS;
  return ((half >>> aboveShift) << aboveShift) | (digit << shift);
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
