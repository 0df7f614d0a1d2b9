import type { RandomSource } from "../../../src/foundation/random-source.ts";
import { NO_SLOT } from "../../../src/memory/eviction/eviction-policy.ts";
import { type ReferencePolicy, without } from "./reference-policy.ts";

/** One queue, the oldest first; `isRecency` puts what is read at its end. */
function referenceQueue(isRecency: boolean): ReferencePolicy {
  const queue: number[] = [];
  return {
    inserted: (slot) => void queue.push(slot),
    touched(slot) {
      if (isRecency) without(queue, slot).push(slot);
    },
    removed: (slot) => void without(queue, slot),
    victim: () => queue[0] ?? NO_SLOT,
    resize: () => undefined,
    clear: () => void queue.splice(0),
  };
}

/** First in, first out. */
export function referenceFifo(): ReferencePolicy {
  return referenceQueue(false);
}

/** Least recently used. */
export function referenceLru(): ReferencePolicy {
  return referenceQueue(true);
}

/** Least frequently used since it came; among equals the least recently used. */
export function referenceLfu(): ReferencePolicy {
  /** Least recently used first. */
  const recency: number[] = [];
  const counts = new Map<number, number>();
  const use = (slot: number): void => {
    without(recency, slot).push(slot);
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
  };
  return {
    inserted: use,
    touched: use,
    removed(slot) {
      without(recency, slot);
      counts.delete(slot);
    },
    victim() {
      const lowest = Math.min(...counts.values());
      return recency.find((slot) => counts.get(slot) === lowest) ?? NO_SLOT;
    },
    resize: () => undefined,
    clear() {
      recency.splice(0);
      counts.clear();
    },
  };
}

/** Any of them; who leaves is replaced by the last, so that the same numbers draw the same victims. */
export function referenceRandom(random: RandomSource): ReferencePolicy {
  const members: number[] = [];
  return {
    inserted: (slot) => void members.push(slot),
    touched: () => undefined,
    removed(slot) {
      members[members.indexOf(slot)] = members.at(-1) as number;
      members.pop();
    },
    victim: () => (members.length === 0 ? NO_SLOT : (members[Math.floor(random.next() * members.length)] as number)),
    resize: () => undefined,
    clear: () => void members.splice(0),
  };
}

/** A queue with visited marks and a hand that moves from old to new. */
export function referenceSieve(): ReferencePolicy {
  /** Oldest first. */
  const queue: number[] = [];
  const visited = new Set<number>();
  let hand: number | undefined;
  return {
    inserted: (slot) => void queue.push(slot),
    touched: (slot) => void visited.add(slot),
    removed(slot) {
      if (hand === slot) hand = queue[queue.indexOf(slot) + 1];
      without(queue, slot);
      visited.delete(slot);
    },
    victim() {
      let position = hand === undefined ? 0 : queue.indexOf(hand);
      while (queue.length > 0 && visited.delete(queue[position] as number)) position = (position + 1) % queue.length;
      hand = queue[position];
      return hand ?? NO_SLOT;
    },
    resize: () => undefined,
    clear() {
      queue.splice(0);
      visited.clear();
      hand = undefined;
    },
  };
}
