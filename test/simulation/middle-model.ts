import type { Backend, MaybePromise } from "../../src/backend/backend.ts";
import type { EntryWrite, StoredEntry } from "../../src/backend/stored-entry.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import type { Clock } from "../../src/foundation/clock.ts";
import type { RandomSource } from "../../src/foundation/random-source.ts";
import type { Scheduler } from "../../src/foundation/scheduler.ts";
import { MiddleTier } from "../../src/tiers/middle-tier.ts";
import type { EventOwner, EventQueue } from "./event-queue.ts";
import { mixedRandom, wordOf } from "./mixed-random.ts";
import type { SimulationSettings } from "./schedule.ts";

/** Name of the middle tier. */
export const MIDDLE_NAME = "middle";

/** How long a read waits for it, in ms. */
const TIMEOUT_MS = 25;

/** Values of a key that a hostile store may still answer with. */
const MAX_KEPT = 6;

interface Kept {
  readonly value: unknown;
  readonly untilMs: number;
}

/** A store between memory and the shared store, the same for all processes. A hostile one answers with what it had before, or with nothing, and takes writes long after they were sent. */
export class MiddleModel {
  readonly #kept = new Map<string, Kept[]>();
  readonly #isHostile: boolean;

  constructor(isHostile: boolean) {
    this.#isHostile = isHostile;
  }

  /** @param chance in [0, 1): what a hostile store answers with */
  find(key: string, nowMs: number, chance: number): unknown {
    const kept = this.#kept.get(key) ?? [];
    if (this.#isHostile && chance > 0.4) return kept[Math.floor(((chance - 0.4) / 0.6) * kept.length)]?.value;
    const last = kept.at(-1);
    return last !== undefined && last.untilMs > nowMs ? last.value : undefined;
  }

  put(key: string, value: unknown, untilMs: number): void {
    const kept = this.#kept.get(key) ?? [];
    kept.push({ value, untilMs });
    if (kept.length > MAX_KEPT) kept.shift();
    this.#kept.set(key, kept);
  }

  end(key: string): void {
    // What was there before may come back.
    if (!this.#isHostile) this.#kept.delete(key);
    else if (this.#kept.has(key)) this.put(key, undefined, 0);
  }
}

/** What a process needs for its middle tier. */
export interface MiddleParts {
  readonly model: MiddleModel;
  readonly seed: number;
  readonly number: number;
  readonly settings: SimulationSettings;
  readonly queue: EventQueue;
  readonly owner: EventOwner;
  /** By how much what is written now is late, in ms; `undefined`: it is lost. */
  readonly writeDelayMs: () => number | undefined;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  readonly onEvent: ((text: string) => void) | undefined;
}

/** The real middle tier over the model, as one process has it. */
export function createModelTier(parts: MiddleParts): MiddleTier {
  const { clock, scheduler, random } = parts;
  const settings = { serializer: "json", hasEnvelope: true, compression: undefined } as const;
  return new MiddleTier({
    name: MIDDLE_NAME,
    store: createModelStore(parts),
    codec: createCodec({ ...settings, dictionaries: [], encryptionKeys: [], maxValueBytes: 1_000_000 }, parts),
    ...{ clock, scheduler, random },
    readsPrepared: true,
    timeoutMs: TIMEOUT_MS,
    maxTtlMs: Number.POSITIVE_INFINITY,
    keepsWrites: true,
    // It is to be asked, whatever comes of it.
    breaker: { failureCount: 1_000_000, failureRatio: 2 },
    onNotice: () => undefined,
  });
}

function createModelStore({
  model,
  seed,
  number,
  settings,
  queue,
  owner,
  writeDelayMs,
  onEvent,
}: MiddleParts): Backend {
  let callCount = 0;
  const chanceOf = (word: number): number => mixedRandom(seed, number, callCount, word, 21);
  const delayMs = (word: number): number => {
    const longestMs = chanceOf(word) < 0.1 ? settings.rareDelayMs : settings.usualDelayMs;
    return 1 + Math.floor(chanceOf(word + 1) * longestMs);
  };
  const isHostile = settings.middle === "hostile";
  function call<T>(what: string, isWrite: boolean, apply: () => T): Promise<T> {
    callCount += 1;
    // A write of a process that stands still, or whose link does, arrives when everything has changed.
    const isLate = isHostile && isWrite && chanceOf(1) < 0.2;
    const ownLateMs = isWrite ? writeDelayMs() : 0;
    const lateMs = (ownLateMs ?? 0) + (isLate ? Math.floor(2 * settings.maxStalenessMs * chanceOf(2)) : 0);
    const isLost = ownLateMs === undefined || (isHostile && chanceOf(3) < 0.05);
    const [thereMs, backMs] = [delayMs(4), delayMs(6)];
    return new Promise((resolve) => {
      if (isLost) return;
      queue.at(queue.nowMs + thereMs + lateMs, "reply", undefined, () => {
        onEvent?.(`is done at the middle tier: ${what}`);
        const answer = apply();
        queue.at(queue.nowMs + backMs, "reply", owner, () => resolve(answer));
      });
    });
  }
  const findAll = (keys: readonly string[]): Promise<(StoredEntry | undefined)[]> =>
    call(`read ${keys.join(" ")}`, false, () =>
      keys.map((key, index) => {
        const value = model.find(key, queue.nowMs, chanceOf(wordOf(key) + index));
        return value === undefined ? undefined : { value, version: 1, expiresAt: Number.POSITIVE_INFINITY, tags: [] };
      }),
    );
  const putAll = (items: ReadonlyArray<readonly [string, EntryWrite]>) =>
    call(`put ${items.map(([key]) => key).join(" ")}`, true, () =>
      items.map(([key, { value, ttlMs }]) => {
        model.put(key, value, queue.nowMs + ttlMs);
        return { stored: true, version: 1 };
      }),
    );
  const endAll = (keys: readonly string[]): Promise<number> =>
    call(`end ${keys.join(" ")}`, true, () => {
      for (const key of keys) model.end(key);
      return keys.length;
    });
  return {
    name: MIDDLE_NAME,
    capabilities: {
      ...{ storage: "bytes", local: false, conditionalWrites: false, counters: false, transactions: "none" },
      ...{ leases: false, tags: false, scan: false, clear: false },
    },
    epoch: "model",
    close: () => undefined,
    get: async (key) => (await findAll([key]))[0],
    getMulti: findAll,
    set: async (key, write) => (await putAll([[key, write]]))[0] as { stored: boolean; version: number },
    setMulti: putAll,
    delete: async (key) => (await endAll([key])) > 0,
    deleteMulti: endAll,
    expire: (): MaybePromise<boolean> => false,
  };
}
