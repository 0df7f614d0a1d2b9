import type { OperationContext } from "../backend/backend.ts";
import type { SharedTier, TierStamp } from "../backend/shared-tier.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import type { WorkTicket } from "../coherence/running-work.ts";
import type { NearBackendParts } from "./near-backend-parts.ts";
import { WholeEntryContext } from "./whole-entry-context.ts";

/** Entries by the places of their keys. */
interface ReadOn {
  readonly entries: ReadonlyArray<StoredEntry | undefined>;
  readonly isRead: readonly boolean[];
}

/** Reads that pass by the copies, and leave some behind. */
export class NearReader {
  readonly #parts: NearBackendParts;

  constructor(parts: NearBackendParts) {
    this.#parts = parts;
  }

  async read(key: string, context: OperationContext): Promise<StoredEntry | undefined> {
    const [entry] = (await this.#readOn([key], context)).entries;
    return entry;
  }

  /**
   * Entries of many keys: copies, and what is read where there are none. While that is read copies may lapse, and their keys be changed; so they are looked at once more in the step of the answer, and when one
   * is gone all of them are read.
   */
  async readMulti(keys: readonly string[], context: OperationContext): Promise<ReadonlyArray<StoredEntry | undefined>> {
    const entries: (StoredEntry | undefined)[] = new Array(keys.length).fill(undefined);
    const missing = this.#takeCopies(keys, [...keys.keys()], entries);
    if (missing.length === 0) return entries;
    const { entries: found, isRead } = await this.#readOn(
      missing.map((index) => keys[index] as string),
      context,
    );
    const isSettled = new Array<boolean>(keys.length).fill(false);
    for (const [at, index] of missing.entries()) {
      entries[index] = found[at];
      isSettled[index] = isRead[at] === true;
    }
    const ofCopies = [...keys.keys()].filter((index) => isSettled[index] === false);
    if (this.#takeCopies(keys, ofCopies, entries).length === 0) return entries;
    const late = await this.#readFar(
      ofCopies.map((index) => keys[index] as string),
      context,
    );
    for (const [at, index] of ofCopies.entries()) entries[index] = late[at];
    return entries;
  }

  /** Puts what copies say at the places of their keys. @returns the places of those without one */
  #takeCopies(
    keys: readonly string[],
    places: readonly number[],
    entries: (StoredEntry | undefined)[],
  ): readonly number[] {
    const { copies, node } = this.#parts;
    return places.filter((index) => {
      const copy = copies.find(keys[index] as string, node);
      if (copy !== undefined) entries[index] = copies.toEntry(copy);
      return copy === undefined;
    });
  }

  /** What no copy here answers: from the middle tiers what can be proven, the rest from the shared store. `isRead`: by place, whether it was read from the store. */
  async #readOn(keys: readonly string[], context: OperationContext): Promise<ReadOn> {
    const { middle } = this.#parts;
    if (middle === undefined) return { entries: await this.#readFar(keys, context), isRead: keys.map(() => true) };
    const { entries, unproven } = await middle.find(keys, context);
    const isRead = entries.map((entry) => entry === undefined);
    const missing = keys.flatMap((_, index) => (isRead[index] === true ? [index] : []));
    if (missing.length === 0) return { entries, isRead };
    const asked = missing.map((index) => keys[index] as string);
    const found = await this.#readFar(asked, context);
    for (const [at, index] of missing.entries()) {
      const key = keys[index] as string;
      entries[index] = found[at];
      // Where nothing is any more the copy would stay until its time is over.
      if (found[at] === undefined && unproven.has(key)) middle.drop(key);
    }
    return { entries, isRead };
  }

  async #readFar(keys: readonly string[], context: OperationContext): Promise<ReadonlyArray<StoredEntry | undefined>> {
    const { far, node } = this.#parts;
    // A copy needs to know all of the entry.
    const whole = new WholeEntryContext(context);
    const tickets = keys.map((key) => node.begin(key));
    try {
      const tier = far.sharedTier;
      if (tier !== undefined) return await this.#readTier(tier, tickets, whole);
      const found = keys.length === 1 ? [await far.get(keys[0] as string, whole)] : await far.getMulti(keys, whole);
      for (const [index, entry] of found.entries()) this.keep(tickets[index] as WorkTicket, entry, undefined);
      return found;
    } finally {
      for (const ticket of tickets) node.end(ticket);
    }
  }

  async #readTier(
    tier: SharedTier,
    tickets: readonly WorkTicket[],
    context: OperationContext,
  ): Promise<ReadonlyArray<StoredEntry | undefined>> {
    const reads = await tier.read(
      tickets.map(({ key }) => key),
      context,
    );
    for (const [index, { entry, stamp }] of reads.entries()) this.keep(tickets[index] as WorkTicket, entry, stamp);
    return reads.map(({ entry }) => entry);
  }

  /**
   * Keeps a copy of what a read found, where nothing newer was heard of; ends the one that was there where it found nothing. One synchronous step.
   *
   * @param stamp of the moment of the read; `undefined` where the store has none
   */
  keep(ticket: WorkTicket, entry: StoredEntry | undefined, stamp: TierStamp | undefined): void {
    const { node, copies, serverClock, middle } = this.#parts;
    if (stamp !== undefined) serverClock.observe(stamp.head);
    const proof = node.keep(ticket, stamp, entry ?? { version: 0, tags: [] });
    if (entry === undefined) {
      // A copy of the same moment or an earlier one is over.
      if (stamp !== undefined) copies.dropOlder(ticket.key, stamp.head + 1);
      // Without a stamp nobody knows which of the two is newer; but who has seen that nothing is there must not be served a copy from before, whether or not the answer proves anything.
      else copies.dropOlder(ticket.key, Number.POSITIVE_INFINITY);
    } else if (proof !== undefined) {
      copies.keep(ticket.key, entry, proof);
      const { key } = ticket;
      const { value, version, tags, expiresAt } = entry;
      if (middle === undefined || stamp === undefined) return;
      const own = node.stored?.stamp(ticket, stamp.head, stamp.epoch, tags);
      middle.keep(key, { value, version, tags, remainingMs: expiresAt - serverClock.nowMs() }, own, false);
    }
  }
}
