import type { Backend, OperationContext } from "../../backend/backend.ts";
import { assertWanted } from "../../backend/caller.ts";
import type { CounterRequest, CounterResult } from "../../backend/counter.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import type { NamespacePath } from "../../entry/namespace-path.ts";
import { settleAll } from "../../foundation/settle-all.ts";
import { commitRecords, shareShard } from "./coherent-commit.ts";
import { countChange } from "./count-change.ts";
import { deleteChange, expireChange, type ReadRecord, SetChange } from "./entry-changes.ts";
import { type AskWhetherLive, type EntryChange, EntryItem } from "./entry-item.ts";
import { encodeKeyText } from "./key-text.ts";
import { keysInTurn } from "./keys-in-turn.ts";
import { entryOf, hasTags, isRecord, tagMarksOf } from "./record.ts";
import { RecordReader } from "./record-reader.ts";
import { translateRedisError } from "./redis-error.ts";
import { SHARD_COUNT, slotOfShard } from "./redis-key-layout.ts";
import { requestLease } from "./redis-leases.ts";
import type { CallTag } from "./script-call.ts";
import { ScriptWriter } from "./script-writer.ts";
import { clearScript } from "./scripts/clear-script.ts";
import { readStale } from "./stale-reader.ts";
import type { StoreParts } from "./store-parts.ts";
import { TagStore } from "./tag-store.ts";
import { createTagJudge } from "./whether-live.ts";

/** What the coherent mode adds to the least a store can do. */
export type CoherentOperations = Required<
  Pick<
    Backend,
    | "get"
    | "getMulti"
    | "getStale"
    | "set"
    | "setMulti"
    | "delete"
    | "deleteMulti"
    | "expire"
    | "increment"
    | "commit"
    | "areColocated"
    | "lease"
    | "invalidateTags"
    | "stamp"
    | "clear"
  >
>;

