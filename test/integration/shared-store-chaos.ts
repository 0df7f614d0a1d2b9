import process from "node:process";
import type { RandomSource } from "../../src/foundation/random-source.ts";

/** How roughly a thread is treated. */
export interface Chaos {
  /** One of how many atomic accesses sleeps; `Infinity`: none. */
  readonly sleepEvery: number;
  readonly longestSleepMs: number;
  /** One of how many atomic accesses is the thread's last; `Infinity`: none. */
  readonly dieEvery: number;
}

const NAMES = ["load", "store", "add", "exchange", "compareExchange"] as const;

/**
 * Makes this thread sleep and die before and after its atomic accesses, at random: everything that threads can do to each other
 * happens there, so this reaches the interleavings that a scheduler shows once a month.
 */
export function startChaos(random: RandomSource, chaos: Chaos): void {
  const bed = new Int32Array(new SharedArrayBuffer(4));
  const { wait } = Atomics;
  const suffer = (): void => {
    if (random.next() * chaos.sleepEvery < 1) wait(bed, 0, 0, random.next() * chaos.longestSleepMs);
    if (random.next() * chaos.dieEvery < 1) process.exit(0);
  };
  for (const name of NAMES) {
    const original = Atomics[name] as (...parameters: unknown[]) => unknown;
    Object.assign(Atomics, {
      [name](...parameters: unknown[]) {
        suffer();
        const result = original(...parameters);
        suffer();
        return result;
      },
    });
  }
}
