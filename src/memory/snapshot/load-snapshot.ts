import type { WriteResult } from "../../backend/stored-entry.ts";
import { type NamespacePath, ROOT_NAMESPACE, storedPrefix, toStoredKey } from "../../entry/namespace-path.ts";
import { EntryTooLargeError, SerializationError, SnapshotError } from "../../foundation/errors.ts";
import { BlockReader } from "./block-reader.ts";
import { ByteQueue } from "./byte-queue.ts";
import { ByteReader } from "./byte-reader.ts";
import { type ByteSource, openSource, type SnapshotSource } from "./byte-source.ts";
import type { ChangeWatch } from "./change-watch.ts";
import type { SnapshotContext } from "./dump-snapshot.ts";
import { LoadedEntries } from "./loaded-entries.ts";
import { type Section, SectionReader } from "./section-reader.ts";
import type { SnapshotEntry } from "./snapshot-entry.ts";
import { failedStream, toSnapshotError } from "./snapshot-faults.ts";
import { SECTION_KINDS } from "./snapshot-layout.ts";
import { WorkSlice } from "./work-slice.ts";

/** What a load works with. */
export interface LoadContext extends SnapshotContext {
  /** Is told of every change of the cache from before the load's first step to its end. */
  readonly changes: ChangeWatch;
}

/** What a load did. */
export interface LoadResult {
  /** Entries that were written. */
  readonly entryCount: number;
  /** Entries of the snapshot that were not: their time is over, their key or tag was changed since, or they do not fit. */
  readonly skippedCount: number;
}

/**
 * Writes the entries of a snapshot into a view. Everything in the cache is newer than the snapshot, and so is every change from now
 * on: the keys that are there now, and those that are changed while it runs, are left alone.
 *
 * A section is written as soon as its sum is found right, and all is taken back when the rest turns out damaged: so a large
 * snapshot needs no memory beside the entries but a key and a version for each, and nobody ever reads garbage. O(entries)
 *
 * @throws InvalidArgumentError (at once, without a promise) when the source is none
 * @throws SnapshotError `GCX_SNAPSHOT_CORRUPT`, `GCX_SNAPSHOT_UNSUPPORTED`, `GCX_SNAPSHOT_STREAM`; the signal's reason; what the
 * store throws. Whatever it is, nothing that was loaded stays.
 */
export function loadSnapshot(source: SnapshotSource, context: LoadContext): Promise<LoadResult> {
  const { scheduler, signal } = context;
  // In the caller's own step, so that no failure of the stream passes unheard.
  return new SnapshotLoad(openSource(source, signal, scheduler), context).run();
}

/** One load under way. */
class SnapshotLoad {
  readonly #context: LoadContext;
  readonly #source: ByteSource;
  readonly #queue: ByteQueue;
  readonly #slice: WorkSlice;
  readonly #loaded: LoadedEntries;
  readonly #prefixes = new Map<NamespacePath, string>();
  #stamp = 0;
  #entryCount = 0;

  constructor(source: ByteSource, context: LoadContext) {
    this.#source = source;
    this.#context = context;
    this.#queue = new ByteQueue(() => this.#nextChunk());
    this.#slice = new WorkSlice(context.clock, context.scheduler);
    this.#loaded = new LoadedEntries(context.store);
  }

  async run(): Promise<LoadResult> {
    try {
      await this.#begin();
      await this.#readAll();
    } catch (error) {
      this.#source.close();
      await this.#loaded.takeBack(this.#slice);
      throw error;
    }
    this.#source.close();
    const entryCount = this.#loaded.count;
    return { entryCount, skippedCount: this.#entryCount - entryCount };
  }

  /** What is there now was written after the dump: should it leave for lack of room, the older value must not follow it. */
  async #begin(): Promise<void> {
    const { store, namespace, signal, changes } = this.#context;
    signal?.throwIfAborted();
    this.#stamp = store.stamp();
    for await (const keys of store.listKeys(namespace, signal)) for (const key of keys) changes.keyChanged(key);
  }

  async #readAll(): Promise<void> {
    const sections = new SectionReader(this.#queue);
    await sections.header();
    for (;;) {
      const section = await sections.next();
      if (section.kind === SECTION_KINDS.end) {
        this.#checkTotals(section);
        await sections.assertOver();
        return;
      }
      await this.#writeSection(section);
    }
  }

  #checkTotals({ payload, offsetBytes }: Section): void {
    try {
      const reader = new ByteReader(payload);
      const entryCount = reader.varint();
      reader.varint();
      if (entryCount !== this.#entryCount || !reader.isAtEnd) throw reader.fault("an end that does not match");
    } catch (error) {
      throw toSnapshotError(error, offsetBytes);
    }
  }

  async #writeSection({ payload, offsetBytes }: Section): Promise<void> {
    const { signal } = this.#context;
    try {
      const block = new BlockReader(payload);
      for (let entry = block.next(); entry !== undefined; entry = block.next()) {
        this.#entryCount += 1;
        this.#write(entry, block.begunAt);
        if (!this.#slice.isOver()) continue;
        await this.#slice.turn();
        signal?.throwIfAborted();
      }
    } catch (error) {
      throw toSnapshotError(error, offsetBytes);
    }
  }

  /** Looks and writes in one synchronous step, so that no change can come between. */
  #write(entry: SnapshotEntry, begunAt: number): void {
    const { clock, changes } = this.#context;
    // A clock that went back gives no time back.
    const passedMs = Math.max(0, clock.wallMs() - begunAt);
    const ttlMs = entry.remainingMs - passedMs;
    if (ttlMs <= 0) return;
    const storedKey = toStoredKey(this.#prefixOf(entry.namespace), entry.key);
    if (changes.isChanged(storedKey)) return;
    const result = this.#tryWrite(storedKey, entry, ttlMs);
    if (result?.stored === true) this.#loaded.add(storedKey, result.version);
  }

  /** @returns `undefined` for an entry that this store does not take, though the dumped one did */
  #tryWrite(storedKey: string, { value, slidingMs, tags }: SnapshotEntry, ttlMs: number): WriteResult | undefined {
    try {
      return this.#context.store.write(storedKey, {
        value,
        ttlMs,
        tags,
        slidingTtlMs: slidingMs,
        condition: { kind: "absent" },
        tagsUnchangedSince: this.#stamp,
      });
    } catch (error) {
      if (error instanceof EntryTooLargeError || error instanceof SerializationError) return undefined;
      throw error;
    }
  }

  #prefixOf(relative: NamespacePath): string {
    let prefix = this.#prefixes.get(relative);
    if (prefix === undefined) {
      const { namespace } = this.#context;
      const isOneRoot = namespace === ROOT_NAMESPACE || relative === ROOT_NAMESPACE;
      prefix = storedPrefix(isOneRoot ? namespace + relative : `${namespace}/${relative}`);
      this.#prefixes.set(relative, prefix);
    }
    return prefix;
  }

  async #nextChunk(): Promise<Uint8Array | undefined> {
    try {
      return await this.#source.next();
    } catch (error) {
      if (this.#context.signal?.aborted === true || error instanceof SnapshotError) throw error;
      throw failedStream(
        this.#queue.arrivedBytes,
        "The stream of the snapshot failed; nothing of it is in the cache",
        error,
      );
    }
  }
}
