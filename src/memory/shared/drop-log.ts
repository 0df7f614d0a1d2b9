import type { RemovalCause } from "../../entry/removal.ts";
import type { Clock } from "../../foundation/clock.ts";
import { RECORD } from "./record-format.ts";
import { deathCause } from "./record-life.ts";
import { readKey } from "./record-text.ts";
import type { DropWitness } from "./record-writer.ts";
import { PROBATION, type SegmentTable } from "./segment-table.ts";
import type { SharedSlab } from "./shared-slab.ts";
import type { VersionCells } from "./version-cells.ts";

/** What the log needs of the store. */
export interface DropLogParts {
  readonly slab: SharedSlab;
  readonly segments: SegmentTable;
  readonly scopeCells: VersionCells;
  readonly removalCells: VersionCells;
  readonly clock: Clock;
  /** Told of every entry that this thread dropped. */
  readonly onRemoval: (storedKey: string, cause: RemovalCause) => void;
  /** Whether anybody wants to be told now: reading keys takes time. */
  readonly wantsRemovals: () => boolean;
}

/**
 * Keeps what must be known of entries that leave by themselves: for loads, at which version the key was last written (an older
 * load must not bring its value back); for the queues, that it left too early; for listeners, its key.
 */
export class DropLog implements DropWitness {
  readonly #parts: DropLogParts;
  #foreseen: { readonly key: string; readonly cause: RemovalCause }[] = [];

  constructor(parts: DropLogParts) {
    this.#parts = parts;
  }

  foresee(address: number): void {
    const { slab, segments, scopeCells, removalCells, clock } = this.#parts;
    const { i32 } = slab;
    const bucket = i32[address * 2 + RECORD.bucket] as number;
    const hash = i32[address * 2 + RECORD.hash] as number;
    const version = slab.f64[address + 4] as number;
    // What is written over may say anything: nothing that is a number, or a version above the newest, which would refuse all loads for ever.
    if (Number.isSafeInteger(version) && version <= slab.currentVersion())
      removalCells.raiseOne(bucket ^ hash, hash, version);
    const cause = deathCause(slab, scopeCells, clock, address) ?? "evicted";
    if (cause === "evicted" && segments.queueOf(segments.of(address)) === PROBATION) this.#haunt(bucket, hash);
    const key = this.#parts.wantsRemovals() ? readKey(slab, segments, address) : "";
    this.#foreseen.push({ key, cause });
  }

  settle(hasHappened: boolean): void {
    if (hasHappened) {
      for (const { key, cause } of this.#foreseen) {
        if (cause === "evicted") this.#parts.slab.countEviction();
        if (key !== "") this.#parts.onRemoval(key, cause);
      }
    }
    this.#foreseen = [];
  }

  /** Whether an entry of that bucket and hash left probation unread, not long ago. */
  isHaunted(bucket: number, hash: number): boolean {
    const { i32, layout } = this.#parts.slab;
    return i32[layout.ghostAt * 2 + ((bucket ^ hash) & (layout.ghostCount - 1))] === hash;
  }

  #haunt(bucket: number, hash: number): void {
    const { i32, layout } = this.#parts.slab;
    i32[layout.ghostAt * 2 + ((bucket ^ hash) & (layout.ghostCount - 1))] = hash;
  }
}
