import type { Cache } from "../../../src/cache/cache.ts";
import type { GetOrSetOptions } from "../../../src/cache/options.ts";
import { fromStoredKey, namespaceOf } from "../../../src/entry/namespace-path.ts";
import type { EventQueue } from "../event-queue.ts";
import type { Operation } from "../schedule.ts";
import type { FleetLoads } from "./fleet-loads.ts";
import { ownedShardOf } from "./owned-shards-of.ts";
import { type OwnerJudge, textOf } from "./owner-judge.ts";
import type { OwnerProcess } from "./owner-process.ts";

type Of<Kind extends Operation["kind"]> = Extract<Operation, { readonly kind: Kind }>;

/** What operations need of the run they are part of. */
export interface OwnerWorld {
  readonly judge: OwnerJudge;
  readonly loads: FleetLoads;
  readonly queue: EventQueue;
  readonly counts: OwnerCounts;
}

/** What became of counts. */
export interface OwnerCounts {
  /** Of each version how many counts were confirmed: owners on several sides of a cut may give out the same one. */
  readonly confirmed: Map<number, number>;
  /** Counts of which nobody knows whether they were made. */
  unknown: number;
}

/** One operation of one process of a fleet of owners, by its whole cache. */
export class OwnerOperation {
  readonly #world: OwnerWorld;
  readonly #process: OwnerProcess;
  readonly #id: number;

  constructor(world: OwnerWorld, process: OwnerProcess, id: number) {
    this.#world = world;
    this.#process = process;
    this.#id = id;
  }

