import type { CommitResult, KeyCheck, KeyWrite } from "../../backend/commit.ts";
import type { EntryWrite, WriteResult } from "../../backend/stored-entry.ts";
import type { MetaStatus } from "../../clients/memcached/meta-message.ts";
import { BackendOverloadedError, UnsupportedOperationError } from "../../foundation/errors.ts";
import { settleAll } from "../../foundation/settle-all.ts";
import { sliceByCount } from "./batch-slices.ts";
import { pauseBefore, type RetryParts, retryConflicts } from "./conflict.ts";
import { withVersion } from "./counted-operation.ts";
import type { FoundItem, ItemStore } from "./item-store.ts";
import type { KeyQueue } from "./key-queue.ts";
import type { ServerCall } from "./server-call.ts";
import { toStoredEntry } from "./to-stored-entry.ts";

/** What an {@link EntryWriter} is made with. */
export interface EntryWriterParts extends RetryParts {
  readonly store: ItemStore;
  readonly queue: KeyQueue;
  /** How long a write may wait for others of its key in this process. */
  readonly patienceMs: number;
  /** Removes a key whatever stands there. @returns whether something did */
  readonly removeAnyway: (key: string, call: ServerCall) => Promise<boolean>;
}

/** Deletes on condition before a key is removed whatever stands there. */
const MAX_DELETE_ATTEMPTS = 8;

/**
 * Changes of an entry that depend on what is there: read it, decide, and write on condition that it is still what was read (its CAS number).
 * Whoever loses reads again, so somebody always gets on; those of one process that lost once take turns.
 */
export class EntryWriter {
  readonly #parts: EntryWriterParts;

  constructor(parts: EntryWriterParts) {
    this.#parts = parts;
  }

  /** Writes an entry, under its condition if it has one. */
  set(key: string, write: EntryWrite, call: ServerCall): Promise<WriteResult> {
    if (write.condition !== undefined || write.returnPrevious === true) {
      return this.#change("set", key, call, () => this.#trySet(key, write, call));
    }
    // Refused by a stamp alone; all other writes are spared a promise.
    if (write.tagsUnchangedSince === undefined) return this.#parts.store.put(key, write, call) as Promise<WriteResult>;
    return this.#putUnlessInvalidated(key, write, call);
  }