/** Entries as records with versions, generations and tags. */
export class CoherentStore implements CoherentOperations {
  readonly tags: TagStore;
  readonly #parts: StoreParts;
  readonly #isCluster: boolean;
  readonly #reader: RecordReader;
  readonly #writer: ScriptWriter;
  readonly #ask: AskWhetherLive;
  /** Reads a whole record, live or not. */
  readonly readRecord: ReadRecord;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#isCluster = parts.client.topology === "cluster";
    this.tags = new TagStore(parts);
    this.#reader = new RecordReader(parts, this.tags, false);
    this.#writer = new ScriptWriter(parts);
    this.#ask = createTagJudge(parts.name, this.tags, this.#writer);
    this.readRecord = (record, shard) => readWhole(record, parts.client.clockOffsetMs(slotOfShard(shard)));
  }

  get(key: string, context: OperationContext): Promise<StoredEntry | undefined> {
    assertWanted(context);
    return new Promise((resolve, reject) => {
      this.#reader.add([key], { operation: "get", caller: context, take: (_, entry) => resolve(entry), fail: reject });
    });
  }

  getMulti(keys: readonly string[], context: OperationContext): Promise<ReadonlyArray<StoredEntry | undefined>> {
    assertWanted(context);
    return new Promise((resolve, reject) => {
      const entries: (StoredEntry | undefined)[] = new Array(keys.length);
      let missing = keys.length;
      const take = (place: number, entry: StoredEntry | undefined): void => {
        entries[place] = entry;
        missing -= 1;
        if (missing === 0) resolve(entries);
      };
      const owner = { operation: "getMulti", caller: context, take, fail: reject };
      if (missing === 0) resolve(entries);
      else this.#reader.add(keys, owner);
    });
  }

  getStale: CoherentOperations["getStale"] = (keys, context) => readStale(this.#parts, this.tags, keys, context);

  set(key: string, write: EntryWrite, context: OperationContext): Promise<WriteResult> {
    if (this.#isCluster && write.tags.length > 0) return this.#setWithMarks(key, write, context);
    const tags = write.tags.map((tag) => ({ tag, mark: undefined }));
    return this.change(key, this.#setChange(write, "set", tags, false), context);
  }

  /** The tags of a write as scripts take them; whether one was invalidated since its stamp, where that is known here. */
  async tagsOf(write: EntryWrite, operation: string): Promise<{ tags: readonly CallTag[]; isRefused: boolean }> {
    const marks = this.#isCluster ? await this.#marksOf(write.tags, operation) : undefined;
    const tags = write.tags.map((tag) => ({ tag, mark: marks?.get(tag) }));
    return { tags, isRefused: isInvalidated(write, marks) };
  }

  async setMulti(
    items: ReadonlyArray<readonly [key: string, write: EntryWrite]>,
    context: OperationContext,
  ): Promise<readonly WriteResult[]> {
    const names = [...new Set(items.flatMap(([, { tags }]) => tags))];
    const marks = this.#isCluster ? await this.#marksOf(names, "setMulti") : undefined;
    const changes = items.map(([key, write]) => {
      const tags = write.tags.map((tag) => ({ tag, mark: marks?.get(tag) }));
      return [key, this.#setChange(write, "setMulti", tags, isInvalidated(write, marks))] as const;
    });
    return keysInTurn(
      changes,
      ([key]) => key,
      ([key, change]) => this.change(key, change, context),
    );
  }

  delete(key: string, context: OperationContext): Promise<boolean> {
    return this.change(key, deleteChange("delete"), context);
  }

  async deleteMulti(keys: readonly string[], context: OperationContext): Promise<number> {
    const change = deleteChange("deleteMulti");
    const answers = await settleAll(keys.map((key) => this.change(key, change, context)));
    return answers.filter(Boolean).length;
  }

  expire(key: string, ttlMs: number, context: OperationContext): Promise<boolean> {
    return this.change(key, ttlMs === 0 ? deleteChange("expire") : expireChange(ttlMs), context);
  }

  async increment(key: string, request: CounterRequest, context: OperationContext): Promise<CounterResult> {
    const names = request.tags ?? [];
    const marks = this.#isCluster && names.length > 0 ? await this.#marksOf(names, "increment") : undefined;
    const tags = names.map((tag) => ({ tag, mark: marks?.get(tag) }));
    return this.change(key, countChange(this.#parts.withOpId(request), tags), context);
  }

  commit: CoherentOperations["commit"] = (checks, writes, context) =>
    commitRecords(this.#parts, this.tags, checks, writes, context);

  areColocated(keys: readonly string[]): boolean {
    return !this.#isCluster || shareShard(keys);
  }

  lease: CoherentOperations["lease"] = (request, context) => requestLease(this.#parts, request, context);

  async invalidateTags(tags: readonly string[], context: OperationContext): Promise<void> {
    assertWanted(context);
    try {
      await this.tags.invalidate(tags);
    } catch (error) {
      throw translateRedisError(this.#parts.name, "invalidateTags", error);
    }
  }

  stamp(): Promise<number> {
    return this.tags.stamp();
  }

  async clear(namespace: NamespacePath, context: OperationContext): Promise<void> {
    const { client, keys, name, unique, channels } = this.#parts;
    const once = unique();
    const shards = this.#isCluster ? Array.from({ length: SHARD_COUNT }, (_, shard) => shard) : [0];
    const headCount = this.#isCluster ? 1 : SHARD_COUNT;
    const clearShard = (shard: number): Promise<unknown> =>
      client.runScript(
        slotOfShard(shard),
        clearScript,
        [keys.headKey(shard), keys.generationKey(shard, namespace)],
        ["1", "1", once, `0${channels.ofShard(shard)}`, String(headCount), String(shard), encodeKeyText("", namespace)],
        { operation: "clear", kind: "idempotent-write" },
      );
    assertWanted(context);
    try {
      await Promise.all(shards.map(clearShard));
    } catch (error) {
      throw translateRedisError(name, "clear", error);
    }
  }

  /** Sends a change with this turn's others. */
  change<Result>(key: string, change: EntryChange<Result>, context: OperationContext): Promise<Result> {
    assertWanted(context);
    return new Promise((resolve, reject) => {
      this.#writer.add(new EntryItem(key, change, { caller: context, resolve, reject }, this.#ask));
    });
  }

  /** In a cluster the tags lie elsewhere: their marks are read first, and a tag that is invalidated meanwhile makes the entry a miss. */
  async #setWithMarks(key: string, write: EntryWrite, context: OperationContext): Promise<WriteResult> {
    const { tags, isRefused } = await this.tagsOf(write, "set");
    return this.change(key, this.#setChange(write, "set", tags, isRefused), context);
  }

  async #marksOf(tags: readonly string[], operation: string): Promise<Map<string, number>> {
    try {
      const marks = tags.length === 0 ? [] : await this.tags.marksOf(tags, operation);
      return new Map(tags.map((tag, index) => [tag, marks[index] as number]));
    } catch (error) {
      throw translateRedisError(this.#parts.name, operation, error);
    }
  }

  #setChange(write: EntryWrite, operation: string, tags: readonly CallTag[], isRefused: boolean): SetChange {
    return new SetChange(write, { operation, tags, isRefused, readRecord: this.readRecord });
  }
}

function isInvalidated(write: EntryWrite, marks: ReadonlyMap<string, number> | undefined): boolean {
  const { tagsUnchangedSince } = write;
  if (tagsUnchangedSince === undefined || marks === undefined) return false;
  return write.tags.some((tag) => (marks.get(tag) as number) > tagsUnchangedSince);
}

function readWhole(record: Buffer, clockOffsetMs: number): StoredEntry | undefined {
  if (!isRecord(record)) return undefined;
  const tags = hasTags(record) ? tagMarksOf(record) : undefined;
  return entryOf(record, clockOffsetMs, tags);
}
