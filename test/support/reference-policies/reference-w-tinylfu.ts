import type { RandomSource } from "../../../src/foundation/random-source.ts";
import { NO_SLOT } from "../../../src/memory/eviction/eviction-policy.ts";
import { type ReferencePolicy, without } from "./reference-policy.ts";
import { ReferenceSketch } from "./reference-sketch.ts";

/** The window's share by hill climbing, all in entries; `turn` is told each request. */
function referenceClimber(capacity: number, sampleSize: number) {
  const initialWindow = Math.max(1, capacity - Math.floor(0.99 * capacity));
  const limit = initialWindow + Math.floor(0.8 * (capacity - initialWindow));
  const initial = { window: initialWindow, step: -0.0625 * capacity, carry: 0, hits: 0, requests: 0, previous: 0 };
  const state = { ...initial };
  return {
    targets: () => ({ window: state.window, protected: limit - state.window }),
    reset: () => void Object.assign(state, initial),
    /** @returns whether the window changed */
    count(isHit: boolean): boolean {
      state.requests += 1;
      if (isHit) state.hits += 1;
      if (state.requests < sampleSize) return false;
      const ratio = state.hits / state.requests;
      const step = ratio >= state.previous ? state.step : -state.step;
      const isNewLoad = Math.abs(ratio - state.previous) >= 0.05;
      const moved = Math.trunc(step + state.carry);
      state.carry = step + state.carry - moved;
      state.step = isNewLoad ? Math.sign(step) * 0.0625 * capacity : 0.98 * step;
      const before = state.window;
      state.window = Math.min(Math.max(1, before + moved), limit);
      state.previous = ratio;
      state.hits = 0;
      state.requests = 0;
      return state.window !== before;
    },
  };
}

/** An LRU window before a segmented LRU that only lets in what was seen more often than what would leave. */
export function referenceWTinyLfu(capacityCount: number, random: RandomSource): ReferencePolicy {
  const sketch = new ReferenceSketch(capacityCount);
  const climber = referenceClimber(capacityCount, sketch.sampleSize);
  /** All oldest first. */
  const segments = { window: [] as number[], probation: [] as number[], protected: [] as number[] };
  const hashes = new Map<number, number>();
  const oldestTo = (from: number[], to: number[]): void => void to.push(from.shift() as number);

  function settle(): void {
    const targets = climber.targets();
    const { window, probation, protected: guarded } = segments;
    while (guarded.length > targets.protected) oldestTo(guarded, probation);
    while (window.length > targets.window) oldestTo(window, probation);
    while (window.length < targets.window && probation.length > 0) oldestTo(probation, window);
    while (window.length < targets.window && guarded.length > 0) oldestTo(guarded, window);
  }

  function isAdmitted(candidate: number, defender: number): boolean {
    const [warmth, resistance] = [candidate, defender].map((slot) => sketch.frequency(hashes.get(slot) as number));
    if ((warmth as number) > (resistance as number)) return true;
    return (warmth as number) >= 6 && random.next() < 1 / 128;
  }

  return {
    inserted(slot, hash) {
      hashes.set(slot, hash);
      sketch.increment(hash);
      segments.window.push(slot);
      if (segments.window.length > climber.targets().window) oldestTo(segments.window, segments.probation);
      if (climber.count(false)) settle();
    },
    touched(slot, hash) {
      sketch.increment(hash);
      if (segments.window.includes(slot)) {
        without(segments.window, slot).push(slot);
      } else {
        without(segments.probation, slot);
        without(segments.protected, slot).push(slot);
        if (segments.protected.length > climber.targets().protected) oldestTo(segments.protected, segments.probation);
      }
      if (climber.count(true)) settle();
    },
    removed(slot) {
      for (const segment of Object.values(segments)) without(segment, slot);
    },
    victim() {
      const { window, probation, protected: guarded } = segments;
      if (window.length < climber.targets().window || window.length === 0) {
        return probation[0] ?? guarded[0] ?? window[0] ?? NO_SLOT;
      }
      const [candidate, defender] = [window[0] as number, probation[0]];
      if (defender === undefined || !isAdmitted(candidate, defender)) return candidate;
      oldestTo(window, probation);
      return defender;
    },
    resize: () => undefined,
    clear() {
      for (const segment of Object.values(segments)) segment.splice(0);
      sketch.clear();
      climber.reset();
    },
  };
}
