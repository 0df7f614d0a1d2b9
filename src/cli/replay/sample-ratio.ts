import type { TraceFootprint } from "./footprint.ts";
import type { CapacityUnit } from "./simulated-cache.ts";

/** Keys that are simulated of a trace with more: caches of all sizes together then take some tens of megabytes. */
const MAX_SIMULATED_COUNT = 200_000;
/** A cache that is made smaller than this behaves unlike the large one that it stands for. */
const MIN_SIMULATED_ENTRIES = 200;

/**
 * The share of the keys to simulate: all of them up to 200,000, then about that many, but more where the smallest cache would hold too few.
 *
 * @param smallest the smallest capacity
 * @returns up to 1
 */
export function chooseSampleRatio(footprint: TraceFootprint, smallest: number, unit: CapacityUnit): number {
  const { distinctCount, distinctBytes } = footprint;
  const smallestEntries = unit === "bytes" ? (smallest * distinctCount) / distinctBytes : smallest;
  const wanted = Math.max(MAX_SIMULATED_COUNT / distinctCount, MIN_SIMULATED_ENTRIES / smallestEntries);
  return Math.min(1, wanted);
}
