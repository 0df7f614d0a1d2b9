import type { BackendUsage } from "../../backend/backend.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "../../backend/commit.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import { isWithinNamespace, type NamespacePath, namespaceOf } from "../../entry/namespace-path.ts";
import type { RemovalCause, RemovalListener } from "../../entry/removal.ts";
import type { Clock } from "../../foundation/clock.ts";

interface MapRecord {
  readonly value: unknown;
  readonly version: number;
  /** Monotonic, so that a jump of the wall clock ends nothing. */
  readonly expiresAtMonotonicMs: number;
  readonly tags: readonly string[];
}

/**
 * Entries in a plain `Map`, as plainly as the contract can be met: every call is one synchronous step, therefore atomic.
 * One version counter for the whole store, never set back, so versions grow across deletes and clears, and tag marks can
 * be compared with them. Ended entries go when they are next looked at; `clear` and `usage` walk all entries.
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
    if (record === undefined) return undefined;
    const remainingMs = record.expiresAtMonotonicMs - this.#clock.monotonicMs();
    return {
      value: record.value,
      version: record.version,
      expiresAt: this.#clock.wallMs() + remainingMs,
      tags: record.tags,
    };
  }

  set(key: string, write: EntryWrite): WriteResult {
    const previous = this.get(key);
    const foundVersion = previous?.version ?? 0;
    if (!this.#isAllowed(write, foundVersion)) return { stored: false, version: foundVersion };
    if (previous !== undefined) this.#onRemoval(key, "replaced");
    const version = this.nextVersion();
    this.#records.set(key, {
      value: write.value,
      version,
      expiresAtMonotonicMs: this.#clock.monotonicMs() + write.ttlMs,
      tags: write.tags,
    });
    return write.returnPrevious === true ? { stored: true, version, previous } : { stored: true, version };
  }

  delete(key: string): boolean {
    return this.#live(key) !== undefined && this.#remove(key, "deleted");
  }

  expire(key: string, ttlMs: number): boolean {
    const record = this.#live(key);
    if (record === undefined) return false;
    if (ttlMs === 0) return this.#remove(key, "expired");
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

  keysWithPrefix(prefix: string): string[] {
    return [...this.#records.keys()].filter((key) => key.startsWith(prefix) && this.#live(key) !== undefined);
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

  #live(key: string): MapRecord | undefined {
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    if (record.expiresAtMonotonicMs <= this.#clock.monotonicMs()) {
      this.#remove(key, "expired");
      return undefined;
    }
    if (this.#isInvalidatedSince(record.tags, record.version)) {
      this.#remove(key, "invalidated");
      return undefined;
    }
    return record;
  }

  #remove(key: string, cause: RemovalCause): boolean {
    const existed = this.#records.delete(key);
    if (existed) this.#onRemoval(key, cause);
    return existed;
  }
}
