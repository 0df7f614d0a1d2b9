import { findMiscounted } from "./check-counters.ts";
import { type CallBounds, findLate } from "./check-deadlines.ts";
import { findEnded, findForeign, findLost } from "./check-ends.ts";
import { findStale, type TierViolation } from "./check-staleness.ts";
import { historiesByKey } from "./key-history.ts";
import type { TierHistory } from "./tier-event.ts";
import { TIER_COUNTERS } from "./tier-task.ts";

/** Everything in a history that was not promised so. O(n log n) */
export function checkTiers(history: TierHistory, bounds: CallBounds): readonly TierViolation[] {
  const boundMicros = bounds.boundMs * 1_000;
  const ofKeys = historiesByKey(history).flatMap((ofKey) => {
    if (TIER_COUNTERS.includes(ofKey.key)) return findMiscounted(ofKey, boundMicros);
    return [
      ...findForeign(ofKey),
      ...findStale(ofKey, boundMicros),
      ...findLost(ofKey),
      ...findEnded(ofKey, boundMicros),
    ];
  });
  return [...ofKeys, ...findLate(history, bounds)];
}
