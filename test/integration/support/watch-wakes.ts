import type { LoadTier } from "../../../src/backend/load-tier.ts";

/** Counts how often somebody who waits for a key is told. */
export interface WatchWakes {
  /** How often so far. */
  count(): number;
  /** Resolves when it is told the next time. */
  next(): Promise<void>;
  stop(): void;
}

/** Watches a key without waiting until messages come. */
export function watchWakes(tier: LoadTier, key: string): WatchWakes {
  let count = 0;
  let waiting: (() => void)[] = [];
  const stop = tier.watchKey?.(key, () => {
    count += 1;
    const told = waiting;
    waiting = [];
    for (const resolve of told) resolve();
  });
  if (stop === undefined) throw new Error("The tier tells nothing.");
  return { count: () => count, next: () => new Promise((resolve) => waiting.push(resolve)), stop };
}

/**
 * Watches a key and returns when what happens to it is told: the first watch of a client opens its subscription, and everybody is told when that is there.
 *
 * @param touch changes a key that lives at the same server
 */
export async function watchUntilHeard(
  tier: LoadTier,
  key: string,
  touch: (key: string) => Promise<unknown>,
): Promise<WatchWakes> {
  const wakes = watchWakes(tier, key);
  const probe = watchWakes(tier, `${key} probe`);
  // Twice: when the subscription comes up in between, the first may be told by a message that comes just before that is told.
  for (let round = 0; round < 2; round += 1) {
    const next = probe.next();
    await touch(`${key} probe`);
    await next;
  }
  probe.stop();
  return wakes;
}