  async perform(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case "get":
        return this.#get(operation.key);
      case "get-multi":
        return this.#getMulti(operation.keys);
      case "set":
        return this.#set(operation);
      case "set-multi":
        return this.#setMulti(operation);
      case "increment":
        return this.#increment(operation.key);
      case "fetch":
        return this.#fetch(operation);
      case "fetch-multi":
        return this.#fetchMulti(operation);
      case "delete":
        return this.#delete(operation.key);
      case "delete-multi":
        await Promise.all(operation.keys.map((key) => this.#delete(key)));
        return;
      default:
        return this.#changeMany(operation);
    }
  }

  async #get(key: string): Promise<void> {
    const { judge } = this.#world;
    const begun = judge.begin(this.#process, key);
    const near = this.#process.whole.isReady ? this.#process.near.peek?.(key) : undefined;
    if (near !== undefined) judge.served(this.#process, begun, textOf(near), true);
    const value = await this.#view(key).get(fromStoredKey(key));
    if (near === undefined && !this.#process.isDead) judge.served(this.#process, begun, textOf(value), false);
  }

  async #getMulti(keys: readonly string[]): Promise<void> {
    const { judge } = this.#world;
    const begun = keys.map((key) => judge.begin(this.#process, key));
    const values = await Promise.all(
      keys.map(async (key) => (await this.#view(key).getMulti([fromStoredKey(key)])).get(fromStoredKey(key))),
    );
    if (this.#process.isDead) return;
    for (const [index, read] of begun.entries()) judge.served(this.#process, read, textOf(values[index]), false);
  }

  async #set({ key, ttlMs, tags, condition, isAcknowledged }: Of<"set">): Promise<void> {
    const view = this.#view(key);
    const own = fromStoredKey(key);
    const value = Buffer.from(`s${this.#id}`);
    const options = { ttl: ttlMs, tags };
    if (condition === "absent") {
      const isStored = await view.setNX(own, value, options);
      if (isStored) this.#confirmValue(key, textOf(value), [this.#process]);
      return;
    }
    const ack = isAcknowledged === true ? "all" : "store";
    const receipt = await view.set(own, value, { ...options, ack });
    if (this.#process.isDead) return;
    const { judge } = this.#world;
    this.#confirmValue(key, textOf(value), receipt.coherent ? judge.agreeing(this.#process) : [this.#process]);
  }

  async #setMulti({ keys, ttlMs }: Of<"set-multi">): Promise<void> {
    const write = async (key: string): Promise<void> => {
      const value = `m${this.#id}.${key}`;
      await this.#view(key).setMulti([[fromStoredKey(key), Buffer.from(value)]], ttlMs);
      this.#confirmValue(key, value, [this.#process]);
    };
    await Promise.all(keys.map(write));
  }

  /** A write is confirmed. */
  #confirmValue(key: string, value: string | undefined, all: readonly OwnerProcess[]): void {
    const { judge } = this.#world;
    if (this.#process.isDead) return;
    const [found] = judge.lives.find(ownedShardOf(key), key, value, 0, Number.POSITIVE_INFINITY);
    if (found === undefined) judge.report("G3 own writes", `${this.#process.name} wrote ${value} of ${key} nowhere`);
    else for (const process of all) judge.see(process, key, found, "last");
  }

  async #increment(key: string): Promise<void> {
    const { counts, judge } = this.#world;
    counts.unknown += 1;
    let version = 0;
    try {
      // Of the store: the cache does not say which version a count has.
      const request = { delta: 1n, initial: 0n, ttlMs: Number.POSITIVE_INFINITY, minimum: 0n, maximum: 1_000_000n };
      const result = await this.#process.near.increment?.(key, request, {});
      version = result?.version ?? 0;
    } catch (error) {
      // Said to be certainly not done.
      if (error instanceof Error && error.name === "BackendUnavailableError") counts.unknown -= 1;
      throw error;
    }
    if (this.#process.isDead) return;
    counts.unknown -= 1;
    counts.confirmed.set(version, (counts.confirmed.get(version) ?? 0) + 1);
    const [found, ...others] = judge.lives.ofVersion(ownedShardOf(key), key, version);
    // Of several nobody can say whose it was.
    if (found !== undefined && others.length === 0) judge.see(this.#process, key, found, "last");
  }

  async #delete(key: string): Promise<void> {
    const { judge, queue } = this.#world;
    const startMs = queue.nowMs;
    const isThere = await this.#view(key).delete(fromStoredKey(key));
    if (this.#process.isDead) return;
    const found = judge.lives.find(ownedShardOf(key), key, undefined, startMs, queue.nowMs);
    if (found.length === 0)
      judge.report("G3 own writes", `${this.#process.name} deleted ${key}, which was there all the time`);
    else if (isThere) judge.see(this.#process, key, found[0] as (typeof found)[0], "first");
  }

  async #changeMany(operation: Operation): Promise<void> {
    const { cache } = this.#process.whole;
    const { loads } = this.#world;
    switch (operation.kind) {
      case "expire":
        await this.#view(operation.key).expire(fromStoredKey(operation.key), operation.ttlMs);
        return;
      case "tags":
        loads.noteWide();
        await cache.invalidateTags(operation.tags);
        return;
      case "clear":
        loads.noteWide();
        await this.#viewOf(operation.path).clear();
        return;
      default:
        return;
    }
  }

  async #fetch(operation: Of<"fetch">): Promise<void> {
    const { key, isForced = false } = operation;
    const { judge, loads } = this.#world;
    const begun = judge.begin(this.#process, key);
    const load = (): Promise<Buffer> => this.#load(operation, key);
    const value = await this.#view(key).getOrSet(fromStoredKey(key), load, optionsOf(operation));
    if (!this.#process.isDead) loads.given(this.#process, begun, textOf(value), isForced);
  }

  async #fetchMulti(operation: Of<"fetch-multi">): Promise<void> {
    const { judge, loads } = this.#world;
    const { isForced = false } = operation;
    const fetch = async (key: string): Promise<void> => {
      const begun = judge.begin(this.#process, key);
      const own = fromStoredKey(key);
      const load = async (): Promise<Map<string, Buffer>> => new Map([[own, await this.#load(operation, key)]]);
      const values = await this.#view(key).getOrSetMulti([own], load, optionsOf(operation));
      if (!this.#process.isDead) loads.given(this.#process, begun, textOf(values.get(own)), isForced);
    };
    await Promise.all(operation.keys.map(fetch));
  }

  async #load(operation: Of<"fetch"> | Of<"fetch-multi">, key: string): Promise<Buffer> {
    const { loads, queue } = this.#world;
    const process = this.#process;
    process.loaderCount += 1;
    const value = `f${this.#id}.${process.life}.${process.loaderCount}`;
    const run = loads.begin(process, key, value, operation.isForced === true);
    await new Promise<void>((resolve) => {
      queue.at(queue.nowMs + operation.loaderMs, "timer", process, resolve);
    });
    loads.end(run);
    if (operation.outcome === "error") throw Object.assign(new Error("the source is away"), { name: "SourceError" });
    return Buffer.from(value);
  }

  #view(key: string): Cache {
    return this.#viewOf(namespaceOf(key));
  }

  #viewOf(path: string): Cache {
    const { cache } = this.#process.whole;
    return path === "" ? cache : path.split("/").reduce((view, name) => view.namespace(name), cache);
  }
}

function optionsOf({ ttlMs, tags, isForced, hardTimeoutMs }: Of<"fetch"> | Of<"fetch-multi">): GetOrSetOptions {
  return {
    ttl: ttlMs,
    tags,
    hardTimeout: Math.max(600, hardTimeoutMs),
    ...(isForced === true && { forceFresh: true }),
  };
}
