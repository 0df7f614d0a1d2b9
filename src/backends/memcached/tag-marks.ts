import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import { createMark, isSameMark } from "./mark.ts";
import { createMarkSlot, encodeMarkState, type MarkReader, type MarkSlot, type MarkState } from "./mark-reader.ts";
import { casOf } from "./reply-cas.ts";
import { reservedKey } from "./reserved-key.ts";
import type { ServerCall } from "./server-call.ts";
import type { TagMark } from "./tag-mark.ts";
import { versionOf } from "./version-number.ts";

/** Tags that are known at a time; a new one beyond them starts the table anew. */
const MAX_TAGS = 8_192;
/** How often missing marks are made before a write gives up: each time somebody else must have lost them again. */
const MAX_CREATIONS = 4;

/**
 * The marks of tags: an item for each tag, whose random value every entry with the tag carries. An invalidation replaces it; entries that carry
 * another one are misses. One that is missing, because it was never made or was evicted, fits no entry, and is made anew by the next write.
 *
 * For results of loads the item's CAS number tells when the tag was invalidated last. A missing item does not tell; for that there is one more
 * item, written with every invalidation of any tag.
 */
export class TagMarks {
  readonly #client: MemcachedClient;
  readonly #reader: MarkReader;
  #slots = new Map<string, MarkSlot>();
  /** Written with every invalidation. */
  readonly #invalidations: MarkSlot = createMarkSlot(reservedKey("i", ""));
  readonly #stamp: MarkSlot = createMarkSlot(reservedKey("s", ""));

  constructor(client: MemcachedClient, reader: MarkReader) {
    this.#client = client;
    this.#reader = reader;
  }

  /** Whether every tag still has the mark that an entry carries. */
  async isUnchanged(tags: readonly TagMark[]): Promise<boolean> {
    const states = await Promise.all(tags.map(({ tag }) => this.#reader.read(this.#slotOf(tag))));
    return tags.every(({ mark }, index) => {
      const state = states[index];
      return state !== undefined && isSameMark(state.mark, mark);
    });
  }

  /**
   * The marks for an entry that is written now; `undefined` when one of the tags was invalidated after `since`, or may have been.
   *
   * @param since a stamp, or `undefined` for an entry that is no load's result
   */
  async marksFor(
    tags: readonly string[],
    since: number | undefined,
    versionBase: number,
    call: ServerCall,
  ): Promise<readonly TagMark[] | undefined> {
    const slots = tags.map((tag) => this.#slotOf(tag));
    const isOld = ({ cas }: MarkState): boolean => since === undefined || versionOf(versionBase, cas) <= since;
    for (let attempt = 0; attempt < MAX_CREATIONS; attempt += 1) {
      const [invalidations, ...states] = await Promise.all([
        since === undefined ? undefined : this.#reader.read(this.#invalidations),
        ...slots.map((slot) => this.#reader.read(slot)),
      ]);
      if (!states.every((state) => state === undefined || isOld(state))) return undefined;
      const missing = slots.filter((_, index) => states[index] === undefined);
      if (missing.length === 0) return tags.map((tag, index) => ({ tag, mark: (states[index] as MarkState).mark }));
      const created = await this.#create(missing, attempt < MAX_CREATIONS - 2, call);
      // Was it invalidated after the stamp and evicted since? Only if some tag was. One that was invalidated after it was found
      // missing is not created here, but read in the next round.
      if (since !== undefined && (invalidations === undefined || !isOld(invalidations))) return undefined;
      if (created === undefined) continue;
      return tags.map((tag, index) => ({
        tag,
        mark: (states[index] ?? (created.get(slots[index] as MarkSlot) as MarkState)).mark,
      }));
    }
    return undefined;
  }

  /** Ends every entry that carries one of the tags. */
  async invalidate(tags: readonly string[], call: ServerCall): Promise<void> {
    const slots = tags.map((tag) => this.#slotOf(tag));
    await call.batch(
      this.#client,
      [...slots, this.#invalidations].map((slot) => writeRequest(slot, "T0")),
      call.write,
    );
  }

  /**
   * Draws a CAS number, larger than all given out so far. From here on the item of invalidations is there, unless it is evicted.
   *
   * @param others are asked for before, over the same connection
   */
  async stamp(
    others: readonly MetaRequest[],
    call: ServerCall,
  ): Promise<{ readonly cas: number; readonly others: readonly MetaReply[] }> {
    const requests = [...others, writeRequest(this.#invalidations, "ME T0"), writeRequest(this.#stamp, "c T0")];
    const { replies } = await call.batch(this.#client, requests, call.write);
    return { cas: casOf(replies.at(-1)?.flags ?? ""), others: replies.slice(0, others.length) };
  }

  /** Makes items that are missing; `undefined` when somebody else made one of them meanwhile. */
  async #create(
    slots: readonly MarkSlot[],
    isOnAbsence: boolean,
    call: ServerCall,
  ): Promise<ReadonlyMap<MarkSlot, MarkState> | undefined> {
    const marks = slots.map(createMark);
    const requests = slots.map(({ key }, index): MetaRequest => {
      const value = encodeMarkState(marks[index] as MarkState["mark"], 0);
      return { kind: "set", key, value, flags: isOnAbsence ? "c ME T0" : "c T0" };
    });
    const { replies } = await call.batch(this.#client, requests, call.write);
    if (replies.some(({ status }) => status !== "HD")) return undefined;
    const states = marks.map((mark, index) => ({ mark, versionBase: 0, cas: casOf(replies[index]?.flags ?? "") }));
    return new Map(slots.map((slot, index) => [slot, states[index] as MarkState]));
  }

  #slotOf(tag: string): MarkSlot {
    const known = this.#slots.get(tag);
    if (known !== undefined) return known;
    if (this.#slots.size >= MAX_TAGS) this.#slots = new Map();
    const slot = createMarkSlot(reservedKey("t", tag));
    this.#slots.set(tag, slot);
    return slot;
  }
}

function writeRequest({ key }: MarkSlot, flags: string): MetaRequest {
  return { kind: "set", key, value: encodeMarkState(createMark(), 0), flags };
}
