import type { BackendUsage } from "../../backend/backend.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "../../backend/commit.ts";
import type { KnownEntry } from "../../backend/revalidation.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import { isWithinNamespace, type NamespacePath, namespaceOf } from "../../entry/namespace-path.ts";
import type { RemovalCause, RemovalListener } from "../../entry/removal.ts";
import type { Clock } from "../../foundation/clock.ts";

/** Ends are reckoned from a wall clock and a monotonic one, which do not tick together. */
const CLOCK_GRAIN_MS = 2;

interface MapRecord {
  readonly value: unknown;
  readonly version: number;
  /** Monotonic, so that a jump of the wall clock ends nothing. */
  readonly expiresAtMonotonicMs: number;
  /** How long it stands in when that is over. */
  readonly staleMs: number;
  readonly tags: readonly string[];
}

/**
 * Entries in a plain `Map`, as plainly as the contract can be met: every call is one synchronous step, therefore atomic.
 * One version counter for the whole store, never set back, so versions grow across deletes and clears, and tag marks can
 * be compared with them. Ended entries go when they are next looked at, those that stand in when that is over; `clear` and `usage` walk all entries.
 */
export class MapStore {
  readonly #clock: Clock;
  readonly #onRemoval: RemovalListener;
  readonly #records = new Map<string, MapRecord>();
  /** Per tag, the version that was next when it was last invalidated: older entries with the tag are over. */
  readonly #tagMarks = new Map<string, number>();
  #lastVersion = 0;

  constructor(clock: Clock, onRemoval: RemovalListener) {
    this.#clock = clock;
    this.#onRemoval = onRemoval;
  }

  /** A version that was never given out before. */
  nextVersion(): number {
    this.#lastVersion += 1;
    return this.#lastVersion;
  }

  get(key: string): StoredEntry | undefined {
    const record = this.#live(key);
    return record === undefined ? undefined : this.#entryOf(record);
  }

  /** As {@link MapStore.get}, and besides what stands in. */
  getStale(key: string): StoredEntry | undefined {
    const record = this.#live(key) ?? this.#records.get(key);
    return record === undefined ? undefined : this.#entryOf(record);
  }

  /** Whether the live entry of a key is a known one: its version, and its end but for what the two clocks differ by. */
  isUnchanged({ key, version, expiresAt }: KnownEntry): boolean {
    const entry = this.get(key);
    if (entry === undefined || entry.version !== version) return false;
    return entry.expiresAt === expiresAt || Math.abs(entry.expiresAt - expiresAt) <= CLOCK_GRAIN_MS;
  }

  set(key: string, write: EntryWrite): WriteResult {
    const previous = this.get(key);
    const foundVersion = previous?.version ?? 0;
    if (!this.#isAllowed(write, foundVersion)) return { stored: false, version: foundVersion };
    if (this.#records.has(key)) this.#onRemoval(key, previous === undefined ? "expired" : "replaced");
    const version = this.nextVersion();
    this.#records.set(key, {
      value: write.value,
      version,
      expiresAtMonotonicMs: this.#clock.monotonicMs() + write.ttlMs,
      staleMs: write.staleMs ?? 0,
      tags: write.tags,
    });
    return write.returnPrevious === true ? { stored: true, version, previous } : { stored: true, version };
  }

  /** Gives a live entry another value and keeps the rest of it. @returns the new version */
  rewrite(key: string, value: unknown): number {
    const record = this.#live(key);
    if (record === undefined) throw new TypeError("There is no live entry to be given another value.");
    const version = this.nextVersion();
    this.#records.set(key, { ...record, value, version });
    this.#onRemoval(key, "replaced");
    return version;
  }

  delete(key: string): boolean {
    return this.#end(key, "deleted");
  }

  expire(key: string, ttlMs: number): boolean {
    if (ttlMs === 0) return this.#end(key, "expired");
    const record = this.#live(key);
    if (record === undefined) return false;
    this.#records.set(key, { ...record, expiresAtMonotonicMs: this.#clock.monotonicMs() + ttlMs });
    return true;
  }

  commit(checks: readonly KeyCheck[], writes: readonly KeyWrite[]): CommitResult {
    if (checks.some((check) => (this.#live(check.key)?.version ?? 0) !== check.version)) {
      return { committed: false, versions: [] };
    }
    const versions = writes.map(({ key, write }) => {
      if (write !== undefined) return this.set(key, { ...write, condition: undefined }).version;
      this.delete(key);
      return 0;
    });
    return { committed: true, versions };
  }

  invalidateTags(tags: readonly string[]): void {
    for (const tag of tags) this.#tagMarks.set(tag, this.nextVersion());
  }

  keysWithPrefix(prefix: string, isStaleListed = false): string[] {
    const isListed = (key: string): boolean =>
      key.startsWith(prefix) && ((isStaleListed && this.#records.has(key)) || this.#live(key) !== undefined);
    return [...this.#records.keys()].filter(isListed);
  }

  clear(namespace: NamespacePath): void {
    for (const key of [...this.#records.keys()]) {
      if (isWithinNamespace(namespaceOf(key), namespace)) this.#remove(key, "invalidated");
    }
  }

  usage(namespace: NamespacePath): BackendUsage {
    const keys = this.keysWithPrefix("").filter((key) => isWithinNamespace(namespaceOf(key), namespace));
    return { keyCount: keys.length, memoryUsageBytes: undefined, evictions: 0 };
  }

  #isAllowed(write: EntryWrite, foundVersion: number): boolean {
    const { condition, tagsUnchangedSince } = write;
    if (condition?.kind === "absent" && foundVersion !== 0) return false;
    if (condition?.kind === "version" && (foundVersion === 0 || foundVersion !== condition.version)) return false;
    return tagsUnchangedSince === undefined || !this.#isInvalidatedSince(write.tags, tagsUnchangedSince);
  }

  #isInvalidatedSince(tags: readonly string[], version: number): boolean {
    return tags.some((tag) => (this.#tagMarks.get(tag) ?? 0) > version);
  }

  #entryOf({ value, version, expiresAtMonotonicMs, tags }: MapRecord): StoredEntry {
    const expiresAt = this.#clock.wallMs() + (expiresAtMonotonicMs - this.#clock.monotonicMs());
    return { value, version, expiresAt, tags };
  }

  /** The record of a live entry. Afterwards another record of the key is data that stands in, for what is over altogether is removed. */
  #live(key: string): MapRecord | undefined {
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    const overSinceMs = this.#clock.monotonicMs() - record.expiresAtMonotonicMs;
    if (this.#isInvalidatedSince(record.tags, record.version)) {
      this.#remove(key, overSinceMs >= 0 ? "expired" : "invalidated");
    } else if (overSinceMs >= record.staleMs) {
      this.#remove(key, "expired");
    } else if (overSinceMs < 0) {
      return record;
    }
    return undefined;
  }

  /** Ends a live entry for a cause, or data that stands in as expired. @returns whether a live entry was there */
  #end(key: string, cause: RemovalCause): boolean {
    const isLive = this.#live(key) !== undefined;
    this.#remove(key, isLive ? cause : "expired");
    return isLive;
  }

  #remove(key: string, cause: RemovalCause): void {
    if (this.#records.delete(key)) this.#onRemoval(key, cause);
  }
}
