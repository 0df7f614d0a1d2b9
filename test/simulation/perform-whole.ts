import type { Cache } from "../../src/cache/cache.ts";
import type { GetOrSetOptions, SetOptions } from "../../src/cache/options.ts";
import { fromStoredKey, namespaceOf } from "../../src/entry/namespace-path.ts";
import type { LoaderContext } from "../../src/loading/loader.ts";
import type { OperationWorld } from "./perform-operation.ts";
import type { Operation } from "./schedule.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { CallTrace } from "./store-link.ts";
import type { WholeCache } from "./whole-cache.ts";

type Of<Kind extends Operation["kind"]> = Extract<Operation, { readonly kind: Kind }>;

/** A process that has a whole cache. */
export interface WholeProcess {
  readonly process: SimulatedProcess;
  readonly whole: WholeCache;
}

/** One operation of one process by its whole cache, as an application does it. */
export class WholeOperation {
  readonly #world: OperationWorld;
  readonly #process: SimulatedProcess;
  readonly #whole: WholeCache;
  readonly #id: number;

  constructor(world: OperationWorld, { process, whole }: WholeProcess, id: number) {
    this.#world = world;
    this.#process = process;
    this.#whole = whole;
    this.#id = id;
  }

  async perform(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case "get":
        return this.#get(operation.key, undefined);
      case "get-multi":
        return this.#getMulti(operation);
      case "set":
        return this.#set(operation);
      case "set-multi":
        return this.#setMulti(operation);
      case "increment":
        return this.#increment(operation);
      case "commit":
        return this.#commit(operation);
      case "fetch":
        return this.#fetch(operation);
      case "fetch-multi":
        return this.#fetchMulti(operation);
      case "load":
        return;
      default:
        return this.#remove(operation);
    }
  }

  async #get(key: string, trace: { readonly of: CallTrace; readonly receipt: Receipt } | undefined): Promise<void> {
    const { judge } = this.#world;
    const { name, seen } = this.#process;
    const begun = trace === undefined ? judge.begin(seen, key) : judge.beginAfter(seen, key, trace.of);
    const near = trace === undefined && this.#whole.isReady ? this.#process.near.peek?.(key) : undefined;
    const options = trace && { after: { ...trace.receipt, key: fromStoredKey(key) } };
    const reading = this.#view(key).get(fromStoredKey(key), options);
    if (near !== undefined) judge.servedNear(name, seen, begun, near);
    const value = await reading;
    if (near === undefined && !this.#process.isDead) judge.served(name, seen, begun, value);
  }

  async #getMulti({ keys }: Of<"get-multi">): Promise<void> {
    const { judge } = this.#world;
    const { name, seen } = this.#process;
    const begun = keys.map((key) => judge.begin(seen, key));
    const groups = await Promise.all(
      grouped(keys).map(async (group) => {
        const found = await this.#view(group[0] as string).getMulti(group.map(fromStoredKey));
        return group.map((key) => [key, found.get(fromStoredKey(key))] as const);
      }),
    );
    if (this.#process.isDead) return;
    const values = new Map(groups.flat());
    for (const read of begun) judge.served(name, seen, read, values.get(read.key));
  }

  async #set(operation: Of<"set">): Promise<void> {
    const { key, ttlMs, tags, condition, isAcknowledged } = operation;
    const view = this.#view(key);
    const own = fromStoredKey(key);
    const value = `s${this.#id}`;
    const options = { ttl: ttlMs, tags };
    if (condition === "absent") {
      await this.#confirm(`set ${key}`, () => view.setNX(own, value, options));
      return;
    }
    if (condition === "read") {
      const entry = await view.getEntry(own);
      if (entry === undefined || this.#process.isDead) return;
      await this.#confirm(`set ${key}`, () => view.compareAndSet(own, entry.version, value, options));
      return;
    }
    await this.#write(operation, { ...options, ack: isAcknowledged === true ? "all" : "store" });
  }

  async #write({ key, reader }: Of<"set">, options: { readonly ack: "all" | "store" } & SetOptions): Promise<void> {
    const { ack } = options;
    const startMs = this.#world.queue.nowMs;
    const [receipt, trace] = await this.#confirm(`set ${key}`, () =>
      this.#view(key).set(fromStoredKey(key), `s${this.#id}`, options),
    );
    if (this.#process.isDead) return;
    const { judge, processes, queue } = this.#world;
    if (ack === "all") {
      judge.acknowledged(this.#process.name, trace, startMs, queue.nowMs);
      if (receipt.coherent) judge.confirmedToAll(processes(), trace);
    } else if (receipt.coherent)
      judge.report("G5 acknowledged writes", `${this.#process.name} was told of one it did not ask for`);
    const other = reader === undefined ? undefined : processes()[reader];
    if (other?.whole === undefined || other.isPaused) return;
    await new WholeOperation(this.#world, { process: other, whole: other.whole }, this.#id).#get(key, {
      of: trace,
      receipt,
    });
  }

  async #setMulti({ keys, ttlMs }: Of<"set-multi">): Promise<void> {
    for (const group of grouped(keys)) {
      const items = group.map((key) => [fromStoredKey(key), `m${this.#id}.${key}`] as const);
      await this.#confirm(`set ${group.join(" ")}`, () => this.#view(group[0] as string).setMulti(items, ttlMs));
      if (this.#process.isDead) return;
    }
  }

  async #increment({ key }: Of<"increment">): Promise<void> {
    const { counts } = this.#world;
    counts.unknown += 1;
    await this.#confirm(`increment ${key}`, () => this.#view(key).increment(fromStoredKey(key), 1n));
    counts.unknown -= 1;
    counts.confirmed += 1;
  }

  /** What ends keys, or their time. */
  async #remove(operation: Of<"delete" | "delete-multi" | "expire" | "tags" | "clear">): Promise<void> {
    const { cache } = this.#whole;
    switch (operation.kind) {
      case "delete": {
        const { key } = operation;
        await this.#confirm(`delete ${key}`, () => this.#view(key).delete(fromStoredKey(key)));
        return;
      }
      case "delete-multi":
        for (const group of grouped(operation.keys)) {
          const view = this.#view(group[0] as string);
          await this.#confirm(`delete ${group.join(" ")}`, () => view.deleteMulti(group.map(fromStoredKey)));
          if (this.#process.isDead) return;
        }
        return;
      case "expire": {
        const { key, ttlMs } = operation;
        await this.#confirm(`expire ${key}`, () => this.#view(key).expire(fromStoredKey(key), ttlMs));
        return;
      }
      case "tags":
        await this.#confirm(`tags ${operation.tags.join(" ")}`, () => cache.invalidateTags(operation.tags));
        return;
      default:
        await this.#confirm(`clear ${operation.path}`, () => this.#viewOf(operation.path).clear());
    }
  }

  async #commit({ keys, ttlMs }: Of<"commit">): Promise<void> {
    const [group] = grouped(keys) as [readonly string[]];
    const own = group.map(fromStoredKey);
    await this.#confirm(`commit ${group.join(" ")}`, () =>
      this.#view(group[0] as string).transaction(own, (tx) => {
        tx.set(own[0] as string, `c${this.#id}`, ttlMs);
        if (own.length > 1) tx.delete(own.at(-1) as string);
      }),
    );
  }

  async #fetch(operation: Of<"fetch">): Promise<void> {
    const { judge } = this.#world;
    const process = this.#process;
    const { key, isForced = false } = operation;
    const begun = judge.begin(process.seen, key);
    const { staleCount } = this.#whole;
    const load = (context: LoaderContext<unknown>): Promise<unknown> => this.#load(operation, context);
    const options = { ...optionsOf(operation), negativeTtl: 100 };
    const value = await this.#view(key).getOrSet(fromStoredKey(key), load, options);
    if (process.isDead) return;
    const staleMs = this.#whole.staleCount > staleCount ? longestStaleMs(operation) : 0;
    judge.fetched(process.name, process.seen, begun, { value, staleMs, isForced });
  }

  async #fetchMulti(operation: Of<"fetch-multi">): Promise<void> {
    await Promise.all(grouped(operation.keys).map((group) => this.#fetchGroup(operation, group)));
  }

  /** The keys of one namespace. */
  async #fetchGroup(operation: Of<"fetch-multi">, group: readonly string[]): Promise<void> {
    const { judge } = this.#world;
    const process = this.#process;
    const begun = group.map((key) => judge.begin(process.seen, key));
    const { staleCount } = this.#whole;
    const storedKeys = new Map(group.map((key) => [fromStoredKey(key), key]));
    const values = await this.#view(group[0] as string).getOrSetMulti(
      [...storedKeys.keys()],
      (keys) =>
        this.#loadMulti(
          operation,
          keys.map((key) => storedKeys.get(key) as string),
        ),
      optionsOf(operation),
    );
    if (process.isDead) return;
    const staleMs = this.#whole.staleCount > staleCount ? longestStaleMs(operation) : 0;
    const { isForced = false } = operation;
    for (const read of begun) {
      const value = values.get(fromStoredKey(read.key));
      judge.fetched(process.name, process.seen, read, { value, staleMs, isForced });
    }
  }

  /** As `#load`, for many keys in one call. */
  async #loadMulti({ loaderMs, outcome }: Of<"fetch-multi">, keys: readonly string[]): Promise<Map<string, unknown>> {
    const { judge } = this.#world;
    const process = this.#process;
    process.loaderCount += 1;
    const values = new Map<string, unknown>();
    for (const [index, key] of keys.entries()) {
      const isThere = outcome !== "some" || index < keys.length - 1;
      const value = isThere ? `f${this.#id}.${process.life}.${process.loaderCount}.${index}` : undefined;
      if (outcome !== "error") judge.loads.begin(key, value);
      if (isThere) values.set(fromStoredKey(key), value);
    }
    await this.#pass(loaderMs);
    if (outcome === "error") throw sourceError();
    return values;
  }

  /** What the application's source says, at once; it takes its time to arrive. */
  async #load({ key, loaderMs, outcome }: Of<"fetch">, context: LoaderContext<unknown>): Promise<unknown> {
    const { judge } = this.#world;
    const process = this.#process;
    process.loaderCount += 1;
    const isUnmodified = outcome === "unmodified" && context.stale !== undefined;
    const value = outcome === "none" ? null : `f${this.#id}.${process.life}.${process.loaderCount}`;
    if (outcome !== "error") judge.loads.begin(key, isUnmodified ? context.stale?.value : value);
    await this.#pass(loaderMs);
    if (outcome === "error") throw sourceError();
    if (isUnmodified) return context.notModified();
    return value;
  }

  /** The source takes its time. */
  #pass(ms: number): Promise<void> {
    const { queue } = this.#world;
    return new Promise((resolve) => {
      queue.at(queue.nowMs + ms, "timer", this.#process, resolve);
    });
  }

  /** Makes a change, and lets the process have seen it once it is over: one that fails may have happened, and what was there before may not be served then either. */
  async #confirm<T>(operation: string, change: () => Promise<T>): Promise<readonly [T, CallTrace]> {
    const { link } = this.#process;
    const trace = link.expect(operation);
    let isFailed = true;
    try {
      const result = await change();
      isFailed = false;
      return [result, trace];
    } finally {
      // Of two calls of one name nobody knows which was whose: the one that fails may not have been sent, and the other is not over.
      const isOver = !isFailed || trace.isAmbiguous !== true;
      if (isOver && !this.#process.isDead) this.#world.judge.confirmed(this.#process.seen, trace);
      link.forget(operation, trace);
    }
  }

  #view(key: string): Cache {
    return this.#viewOf(namespaceOf(key));
  }

  #viewOf(path: string): Cache {
    const { cache } = this.#whole;
    return path === "" ? cache : path.split("/").reduce((view, name) => view.namespace(name), cache);
  }
}

interface Receipt {
  readonly version: number;
  readonly epoch: string;
  readonly coherent: boolean;
}

type Fetch = Of<"fetch"> | Of<"fetch-multi">;

function optionsOf(operation: Fetch): GetOrSetOptions {
  const { ttlMs, tags, graceMs, revalidateMs, softTimeoutMs, hardTimeoutMs, isForced } = operation;
  return {
    ...{ ttl: ttlMs, tags, softTimeout: softTimeoutMs, hardTimeout: hardTimeoutMs },
    ...{ grace: graceMs > 0 && graceMs, staleWhileRevalidate: revalidateMs > 0 && revalidateMs },
    ...(isForced === true && { forceFresh: true }),
  };
}

function longestStaleMs({ graceMs, revalidateMs }: Fetch): number {
  return Math.max(graceMs, revalidateMs);
}

function sourceError(): Error {
  return Object.assign(new Error("the source is away"), { name: "SourceError" });
}

/** Keys by their namespaces. */
function grouped(keys: readonly string[]): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const path = namespaceOf(key);
    const group = groups.get(path);
    if (group === undefined) groups.set(path, [key]);
    else group.push(key);
  }
  return [...groups.values()];
}
