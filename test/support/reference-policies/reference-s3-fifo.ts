import { NO_SLOT } from "../../../src/memory/eviction/eviction-policy.ts";
import { type ReferencePolicy, without } from "./reference-policy.ts";

/** Most ghosts that one new ghost pushes out when the capacity shrank. */
const MAX_FORGOTTEN = 16;

/** A small queue before a main one, and the hashes of what left the small one. */
export function referenceS3Fifo(capacityCount: number): ReferencePolicy {
  /** All oldest first. */
  let small: number[] = [];
  let main: number[] = [];
  let ghosts: number[] = [];
  const reads = new Map<number, number>();
  const hashes = new Map<number, number>();
  let capacity = capacityCount;
  let chosen: number | undefined;
  const smallTarget = (): number => Math.max(1, Math.floor(capacity * 0.1));

  function haunt(hash: number): void {
    without(ghosts, hash);
    const surplus = ghosts.length + 1 - Math.max(1, capacity - smallTarget());
    ghosts = [...ghosts.slice(Math.min(Math.max(0, surplus), MAX_FORGOTTEN)), hash];
  }

  const isSmallFull = (): boolean => small.length >= smallTarget() || main.length === 0;

  /** The one that must leave, or nothing when it earned another round. */
  function judgeOldest(): number | undefined {
    const slot = (isSmallFull() ? small[0] : main[0]) as number;
    const count = reads.get(slot) as number;
    if (count < (isSmallFull() ? 2 : 1)) return slot;
    reads.set(slot, isSmallFull() ? 0 : count - 1);
    without(small, slot);
    without(main, slot).push(slot);
    return undefined;
  }

  return {
    inserted(slot, hash) {
      reads.set(slot, 0);
      hashes.set(slot, hash);
      if (ghosts.includes(hash)) main.push(slot);
      else small.push(slot);
      without(ghosts, hash);
    },
    touched: (slot) => void reads.set(slot, Math.min(3, (reads.get(slot) as number) + 1)),
    removed(slot) {
      if (slot === chosen && small.includes(slot)) haunt(hashes.get(slot) as number);
      without(small, slot);
      without(main, slot);
      chosen = undefined;
    },
    victim() {
      chosen = undefined;
      while (chosen === undefined && small.length + main.length > 0) chosen = judgeOldest();
      return chosen ?? NO_SLOT;
    },
    resize(newCapacity) {
      capacity = newCapacity;
    },
    clear() {
      small = [];
      main = [];
      ghosts = [];
      chosen = undefined;
    },
  };
}
