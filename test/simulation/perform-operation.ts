import type { Backend, OperationContext } from "../../src/backend/backend.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../src/backend/counter.ts";
import type { LoadTier } from "../../src/backend/load-tier.ts";
import type { EntryWrite, StoredEntry } from "../../src/backend/stored-entry.ts";
import type { EventQueue } from "./event-queue.ts";
import type { BegunRead, Judge } from "./judge.ts";
import { MIDDLE_NAME } from "./middle-model.ts";
import type { Operation } from "./schedule.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { CallTrace } from "./store-link.ts";

/** What operations need of the run they are part of. */
export interface OperationWorld {
  readonly judge: Judge;
  readonly queue: EventQueue;
  /** Counts of the counter: confirmed, and of unknown outcome. */
  readonly counts: { confirmed: number; unknown: number };
  /** Those that live now. */
  readonly processes: () => readonly SimulatedProcess[];
}

const CONTEXT: OperationContext = {};

type Of<Kind extends Operation["kind"]> = Extract<Operation, { readonly kind: Kind }>;

/** One operation of one process. Resolves when it is over, also when it failed for want of an answer. */
export class PerformedOperation {
  readonly #world: OperationWorld;
  readonly #process: SimulatedProcess;
  readonly #near: Backend;
  readonly #id: number;

  constructor(world: OperationWorld, process: SimulatedProcess, id: number) {
    this.#world = world;
    this.#process = process;
    this.#near = process.near;
    this.#id = id;
  }

  async perform(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case "fetch":
      case "fetch-multi":
        return;
      case "get":
        return void (await this.#get(operation.key));
      case "get-multi":
        return this.#getMulti(operation);
      case "set":
        return this.#set(operation);
      case "set-multi":
        return this.#setMulti(operation);
      case "increment":
        return this.#increment(operation);
      case "delete":
        return this.#delete(operation);
      case "load":
        return this.#load(operation);
      case "commit":
        return this.#commit(operation);
      default:
        return this.#change(() => this.#plainChange(operation));
    }
  }

