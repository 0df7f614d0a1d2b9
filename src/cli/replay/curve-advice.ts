/** A capacity that is too small to be worth a point of its own in a default list. */
const MIN_CAPACITY = 10;
/** Shares of everything there is, in steps that the eye can follow on a logarithmic axis. */
const DEFAULT_SHARES: readonly number[] = [0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1];
/** Doubling the capacity has to bring more than this, or the curve counts as flat. */
const FLAT_GAIN_RATIO = 0.01;

/**
 * Capacities that show the whole curve: shares of the footprint, rounded to two digits.
 *
 * @param footprint entries, or bytes, that would hold everything
 * @returns ascending, without repetitions, at least one
 */
export function defaultCapacities(footprint: number): readonly number[] {
  const rounded = DEFAULT_SHARES.map((share) => roundToDigits(footprint * share, 2)).filter(
    (capacity) => capacity >= Math.min(MIN_CAPACITY, footprint),
  );
  // The last one holds everything, whatever rounding did.
  const all = [...rounded.slice(0, -1).filter((capacity) => capacity < footprint), Math.max(1, footprint)];
  return [...new Set(all)];
}

/** Where a curve flattens. */
export interface CurveAdvice {
  /** The smallest measured capacity from which no doubling brings more than one point; `undefined`: the curve still rises at its end. */
  readonly capacity: number | undefined;
  /** The hit ratio there; at the largest capacity, where it still rises. */
  readonly hitRatio: number;
  /** What the next doubling brings, at most. */
  readonly doublingGain: number;
}

/**
 * Finds where a curve flattens: from there on, to double the capacity brings no more than one point of hit ratio, up to the end of what was measured. Steps that come later,
 * as with a loop that fits at last, are not missed. O(points)
 *
 * @param capacities ascending
 * @param everything what would hold all keys: beyond it there is nothing to gain
 */
export function findKnee(capacities: readonly number[], hitRatios: readonly number[], everything: number): CurveAdvice {
  const last = capacities.length - 1;
  let knee = last;
  while (knee > 0 && gainPerDoubling(capacities, hitRatios, knee - 1) <= FLAT_GAIN_RATIO) knee -= 1;
  const isRising = knee === last && (capacities[last] as number) < everything;
  return {
    capacity: isRising ? undefined : capacities[knee],
    hitRatio: hitRatios[knee] as number,
    doublingGain: knee === last ? 0 : Math.max(0, gainPerDoubling(capacities, hitRatios, knee)),
  };
}

/**
 * The capacity at which a curve reaches a ratio, between two that were measured by the logarithm of their sizes.
 *
 * @returns whole; `undefined` when the curve does not reach it
 */
export function capacityForRatio(
  capacities: readonly number[],
  hitRatios: readonly number[],
  wanted: number,
): number | undefined {
  const above = hitRatios.findIndex((ratio) => ratio >= wanted);
  if (above < 0) return undefined;
  const high = capacities[above] as number;
  if (above === 0) return high;
  const low = capacities[above - 1] as number;
  const lowRatio = hitRatios[above - 1] as number;
  const part = (wanted - lowRatio) / ((hitRatios[above] as number) - lowRatio);
  return Math.round(low * (high / low) ** part);
}

function gainPerDoubling(capacities: readonly number[], hitRatios: readonly number[], index: number): number {
  const doublings = Math.log2((capacities[index + 1] as number) / (capacities[index] as number));
  return ((hitRatios[index + 1] as number) - (hitRatios[index] as number)) / doublings;
}

function roundToDigits(value: number, digits: number): number {
  return value < 1 ? 1 : Math.round(Number(value.toPrecision(digits)));
}
