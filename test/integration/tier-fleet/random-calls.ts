import { setTimeout as delay } from "node:timers/promises";
import { createSeededRandom } from "../../../src/foundation/random-source.ts";
import {
  type HandedReceipt,
  TIER_COUNTERS,
  type TierKey,
  type TierTask,
  type TierWorkerMessage,
  tierKeys,
} from "./tier-task.ts";
import type { WorkerCalls } from "./worker-calls.ts";
import type { PlannedChange } from "./worker-changes.ts";

const FIBER_COUNT = 3;
const LONGEST_PAUSE_MS = 12;
const LONGEST_LOAD_MS = 25;
const TTLS_MS = [150, 400, 1_000] as const;
const MAX_HANDED_COUNT = 100;
const HANDED_RATIO = 0.5;

/** What a process of a fleet does by itself: everything, in an order that its seed says. */
export class RandomCalls {
  readonly #calls: WorkerCalls;
  readonly #isRedis: boolean;
  readonly #send: (message: TierWorkerMessage) => void;
  readonly #keys: readonly TierKey[];
  readonly #random: () => number;
  readonly #handed: HandedReceipt[] = [];

  constructor(calls: WorkerCalls, task: TierTask, send: (message: TierWorkerMessage) => void) {
    this.#calls = calls;
    this.#isRedis = task.isRedis;
    this.#send = send;
    this.#keys = tierKeys(task.keyCount);
    const random = createSeededRandom(task.seed);
    this.#random = () => random.next();
  }

  /** Goes on until this instant. */
  async run(endAt: number): Promise<void> {
    await Promise.all(Array.from({ length: FIBER_COUNT }, () => this.#runFiber(endAt)));
  }

  /** Another process hands on a receipt. */
  take(receipt: HandedReceipt): void {
    if (this.#handed.length >= MAX_HANDED_COUNT) return;
    this.#handed.push(receipt);
    // As early as can be, and later again.
    void this.#calls.attempt("getEntry", () => this.#calls.readAfter(receipt));
  }

  async #runFiber(endAt: number): Promise<void> {
    while (this.#calls.now() < endAt) {
      await this.#act();
      this.#peekSome();
      await delay(this.#random() * LONGEST_PAUSE_MS);
      this.#peekSome();
    }
  }

  async #act(): Promise<void> {
    const calls = this.#calls;
    const kind = this.#random();
    if (kind < 0.14) return this.#write();
    if (kind < 0.2) return this.#change();
    if (kind < 0.23) return calls.increment(this.#pick(TIER_COUNTERS), this.#isRedis && this.#chance(0.5));
    if (kind < 0.29) return calls.attempt("getOrSet", () => this.#fetch());
    if (kind < 0.36) return calls.attempt("getMulti", () => this.#readMany());
    if (kind < 0.4) {
      return calls.attempt("getEntry", () => calls.readEntry(calls.counters, this.#pick(TIER_COUNTERS), "getEntry"));
    }
    const receipt = kind < 0.46 ? this.#handed.pop() : undefined;
    return calls.attempt("getEntry", () =>
      receipt === undefined ? calls.readEntry(calls.cache, this.#pickKey().name, "getEntry") : calls.readAfter(receipt),
    );
  }

  async #readMany(): Promise<void> {
    const { cache, now } = this.#calls;
    const names = this.#pickKeys().map(({ name }) => name);
    const from = now();
    const values = await cache.getMulti<string>(names);
    for (const key of names) this.#calls.logRead({ how: "getMulti", key, from }, values.get(key));
  }

  async #fetch(): Promise<void> {
    const { cache, changes, now } = this.#calls;
    const { name: key, tag } = this.#pickKey();
    const from = now();
    const value = await cache.getOrSet<string>(
      key,
      async () => {
        const value = changes.newValue(key);
        changes.begin({ how: "load", keys: [key], values: [value] });
        await delay(this.#random() * LONGEST_LOAD_MS);
        return value;
      },
      { tags: [tag] },
    );
    this.#calls.logRead({ how: "getOrSet", key, from }, value);
  }

  #peekSome(): void {
    for (let count = 0; count < 2; count += 1) this.#calls.peek(this.#pickKey().name);
  }

  async #write(): Promise<void> {
    const { name: key, tag } = this.#pickKey();
    const ttlMs = this.#chance(0.15) ? this.#pick(TTLS_MS) : undefined;
    const ack = this.#chance(0.2) ? "all" : "store";
    await this.#calls.attempt(ack === "all" ? "set, acknowledged" : "set", async () => {
      const receipt = await this.#calls.write({ key, tags: [tag], ttlMs, ack });
      if (this.#chance(HANDED_RATIO)) this.#send({ kind: "receipt", receipt });
    });
  }

  async #change(): Promise<void> {
    const { cache, changes } = this.#calls;
    const many = this.#pickKeys();
    const [{ tag, name }] = many as readonly [TierKey];
    const names = many.map((key) => key.name);
    const kind = this.#random();
    if (kind < 0.2) {
      const ofTag = many.filter((key) => key.tag === tag).map((key) => key.name);
      const values = ofTag.map((key) => changes.newValue(key));
      const items = ofTag.map((key, index) => [key, values[index] as string] as const);
      await this.#run({ how: "setMulti", keys: ofTag, values }, () => cache.setMulti(items, { tags: [tag] }));
    } else if (kind < 0.5) {
      await this.#run({ how: "delete", keys: [name] }, () => cache.delete(name));
    } else if (kind < 0.65) {
      await this.#run({ how: "deleteMulti", keys: names }, () => cache.deleteMulti(names));
    } else if (kind < 0.8) {
      const ttlMs = this.#pick(TTLS_MS);
      await this.#run({ how: "expire", keys: [name], ttlMs }, () => cache.expire(name, ttlMs));
    } else if (kind < 0.95) {
      const ofTag = this.#keys.filter((key) => key.tag === tag).map((key) => key.name);
      await this.#run({ how: "invalidateTags", keys: ofTag }, () => cache.invalidateTags([tag]));
    } else {
      await this.#run({ how: "clear", keys: this.#keys.map((key) => key.name) }, () => cache.clear());
    }
  }

  async #run(plan: PlannedChange, call: () => Promise<unknown>): Promise<void> {
    const begun = this.#calls.changes.begin(plan);
    await this.#calls.attempt(plan.how, async () => {
      await call();
      this.#calls.changes.end(begun, {});
    });
  }

  #chance(ratio: number): boolean {
    return this.#random() < ratio;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T;
  }

  /** Some keys are much busier than others. */
  #pickKey(): TierKey {
    return this.#keys[Math.floor(this.#random() ** 2 * this.#keys.length)] as TierKey;
  }

  #pickKeys(): readonly TierKey[] {
    return [...new Set([this.#pickKey(), this.#pickKey(), this.#pickKey()])];
  }
}