  #plainChange(operation: Of<"delete-multi" | "expire" | "tags" | "clear">): unknown {
    const near = this.#near;
    switch (operation.kind) {
      case "delete-multi":
        return near.deleteMulti(operation.keys, CONTEXT);
      case "expire":
        return near.expire(operation.key, operation.ttlMs, CONTEXT);
      case "tags":
        return near.invalidateTags?.(operation.tags, CONTEXT);
      default:
        return near.clear?.(operation.path, CONTEXT);
    }
  }

  /** A read as callers do it. @returns the entry */
  async #get(key: string): Promise<StoredEntry | undefined> {
    const { judge } = this.#world;
    const { name, seen } = this.#process;
    const begun = judge.begin(seen, key);
    const answer = this.#near.get(key, CONTEXT);
    if (!(answer instanceof Promise)) {
      judge.servedNear(name, seen, begun, answer?.value);
      return answer;
    }
    const entry = await answer;
    if (!this.#process.isDead) this.#judge(begun, entry);
    return entry;
  }

  async #getMulti({ keys }: Of<"get-multi">): Promise<void> {
    const { judge } = this.#world;
    const { name, seen } = this.#process;
    const begun = keys.map((key) => judge.begin(seen, key));
    const entries = await this.#near.getMulti(keys, CONTEXT);
    if (this.#process.isDead) return;
    for (const [index, entry] of entries.entries()) {
      const read = begun[index] as (typeof begun)[number];
      // Copies name their tier.
      if (entry?.tier === "memory") judge.servedNearInBatch(name, seen, read, entry.value);
      else this.#judge(read, entry);
    }
  }

  async #set(operation: Of<"set">): Promise<void> {
    const { key, ttlMs, tags, condition } = operation;
    const write: EntryWrite = { value: `s${this.#id}`, ttlMs, tags };
    if (condition === undefined) return this.#write(operation, write);
    if (condition === "absent") return this.#write(operation, { ...write, condition: { kind: "absent" } });
    const read = await this.#get(key);
    if (read === undefined || this.#process.isDead) return;
    await this.#write(operation, { ...write, condition: { kind: "version", version: read.version } });
  }

  async #write({ key, isAcknowledged, reader }: Of<"set">, write: EntryWrite): Promise<void> {
    const { judge, processes } = this.#world;
    const trace = this.#trace();
    const result = await this.#ended(trace, () => this.#near.set(key, write, CONTEXT));
    if (this.#process.isDead) return;
    if (!result.stored) {
      if (result.version > 0) judge.met(this.#process.seen, key, result.version);
      return;
    }
    judge.confirmed(this.#process.seen, trace);
    if (isAcknowledged === true) await this.#awaitAll({ key, version: result.version }, trace);
    const other = reader === undefined ? undefined : processes()[reader];
    if (other === undefined || other.isPaused) return;
    await new PerformedOperation(this.#world, other, this.#id).#readNotBefore(key, result.version, trace);
  }

  /** A read that is given a version which another process has committed. */
  async #readNotBefore(key: string, version: number, trace: CallTrace): Promise<void> {
    const { judge } = this.#world;
    const { name, seen } = this.#process;
    const begun = judge.beginAfter(seen, key, trace);
    const answer = this.#near.get(key, { notBefore: { version, epoch: this.#near.epoch } });
    if (!(answer instanceof Promise)) {
      judge.servedNear(name, seen, begun, answer?.value);
      return;
    }
    const entry = await answer;
    if (!this.#process.isDead) this.#judge(begun, entry);
  }

  /** An answer that took its time: of the store, or of what lies between. */
  #judge(begun: BegunRead, entry: StoredEntry | undefined): void {
    const { judge } = this.#world;
    const { name, seen } = this.#process;
    if (entry?.tier === MIDDLE_NAME) judge.servedMiddle(name, seen, begun, entry.value);
    else judge.servedFar(name, seen, begun, entry?.value);
  }

  async #delete({ key, isAcknowledged }: Of<"delete">): Promise<void> {
    const { judge } = this.#world;
    const trace = this.#trace();
    await this.#ended(trace, () => this.#near.delete(key, CONTEXT));
    if (this.#process.isDead) return;
    judge.confirmed(this.#process.seen, trace);
    // The store does not say which version it gave the end.
    if (isAcknowledged === true) await this.#awaitAll({ key, version: Number.POSITIVE_INFINITY }, trace);
  }

  /** From then on nobody may serve what was there before. */
  async #awaitAll(change: { readonly key: string; readonly version: number }, trace: CallTrace): Promise<void> {
    const isCertain = await this.#near.awaitCoherence?.(change, CONTEXT);
    if (isCertain !== true) return;
    this.#world.judge.confirmedToAll(this.#world.processes(), trace);
  }

  #setMulti({ keys, ttlMs }: Of<"set-multi">): Promise<void> {
    const items = keys.map((key, index) => [key, { value: `m${this.#id}.${index}`, ttlMs, tags: [] }] as const);
    return this.#change(() => this.#near.setMulti(items, CONTEXT));
  }

  async #increment({ key }: Of<"increment">): Promise<void> {
    const { counts } = this.#world;
    const request = {
      delta: 1n,
      initial: 0n,
      ttlMs: Number.POSITIVE_INFINITY,
      minimum: MIN_COUNTER,
      maximum: MAX_COUNTER,
    };
    counts.unknown += 1;
    await this.#change(() => this.#near.increment?.(key, request, CONTEXT));
    counts.unknown -= 1;
    counts.confirmed += 1;
  }

  async #load({ key, loaderMs, ttlMs, tags, isReleased }: Of<"load">): Promise<void> {
    const { judge, queue } = this.#world;
    const process = this.#process;
    const tier = this.#near.loadTier as LoadTier;
    const begun = judge.begin(process.seen, key);
    const lease = await tier.getOrLease(key, { tokenMs: 4 * loaderMs }, CONTEXT);
    if (process.isDead) return;
    if (lease.kind === "hit") return judge.servedFar(process.name, process.seen, begun, lease.entry.value);
    judge.servedFar(process.name, process.seen, begun, undefined);
    if (lease.kind === "busy") return;
    const { token } = lease;
    const startMs = queue.nowMs;
    await new Promise<void>((resolve) => {
      queue.at(startMs + loaderMs, "timer", process, resolve);
    });
    if (isReleased) return void (await tier.release(key, token, CONTEXT));
    const write: EntryWrite = { value: `l${this.#id}`, ttlMs, tags };
    const trace = this.#trace();
    const result = await tier.fill(key, { token, write }, CONTEXT);
    if (!process.isDead && result.stored) judge.confirmed(process.seen, trace);
  }

  async #commit({ keys, ttlMs }: Of<"commit">): Promise<void> {
    const reads: (StoredEntry | undefined)[] = [];
    for (const key of keys) reads.push(await this.#get(key));
    if (this.#process.isDead) return;
    const checks = keys.map((key, index) => ({ key, version: reads[index]?.version ?? 0 }));
    const first = keys[0] as string;
    const writes = [
      { key: first, write: { value: `c${this.#id}`, ttlMs, tags: [] } },
      ...(keys.length > 1 ? [{ key: keys.at(-1) as string, write: undefined }] : []),
    ];
    await this.#change(() => this.#near.commit?.(checks, writes, CONTEXT));
  }

  async #change(apply: () => unknown): Promise<void> {
    const trace = this.#trace();
    await this.#ended(trace, apply);
    if (!this.#process.isDead) this.#world.judge.confirmed(this.#process.seen, trace);
  }

  /** Makes a change. One that fails may have happened: the process must behave as if it had. */
  async #ended<T>(trace: CallTrace, change: () => T | Promise<T>): Promise<T> {
    try {
      return await change();
    } catch (error) {
      if (!this.#process.isDead) this.#world.judge.confirmed(this.#process.seen, trace);
      throw error;
    }
  }

  /** Follows the next call of the process, which must be made in this step. */
  #trace(): CallTrace {
    const trace: CallTrace = { committedAtMs: undefined, periods: new Map(), ended: [] };
    this.#process.link.trace = trace;
    return trace;
  }
}
