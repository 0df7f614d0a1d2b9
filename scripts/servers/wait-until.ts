import { setTimeout as delay } from "node:timers/promises";

const PAUSE_MS = 20;

/**
 * Asks again and again until the answer is something.
 *
 * @param what for the message, for example `"the cluster to be ready"`
 * @param look a rejection counts as `undefined`: servers that start or die answer with errors
 * @throws Error when it takes longer than `timeoutMs`
 */
export async function waitUntil<T>(
  what: string,
  timeoutMs: number,
  look: () => Promise<T | undefined | false>,
): Promise<T> {
  const giveUpAt = performance.now() + timeoutMs;
  let failure: unknown;
  while (performance.now() < giveUpAt) {
    const answer = await look().catch((error: unknown) => {
      failure = error;
      return undefined;
    });
    if (answer !== undefined && answer !== false) return answer;
    await delay(PAUSE_MS);
  }
  throw new Error(`Waited ${timeoutMs} ms for ${what}.`, { cause: failure });
}
