import type { Cache } from "../../../src/cache/cache.ts";
import { createCache } from "../../../src/create-cache.ts";
import type { WriteReceipt } from "../../../src/entry/write-receipt.ts";
import { microsSince } from "../fleet/fleet-event.ts";
import type { ReadEvent } from "./tier-event.ts";
import { TierLog } from "./tier-log.ts";
import { COUNTER_NAMESPACE, DATA_NAMESPACE, type HandedReceipt, type TierTask } from "./tier-task.ts";
import { WorkerChanges } from "./worker-changes.ts";

/** Tiers whose answers are copies: memory, and what lies between it and the store. */
const COPIES: ReadonlySet<string> = new Set(["memory", "redis-2"]);

/** What is written, and how. */
export interface PlannedWrite {
  readonly key: string;
  readonly tags?: readonly string[] | undefined;
  readonly ttlMs?: number | undefined;
  readonly ack?: "store" | "all" | undefined;
}

type LoggedRead = Pick<ReadEvent, "how" | "key" | "from"> & Partial<Pick<ReadEvent, "version" | "isFar" | "after">>;

/** With an id, a call may be repeated until it is known to have happened. */
const MAX_ATTEMPTS = 4;

/** The cache of one process, each call of which is logged. */
export class WorkerCalls {
  readonly root: Cache;
  readonly cache: Cache;
  readonly counters: Cache;
  readonly log: TierLog;
  readonly changes: WorkerChanges;
  readonly now: () => number;
  readonly actor: { readonly process: number; readonly life: number };
  readonly #task: TierTask;

  constructor(task: TierTask) {
    const originNs = BigInt(task.originNs);
    this.#task = task;
    this.now = () => microsSince(originNs);
    this.actor = { process: task.process, life: task.life };
    this.log = new TierLog(task.logFile);
    this.changes = new WorkerChanges(this.actor, this.log, this.now);
    this.root = createCache(task.config);
    this.cache = this.root.namespace(DATA_NAMESPACE);
    this.counters = this.root.namespace(COUNTER_NAMESPACE);
  }

  logRead({ version, isFar, after, ...read }: LoggedRead, value: string | undefined): void {
    const known = { version, isFar, after, value: value ?? null, to: this.now() };
    this.log.keep({ kind: "read", ...this.actor, ...read, ...known });
  }

  /** Runs a call, and logs its failure. */
  async attempt(how: string, call: () => Promise<unknown>): Promise<void> {
    const from = this.now();
    try {
      await call();
    } catch (error) {
      const code = (error as { readonly code?: unknown }).code;
      const said = typeof code === "string" ? code : String(error);
      this.log.keep({ kind: "failure", ...this.actor, how, code: said, from, to: this.now() });
    }
  }

  async readEntry(view: Cache, key: string, how: "getEntry" | "rest"): Promise<void> {
    const from = this.now();
    const entry = await view.getEntry<string>(key);
    const isFar = entry === undefined || !COPIES.has(entry.tier);
    this.logRead({ how, key, from, version: this.#versionOf(entry), isFar }, entry && String(entry.value));
  }

  /** Reads with a receipt of another process. */
  async readAfter({ key, version, epoch, value, from: writtenFrom }: HandedReceipt): Promise<void> {
    const from = this.now();
    const after: WriteReceipt = { key, version, epoch, coherent: false };
    const options = this.#task.sabotage === "no-receipts" ? {} : { after };
    const entry = await this.cache.getEntry<string>(key, options);
    const isFar = entry === undefined || !COPIES.has(entry.tier);
    const known = { value, version, from: writtenFrom };
    this.logRead({ how: "getEntry", key, from, version: this.#versionOf(entry), isFar, after: known }, entry?.value);
  }

  /** Whether there is a copy that may be served. */
  peek(key: string): boolean {
    const from = this.now();
    const value = this.cache.peek<string>(key);
    if (value !== undefined) this.logRead({ how: "peek", key, from, isFar: false }, value);
    return value !== undefined;
  }

  /** Writes, and reads at once: what a process wrote it must see. Rejects when it fails. */
  async write({ key, tags = [], ttlMs, ack = "store" }: PlannedWrite): Promise<HandedReceipt> {
    const value = this.changes.newValue(key);
    const begun = this.changes.begin({ how: "set", keys: [key], values: [value], ttlMs });
    const receipt = await this.cache.set(key, value, { tags, ack, ...(ttlMs !== undefined && { ttl: ttlMs }) });
    const { version, epoch, coherent } = receipt;
    this.changes.end(begun, { version: this.#task.isRedis ? version : undefined, isCoherent: coherent });
    await this.readEntry(this.cache, key, "getEntry");
    return { key, value, version, epoch, from: begun.from };
  }

  /** Adds one. Without an id it is tried once, unless somebody made that wrong. */
  async increment(key: string, hasId: boolean): Promise<void> {
    const begun = this.changes.begin({ how: "increment", keys: [key] });
    const { process, life } = this.actor;
    const options = hasId ? { opId: `${process}.${life}.${begun.id}` } : {};
    const attempts = hasId || this.#task.sabotage === "resent-increments" ? MAX_ATTEMPTS : 1;
    let isDone = false;
    for (let tried = 0; tried < attempts && !isDone; tried += 1) {
      await this.attempt("increment", async () => {
        const result = await this.counters.increment(key, 1, options);
        this.changes.end(begun, { result });
        isDone = true;
      });
    }
  }

  async close(): Promise<void> {
    await this.root.close();
    this.log.close();
  }

  #versionOf(entry: { readonly version: number } | undefined): number | undefined {
    return this.#task.isRedis ? entry?.version : undefined;
  }
}
