import type { RandomSource } from "../../foundation/random-source.ts";
import type { CacheTarget } from "../cache-target.ts";
import { reportOf } from "../exit-code.ts";
import { createKeyChooser, type KeyDistribution } from "./key-chooser.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/** What is measured. */
export interface BenchSettings {
  /** Callers that each wait for their answers before they ask again. */
  readonly clientCount: number;
  /** Calls that a client has under way at once. */
  readonly pipelineCount: number;
  /** How long, in ms; `Infinity`: until all requests are done. */
  readonly durationMs: number;
  /** How many calls; `Infinity`: until the time is over. */
  readonly requestCount: number;
  readonly valueBytes: number;
  readonly keyCount: number;
  /** Share of the calls that read. */
  readonly getRatio: number;
  readonly distribution: KeyDistribution;
  /** Time to live of what is written, in ms: what is left by a process that was killed goes by itself. */
  readonly ttlMs: number;
}

/** What was measured. */
export interface BenchResult {
  readonly get: LatencyHistogram;
  readonly set: LatencyHistogram;
  readonly hitCount: number;
  /** Calls that failed, by the code of their error. They are in no histogram. */
  readonly errors: ReadonlyMap<string, number>;
  readonly elapsedMs: number;
}

/** What a run is given. */
export interface BenchRun {
  readonly target: CacheTarget;
  readonly settings: BenchSettings;
  readonly random: RandomSource;
  readonly ended: AbortSignal;
  /** Told how far it is, 0 to 1, some times a second. */
  readonly onProgress: (ratio: number, doneCount: number) => Promise<void>;
}

/** Others get their turn at least this often: a store in memory answers without ever leaving the current one. */
const TURN_MS = 5;
/** Calls under way while keys are filled in and removed. */
const BULK_COUNT = 64;

const DELETE_ATTEMPTS = 3;

/** Key of a number. */
export function benchKey(index: number): string {
  return `key:${index}`;
}

/** Keys that have been written, from 0 on: those that have to be removed, whatever happened. */
export interface FilledKeys {
  count: number;
}

/**
 * Writes every key once, so that reads find something.
 *
 * @param filled counts along
 * @throws what the first write that fails does: there is nothing to measure then
 */
export async function fillKeys(
  { target, settings, ended, random, onProgress }: BenchRun,
  filled: FilledKeys,
): Promise<void> {
  const value = createValue(settings.valueBytes, random);
  await forEachKey(settings.keyCount, ended, onProgress, (key) => {
    filled.count += 1;
    return target.set(key, value, { ttl: settings.ttlMs });
  });
}

/** Removes every key that was written, also after an interruption, and then whatever else is in the namespace. */
export async function removeKeys({ target, onProgress }: BenchRun, filled: FilledKeys): Promise<void> {
  const never = new AbortController().signal;
  await forEachKey(filled.count, never, onProgress, (key) => deleteSurely(target, key));
  await target.clear();
}

/**
 * Deletes a key whatever became of the connection: one that was kept since the filling in may have been closed meanwhile, and then nobody knows whether the call was done. To delete
 * twice is to delete.
 */
async function deleteSurely(target: CacheTarget, key: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await target.delete(key);
      return;
    } catch (error) {
      if (attempt === DELETE_ATTEMPTS) throw error;
    }
  }
}

async function forEachKey(
  keyCount: number,
  ended: AbortSignal,
  onProgress: BenchRun["onProgress"],
  work: (key: string) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < keyCount && !ended.aborted; start += BULK_COUNT) {
    const end = Math.min(keyCount, start + BULK_COUNT);
    await Promise.all(Array.from({ length: end - start }, (_, offset) => work(benchKey(start + offset))));
    await onProgress(end / keyCount, end);
    if (start % (BULK_COUNT * 16) === 0) await nextTurn();
  }
}

/**
 * Reads and writes as the settings say. A closed loop: who waits for a slow answer asks nothing meanwhile, so that pauses of the store show in few latencies and in the throughput.
 */
export async function runBench(run: BenchRun): Promise<BenchResult> {
  const { settings, ended } = run;
  const calls = createCalls(run);
  const startedAt = performance.now();
  const endAt = startedAt + settings.durationMs;
  let begunCount = 0;
  let turnAt = startedAt;
  const mayGoOn = (): boolean => begunCount < settings.requestCount && performance.now() < endAt && !ended.aborted;
  const takeTurn = async (): Promise<void> => {
    const now = performance.now();
    if (now - turnAt < TURN_MS) return;
    turnAt = now;
    const ratio = Math.max((now - startedAt) / settings.durationMs, begunCount / settings.requestCount);
    await run.onProgress(ratio, begunCount);
    await nextTurn();
  };
  const client = async (): Promise<void> => {
    while (mayGoOn()) {
      begunCount += settings.pipelineCount;
      if (settings.pipelineCount === 1) await calls.one();
      else await Promise.all(Array.from({ length: settings.pipelineCount }, calls.one));
      await takeTurn();
    }
  };
  await Promise.all(Array.from({ length: settings.clientCount }, client));
  return { ...calls.counts(), elapsedMs: performance.now() - startedAt };
}

interface Calls {
  /** Does one call and records it. Never rejects. */
  one(): Promise<void>;
  counts(): Omit<BenchResult, "elapsedMs">;
}

function createCalls({ target, settings, random }: BenchRun): Calls {
  const get = new LatencyHistogram();
  const set = new LatencyHistogram();
  const errors = new Map<string, number>();
  const nextKey = createKeyChooser(settings.distribution, settings.keyCount, random);
  const value = createValue(settings.valueBytes, random);
  const options = { ttl: settings.ttlMs };
  let hitCount = 0;
  return {
    async one() {
      const key = benchKey(nextKey());
      const isGet = random.next() < settings.getRatio;
      const startedAt = performance.now();
      try {
        if (isGet) {
          if ((await target.get(key)) !== undefined) hitCount += 1;
        } else await target.set(key, value, options);
        (isGet ? get : set).record(performance.now() - startedAt);
      } catch (error) {
        const { code } = reportOf(error);
        errors.set(code, (errors.get(code) ?? 0) + 1);
      }
    },
    counts: () => ({ get, set, hitCount, errors }),
  };
}

/** Bytes that cannot be compressed, or sizes would not be what they say. */
function createValue(sizeBytes: number, random: RandomSource): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, () => Math.floor(random.next() * 256));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