  async #putUnlessInvalidated(key: string, write: EntryWrite, call: ServerCall): Promise<WriteResult> {
    const { store } = this.#parts;
    const result = await store.put(key, write, call);
    if (result !== undefined) return result;
    return { stored: false, version: versionOfLive(await store.find(key, call)) };
  }

  /** Writes many entries: those that carry a stamp each by itself, all others together. */
  async setMulti(
    items: ReadonlyArray<readonly [string, EntryWrite]>,
    call: ServerCall,
  ): Promise<readonly WriteResult[]> {
    const isPlain = ([, write]: readonly [string, EntryWrite]): boolean => write.tagsUnchangedSince === undefined;
    if (items.every(isPlain)) return this.#parts.store.putMulti(items, call);
    const slices = sliceByCount(items);
    const results: WriteResult[] = [];
    for (const slice of slices) {
      results.push(...(await settleAll(slice.map(([key, write]) => this.set(key, write, call)))));
    }
    return results;
  }

  /**
   * Removes a key. What stands there is removed also when it is no live entry: a lease must not survive a delete.
   *
   * @returns whether a live entry was there
   */
  async delete(key: string, call: ServerCall): Promise<boolean> {
    const { store, removeAnyway } = this.#parts;
    for (let attempt = 1; attempt <= MAX_DELETE_ATTEMPTS; attempt += 1) {
      const found = await store.find(key, call);
      if (found.cas === undefined) return false;
      const status = await this.remove(found, call);
      if (status === "HD") return found.live !== undefined;
      // Somebody else removed it, which ended what this call wanted to end.
      if (status === "NF") return false;
      await pauseBefore(attempt, this.#parts, call.context);
    }
    // Others write it all the time: what is removed now is what one of them has just written.
    return removeAnyway(key, call);
  }

  /** Removes many keys. @returns how many live entries were there */
  async deleteMulti(keys: readonly string[], call: ServerCall): Promise<number> {
    // One slice after another: each is removed over the connection that it was read over, which has room for a few.
    let count = 0;
    for (const slice of sliceByCount([...new Set(keys)])) count += await this.#deleteSlice(slice, call);
    return count;
  }

  async #deleteSlice(keys: readonly string[], call: ServerCall): Promise<number> {
    const { store } = this.#parts;
    const present = (await store.findMulti(keys, call)).filter(({ cas }) => cas !== undefined);
    const answers = await settleAll(
      present.map(async (found) => {
        const status = await this.remove(found, call);
        if (status === "HD") return found.live !== undefined;
        return status === "NF" ? false : this.delete(found.key, call);
      }),
    );
    return answers.filter(Boolean).length;
  }

  /** Gives a live entry a new TTL. @param ttlMs > 0 @returns whether a live entry was there */
  expire(key: string, ttlMs: number, call: ServerCall): Promise<boolean> {
    const { store } = this.#parts;
    const expiresAt = store.nowMs() + ttlMs;
    return this.#change("expire", key, call, async () => {
      const found = await store.find(key, call);
      if (found.live === undefined) return false;
      const operations = withVersion(found.live.operations, found.itemVersion);
      const version = await store.replace(found, store.redraft(found, { expiresAt, operations }), call);
      return version === undefined ? undefined : true;
    });
  }

  /** Checks and writes of one key in one step. @throws UnsupportedOperationError for more than one */
  async commit(checks: readonly KeyCheck[], writes: readonly KeyWrite[], call: ServerCall): Promise<CommitResult> {
    const keys = new Set([...checks, ...writes].map(({ key }) => key));
    if (keys.size > 1 || writes.length > 1) {
      throw new UnsupportedOperationError(
        "transaction",
        "Memcached changes one key at a time. Put what belongs together into one value, or use a store with transactions such as Redis.",
      );
    }
    const [key] = keys;
    if (key === undefined) return { committed: true, versions: [] };
    return this.#change("transaction", key, call, () => this.#tryCommit(key, checks, writes[0], call));
  }

  async #trySet(key: string, write: EntryWrite, call: ServerCall): Promise<WriteResult | undefined> {
    const { store } = this.#parts;
    const found = await store.find(key, call);
    const version = versionOfLive(found);
    const previous = write.returnPrevious === true && found.live && toStoredEntry(found.live, version);
    const withPrevious = previous ? { previous } : {};
    const { condition } = write;
    const isRefused = condition?.kind === "absent" ? version !== 0 : condition && condition.version !== version;
    const draft = isRefused ? undefined : await store.draft(key, write, call);
    if (draft === undefined) return { stored: false, version, ...withPrevious };
    await this.keepOperations(found, call);
    const written = await store.replace(found, draft, call);
    return written === undefined ? undefined : { stored: true, version: written, ...withPrevious };
  }

  async #tryCommit(
    key: string,
    checks: readonly KeyCheck[],
    write: KeyWrite | undefined,
    call: ServerCall,
  ): Promise<CommitResult | undefined> {
    const { store } = this.#parts;
    const found = await store.find(key, call);
    const version = versionOfLive(found);
    if (checks.some((check) => check.version !== version)) return { committed: false, versions: [] };
    if (write === undefined) return { committed: true, versions: [] };
    if (write.write === undefined) {
      const status = found.cas === undefined ? "NF" : await this.remove(found, call);
      // What was not live is gone either way; a live one that somebody else removed was not what the check saw.
      const isDone = status === "HD" || (status === "NF" && version === 0);
      return isDone ? { committed: true, versions: [0] } : undefined;
    }
    const draft = await store.draft(key, write.write, call);
    if (draft === undefined) return { committed: false, versions: [] };
    await this.keepOperations(found, call);
    const written = await store.replace(found, draft, call);
    return written === undefined ? undefined : { committed: true, versions: [written] };
  }

  /** Removes what was found, if it is still that. @returns the server's word, or `"lost"` */
  async remove(found: FoundItem, call: ServerCall): Promise<MetaStatus | "lost"> {
    await this.keepOperations(found, call);
    return this.#parts.store.remove(found, call);
  }

  /** Keeps what a counter counted, before its item is overwritten by something else. */
  async keepOperations({ key, item, itemVersion }: FoundItem, call: ServerCall): Promise<void> {
    if (item === undefined || item.operations.length === 0) return;
    await this.#parts.store.keepOperations(key, item.operations, itemVersion, call);
  }

  /**
   * At once, for a key is seldom fought over, and once more, for most that lose need only see who won; from then on one after another in this
   * process.
   */
  async #change<T>(
    operation: string,
    key: string,
    call: ServerCall,
    attempt: () => Promise<T | undefined>,
  ): Promise<T> {
    const result = (await attempt()) ?? (await attempt());
    if (result !== undefined) return result;
    const { queue, patienceMs, name } = this.#parts;
    // Waiting is rare, and then who waits is listened to.
    const { context } = call;
    const { signal } = context;
    const onTimeout = (): unknown => {
      const message = `${name}: "${operation}" waited ${patienceMs} ms for other writers of its key; nothing was written. Write the key less often.`;
      return new BackendOverloadedError(name, operation, message);
    };
    return queue.run(key, { signal, timeoutMs: patienceMs, onTimeout }, () =>
      retryConflicts(operation, this.#parts, context, attempt),
    );
  }
}

function versionOfLive({ live, itemVersion }: FoundItem): number {
  return live === undefined ? 0 : itemVersion;
}
