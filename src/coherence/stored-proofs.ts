import type { FreshnessTable } from "./freshness-table.ts";
import { RecentChanges } from "./recent-changes.ts";

/** What a copy that lies outside this process says of the moment in which it was read. Whoever put it there, and when, does not matter. */
export interface StoredStamp {
  /** Id of the shard's data then. */
  readonly epoch: string;
  /** Every change of the shard up to this version is in the copy. */
  readonly head: number;
  /** Every invalidation of tags up to this number is; 0 for a copy without tags. */
  readonly tagHead: number;
}

/** A stored copy, as far as its proof is concerned. */
export interface StoredCopy extends StoredStamp {
  readonly version: number;
  readonly tags: readonly string[];
}

/** From here on a copy is about to leave the log, and is worth being put again with a newer head. */
const AGING_RATIO = 0.5;

/**
 * Which copies that lie outside this process, in a store that promises nothing, may be served by it.
 *
 * Such a copy may be old, of another life, or put there by a process that stood still for a minute; this process may have had no copy of its key when it heard of a change. So the copy has to be of the life
 * that this process knows, its head has to be one of the chain that this process followed, and since that head nothing may have happened to the key and its tags. Then it is as good as one that was read when the
 * shard was last proven. All of it is looked at in the step in which the copy is served.
 */
export class StoredProofs {
  readonly #table: FreshnessTable;
  readonly #keys: RecentChanges;
  readonly #tags: RecentChanges;

  constructor(table: FreshnessTable, maxStalenessMs: number) {
    this.#table = table;
    this.#keys = new RecentChanges(maxStalenessMs);
    this.#tags = new RecentChanges(maxStalenessMs);
  }

  /** A key was changed. `version`: infinity where nobody said. What the chain has already need not be noted. */
  noteKey(key: string, shard: number, version: number, nowMs: number): void {
    if (version > this.#table.appliedOf(shard)) this.#keys.note(key, version, nowMs);
  }

  /** Tags were invalidated. */
  noteTags(tags: readonly string[], nowMs: number): void {
    for (const tag of tags) this.#tags.note(tag, Number.POSITIVE_INFINITY, nowMs);
  }

  /** Keys were ended, and nobody knows which. */
  noteAll(nowMs: number): void {
    this.#keys.noteAll(nowMs);
  }

  /** Since when a copy is proven to be current, in monotonic ms; `undefined`: it is not. */
  provenAtMs(key: string, shard: number, copy: StoredCopy, nowMs: number): number | undefined {
    const table = this.#table;
    const { epoch, head, tagHead, tags, version } = copy;
    const shardAtMs = table.provenAtMs(shard, nowMs);
    if (shardAtMs === undefined || epoch !== table.epochOf(shard)) return undefined;
    const log = table.logOf(shard);
    if (log === undefined || !log.isUnchanged(head, [key]) || !log.mayHaveGiven(version, key)) return undefined;
    if (tags.length === 0) return this.#keys.allows(key, head, shardAtMs) ? shardAtMs : undefined;
    const tagsAtMs = table.provenAtMs(table.shardCount, nowMs);
    if (tagsAtMs === undefined || table.logOf(table.shardCount)?.isUnchanged(tagHead, tags) !== true) return undefined;
    if (!tags.every((tag) => this.#tags.allows(tag, tagHead, tagsAtMs))) return undefined;
    // An absence that was seen may be the end of a tag, of which the shard's heads say nothing: both have to be proven after it.
    const provenAtMs = Math.min(shardAtMs, tagsAtMs);
    return this.#keys.allows(key, head, provenAtMs) ? provenAtMs : undefined;
  }

  /** Whether a copy will soon be older than all that is known. */
  isAging(shard: number, { head, tagHead, tags }: StoredCopy): boolean {
    const table = this.#table;
    if ((table.logOf(shard)?.ageRatioOf(head) ?? 0) >= AGING_RATIO) return true;
    return tags.length > 0 && (table.logOf(table.shardCount)?.ageRatioOf(tagHead) ?? 0) >= AGING_RATIO;
  }
}
