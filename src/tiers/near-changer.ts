import type { OperationContext } from "../backend/backend.ts";
import type { EntryWrite, WriteResult } from "../backend/stored-entry.ts";
import type { WorkTicket } from "../coherence/running-work.ts";
import type { NearBackendParts } from "./near-backend-parts.ts";
import { whenUnanswered } from "./when-unanswered.ts";

/** What a write left in the store. */
export interface WrittenEntry {
  readonly ticket: WorkTicket;
  readonly write: EntryWrite;
  /** Whether it is the result of a load, which tiers that are written around keep as well. Default: false. */
  readonly isLoaded?: boolean | undefined;
}

/** Changes: whatever becomes of one, no copy that it may have outdated is left. */
export class NearChanger {
  readonly #parts: NearBackendParts;

  constructor(parts: NearBackendParts) {
    this.#parts = parts;
  }

  async set(key: string, write: EntryWrite, context: OperationContext): Promise<WriteResult> {
    const { far, node } = this.#parts;
    const ticket = node.begin(key);
    const stop = this.doubtUnanswered([key], context);
    try {
      const result = await far.set(key, write, context);
      if (result.stored) this.tell([key], [result.version], [{ ticket, write }]);
      else this.#meet(key, result.version);
      return result;
    } catch (error) {
      this.tell([key], [undefined]);
      throw error;
    } finally {
      stop();
      node.end(ticket);
    }
  }

  async setMulti(
    items: ReadonlyArray<readonly [key: string, write: EntryWrite]>,
    context: OperationContext,
  ): Promise<readonly WriteResult[]> {
    const { far, node } = this.#parts;
    const keys = items.map(([key]) => key);
    const tickets = keys.map((key) => node.begin(key));
    const stop = this.doubtUnanswered(keys, context);
    try {
      const results = await far.setMulti(items, context);
      const versions = results.map(({ stored, version }) => (stored ? version : undefined));
      const written = results.map(({ stored }, index) =>
        stored
          ? { ticket: tickets[index] as WorkTicket, write: (items[index] as readonly [string, EntryWrite])[1] }
          : undefined,
      );
      this.tell(keys, versions, written);
      return results;
    } catch (error) {
      this.tell(
        keys,
        keys.map(() => undefined),
      );
      throw error;
    } finally {
      stop();
      for (const ticket of tickets) node.end(ticket);
    }
  }

  /** A change of which the store does not say what it made of each key. */
  async change<T>(keys: readonly string[], context: OperationContext, apply: () => T | Promise<T>): Promise<T> {
    const stop = this.doubtUnanswered(keys, context);
    try {
      return await apply();
    } finally {
      stop();
      this.tell(
        keys,
        keys.map(() => undefined),
      );
    }
  }

  /**
   * Whoever goes on without the answer to a change may not be served what was there before, however late the answer is, and whether or not others have to be told. Of loads it is the value
   * itself that was seen. @returns a function that ends the watch
   */
  doubtUnanswered(keys: readonly string[], context: OperationContext): () => void {
    return whenUnanswered(context, () => {
      const { node, middle } = this.#parts;
      for (const key of keys) {
        node.changed(key, undefined);
        middle?.drop(key);
      }
    });
  }

  /** Ends the copies that a change outdated, keeps those of what was written, and tells others. One synchronous step. */
  tell(
    keys: readonly string[],
    versions: readonly (number | undefined)[],
    written: readonly (WrittenEntry | undefined)[] = [],
  ): void {
    const { node, serverClock, fleet, middle } = this.#parts;
    for (const [index, key] of keys.entries()) {
      const version = versions[index];
      const own = written[index];
      if (own !== undefined && version !== undefined) node.wrote(own.ticket, version);
      else node.changed(key, version);
      fleet.broadcast({ kind: "change", key, version, previousHead: undefined, home: node.homeOf(key) });
      if (version !== undefined) serverClock.observe(version);
      if (own === undefined || version === undefined) middle?.drop(key);
      else this.#keep(own, version);
    }
  }

  #keep({ ticket, write, isLoaded = false }: WrittenEntry, version: number): void {
    const { node, copies, serverClock, middle, keepsWrites } = this.#parts;
    const { value, ttlMs, tags, slidingTtlMs } = write;
    if (slidingTtlMs !== undefined) return;
    const proof = node.keepWritten(ticket, version, tags);
    if (proof === undefined) return;
    // The entry's time runs from its commit, which was not before the write was sent.
    const remainingMs = ttlMs - (node.nowMs() - ticket.sentAtMs);
    const { key } = ticket;
    const expiresAt = serverClock.nowMs() + remainingMs;
    if (keepsWrites || isLoaded) copies.keep(key, { value, version, expiresAt, tags }, proof);
    const stamp = node.stored?.stamp(ticket, version, undefined, tags);
    middle?.keep(key, { value, version, tags, remainingMs }, stamp, !isLoaded);
  }

  /** A write was refused because of the entry that it met, or because it met none: a copy of another one is outdated, and so are answers on their way that may hold one. */
  #meet(key: string, version: number): void {
    const { copies, node } = this.#parts;
    const copy = copies.findUnproven(key);
    const isOther = copy !== undefined && copy.version !== version;
    node.changed(key, isOther || version === 0 ? undefined : version);
  }
}
