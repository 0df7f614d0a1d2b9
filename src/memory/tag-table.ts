/**
 * A tag between two of its invalidations. Entries point to the record that was current when they were written;
 * invalidating the tag replaces the record, so one flag tells all of them.
 */
export interface TagRecord {
  readonly tag: string;
  /** Version of the invalidation that began this record, or a larger one: no older load may write under the tag. */
  readonly version: number;
  /** Entries in the store that point here. */
  entryCount: number;
  /** Whether the tag was invalidated since: whoever points here is no longer served. */
  isInvalidated: boolean;
}

/** The tags of one entry with the records that it was written under. */
export interface TagSet {
  readonly tags: readonly string[];
  readonly records: readonly TagRecord[];
}

/** How many records that no entry points to are kept for the sake of running loads; about 150 bytes each. */
const MAX_IDLE_RECORDS = 10_000;

/**
 * The tags in use. Invalidating costs O(1) per tag, whatever the number of entries.
 *
 * A record must outlive its entries: a load that began before the invalidation may still come with its result. When there are more
 * than 10,000 such idle records the oldest is forgotten, and `floor` rises to its version: tags without a record
 * count as invalidated at the floor. A load that is older than the floor is then refused without need (it is
 * returned but not stored); it is never accepted wrongly.
 */
export class TagTable {
  readonly #records = new Map<string, TagRecord>();
  /** Records without entries, in the order in which they became idle. */
  readonly #idle = new Set<TagRecord>();
  #floor = 0;

  /** Points an entry to the current records of its tags. `undefined` for no tags. */
  retain(tags: readonly string[]): TagSet | undefined {
    if (tags.length === 0) return undefined;
    const records = tags.map((tag) => {
      const record = this.#records.get(tag) ?? this.#open(tag, this.#floor);
      if (record.entryCount === 0) this.#idle.delete(record);
      record.entryCount += 1;
      return record;
    });
    return { tags: Object.freeze(tags.slice()), records };
  }

  /** Takes back what {@link TagTable.retain} gave. */
  release(set: TagSet | undefined): void {
    if (set === undefined) return;
    for (const record of set.records) {
      record.entryCount -= 1;
      if (record.entryCount === 0 && !record.isInvalidated) this.#retire(record);
    }
  }

  /** Whether none of an entry's tags was invalidated since it was written. */
  isCurrent(set: TagSet | undefined): boolean {
    if (set === undefined) return true;
    for (const record of set.records) if (record.isInvalidated) return false;
    return true;
  }

  /** Invalidates a tag at a version. @returns whether entries were hit */
  invalidate(tag: string, version: number): boolean {
    const record = this.#records.get(tag);
    const entryCount = record?.entryCount ?? 0;
    if (record !== undefined) {
      record.isInvalidated = true;
      this.#idle.delete(record);
    }
    this.#retire(this.#open(tag, version));
    return entryCount > 0;
  }

  /** Whether none of the tags was invalidated after a stamp. May say no without need, never yes wrongly. */
  isUnchangedSince(tags: readonly string[], stamp: number): boolean {
    for (const tag of tags) {
      const version = this.#records.get(tag)?.version ?? this.#floor;
      if (version > stamp) return false;
    }
    return true;
  }

  /** Forgets everything. */
  clear(): void {
    this.#records.clear();
    this.#idle.clear();
  }

  /** Throws when counts differ from what the entries say. `sets`: the tag sets of all entries in the store. */
  checkInvariants(sets: Iterable<TagSet>): void {
    const counts = new Map<TagRecord, number>();
    for (const set of sets) for (const record of set.records) counts.set(record, (counts.get(record) ?? 0) + 1);
    for (const record of counts.keys()) {
      const isCurrent = this.#records.get(record.tag) === record;
      if (isCurrent === record.isInvalidated) throw new Error(`tag table: a record of "${record.tag}" is lost or kept`);
    }
    for (const record of new Set([...counts.keys(), ...this.#records.values()])) {
      this.#checkRecord(record, counts.get(record) ?? 0);
    }
    if (this.#idle.size > MAX_IDLE_RECORDS) throw new Error("tag table: too many idle records");
  }

  #checkRecord(record: TagRecord, entryCount: number): void {
    const { tag } = record;
    if (record.entryCount !== entryCount) {
      throw new Error(`tag table: "${tag}" counts ${record.entryCount} entries of ${entryCount}`);
    }
    const isIdle = entryCount === 0 && !record.isInvalidated;
    if (isIdle !== this.#idle.has(record)) throw new Error(`tag table: "${tag}" is idle or not, wrongly`);
  }

  #open(tag: string, version: number): TagRecord {
    const record: TagRecord = { tag, version, entryCount: 0, isInvalidated: false };
    this.#records.set(tag, record);
    return record;
  }

  /** A current record without entries: kept while it can still refuse something, within the limit. */
  #retire(record: TagRecord): void {
    if (record.version <= this.#floor) {
      this.#records.delete(record.tag);
      return;
    }
    this.#idle.add(record);
    if (this.#idle.size > MAX_IDLE_RECORDS) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const oldest of this.#idle) {
      this.#idle.delete(oldest);
      this.#records.delete(oldest.tag);
      this.#floor = Math.max(this.#floor, oldest.version);
      return;
    }
  }
}
