import { fromStoredKey, type NamespacePath, namespaceOf, ROOT_NAMESPACE } from "../../entry/namespace-path.ts";
import type { Clock } from "../../foundation/clock.ts";
import { GocachexError } from "../../foundation/errors.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { BlockWriter } from "./block-writer.ts";
import type { ByteSink } from "./byte-sink.ts";
import { ByteWriter } from "./byte-writer.ts";
import { openSink, type SnapshotTarget } from "./open-sink.ts";
import { SectionWriter } from "./section-writer.ts";
import { failedStream } from "./snapshot-faults.ts";
import { SECTION_KINDS } from "./snapshot-layout.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { WorkSlice } from "./work-slice.ts";

/** A section that has this many bytes is full: what a stream of files takes at a time. */
const FULL_SECTION_BYTES = 65_536;

/** What a dump and a load work with. */
export interface SnapshotContext {
  readonly store: SnapshotStore;
  /** The view that is dumped or loaded into; `""`: the root, which is everything. */
  readonly namespace: NamespacePath;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly signal?: AbortSignal | undefined;
}

/** What a dump wrote. */
export interface DumpResult {
  /** Entries in the snapshot. */
  readonly entryCount: number;
  /** Bytes of the snapshot. */
  readonly byteCount: number;
  /** Live entries that are not in it, for a part of their value would not have read back equal. */
  readonly skippedCount: number;
}

/**
 * Writes the live entries of a view as a snapshot, then ends the stream. Each entry is as it was at some moment of the dump. Data that only stands in
 * is left out, and how long entries are kept beyond their TTL is not written: those that are loaded end with it.
 * Works in slices of half a millisecond; holds at most the section that is being written and what the stream has not taken yet.
 * O(entries)
 *
 * @throws InvalidArgumentError (at once, without a promise) when the target is none
 * @throws SnapshotError `GCX_SNAPSHOT_STREAM` when the stream fails; the signal's reason; what the store throws
 */
export function dumpSnapshot(target: SnapshotTarget, context: SnapshotContext): Promise<DumpResult> {
  const { scheduler, signal } = context;
  // In the caller's own step, so that no failure of the stream passes unheard.
  const sink = openSink(target, signal, scheduler);
  return new SnapshotDump(sink, context).run();
}

/** One dump under way. */
class SnapshotDump {
  readonly #context: SnapshotContext;
  readonly #sink: ByteSink;
  readonly #sections = new SectionWriter();
  readonly #writer = new ByteWriter();
  #block: BlockWriter | undefined;
  #entryCount = 0;
  #skippedCount = 0;
  #byteCount = 0;

  constructor(sink: ByteSink, context: SnapshotContext) {
    this.#sink = sink;
    this.#context = context;
  }

  async run(): Promise<DumpResult> {
    try {
      this.#context.signal?.throwIfAborted();
      await this.#write(this.#sections.header(this.#context.clock.wallMs()));
      await this.#writeEntries();
      this.#writer.varint(this.#entryCount);
      this.#writer.varint(this.#skippedCount);
      await this.#write(this.#sections.section(SECTION_KINDS.end, this.#writer));
      await this.#onStream(() => this.#sink.finish());
    } catch (error) {
      this.#sink.abandon();
      throw error;
    }
    return { entryCount: this.#entryCount, byteCount: this.#byteCount, skippedCount: this.#skippedCount };
  }

  async #writeEntries(): Promise<void> {
    const { store, namespace, clock, scheduler, signal } = this.#context;
    const slice = new WorkSlice(clock, scheduler);
    for await (const keys of store.listKeys(namespace, signal)) {
      for (const key of keys) {
        this.#add(key);
        const isOver = slice.isOver();
        if (!isOver && !this.#isBlockFull()) continue;
        await this.#endBlock();
        await slice.turn();
        signal?.throwIfAborted();
      }
      // The listing takes a turn here: a block that stayed open over it would seem older than its entries are.
      await this.#endBlock();
    }
  }

  #add(storedKey: string): void {
    const { store, clock } = this.#context;
    const found = store.read(storedKey);
    if (found === undefined) return;
    const nowAt = clock.wallMs();
    this.#block ??= new BlockWriter(this.#writer, nowAt);
    const isAdded = this.#block.add({
      namespace: this.#relative(namespaceOf(storedKey)),
      key: fromStoredKey(storedKey),
      value: found.value,
      remainingMs: found.expiresAt - nowAt,
      slidingMs: found.slidingTtlMs,
      tags: found.tags,
    });
    if (isAdded) this.#entryCount += 1;
    else this.#skippedCount += 1;
  }

  #relative(path: NamespacePath): NamespacePath {
    const { namespace } = this.#context;
    return namespace === ROOT_NAMESPACE ? path : path.slice(namespace.length + 1);
  }

  #isBlockFull(): boolean {
    return this.#block !== undefined && this.#block.lengthBytes >= FULL_SECTION_BYTES;
  }

  async #endBlock(): Promise<void> {
    const block = this.#block;
    if (block === undefined) return;
    this.#block = undefined;
    await this.#write(this.#sections.section(SECTION_KINDS.entries, this.#writer));
  }

  async #write(chunk: Uint8Array): Promise<void> {
    await this.#onStream(() => this.#sink.write(chunk));
    this.#byteCount += chunk.length;
  }

  async #onStream(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const { signal } = this.#context;
      if (signal?.aborted === true || error instanceof GocachexError) throw error;
      throw failedStream(this.#byteCount, "The stream of the snapshot failed", error);
    }
  }
}
