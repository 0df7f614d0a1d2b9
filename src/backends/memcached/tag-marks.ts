import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import { createMark, isSameMark } from "./mark.ts";
import {
  createMarkSlot,
  decodeMarkState,
  encodeMarkState,
  type MarkReader,
  type MarkSlot,
  type MarkState,
} from "./mark-reader.ts";
import { casOf } from "./reply-cas.ts";
import { reservedKey } from "./reserved-key.ts";
import type { ServerCall } from "./server-call.ts";
import type { TagMark } from "./tag-mark.ts";
import { versionOf } from "./version-number.ts";

/** Tags that are known at a time; a new one beyond them starts the table anew. */
const MAX_TAGS = 8_192;
/** How often missing marks are made before a write gives up: each time somebody else must have lost them again. */
const MAX_CREATIONS = 4;

/** What stands where marks were missing, after they were made. */
interface MadeMarks {
  /** `undefined`: it was lost again, or is nothing that this library wrote. */
  readonly states: ReadonlyMap<MarkSlot, MarkState | undefined>;
  /** The item of invalidations, read behind them. */
  readonly invalidations: MarkState | undefined;
}

/**
 * The marks of tags: an item for each tag, whose random value every entry with the tag carries. An invalidation replaces it; entries that carry
 * another one are misses. One that is missing, because it was never made or was evicted, fits no entry, and is made anew by the next write.
 *
 * For results of loads the item's CAS number tells when the tag was invalidated last, if it is from before the load. An item that is missing or
 * younger does not tell: another result of the same batch may have made it. For that there is one more item, written with every invalidation of
 * any tag. An invalidation writes it before the tags' marks, and whoever stores a result reads it behind the mark that the entry is to carry:
 *
 * ```text
 * invalidation   ①  write "some tag was invalidated"      ②  write the tag's mark
 * load           stamp …   ❶ read or make the tag's mark   ❷ read "some tag was invalidated"   write the entry with ❶
 * ```
 *
 * Where ① comes before ❷ and after the stamp, the result is refused, whatever became of the mark: also when it was evicted after ② and made again
 * by another load. Where ❷ comes before ①, so does ❶ before ②, and the entry ends with ②. The other order of either would leave a gap: a mark
 * made between ② and its eviction, and an item that is still old, would bring back what was loaded before the invalidation.
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

  /** Reads a tag's mark; for batches. */
  requestOf(tag: string): MetaRequest {
    return this.#slotOf(tag).request;
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
    const isOld = (state: MarkState | undefined): boolean =>
      since === undefined || (state !== undefined && versionOf(versionBase, state.cas) <= since);
    for (let attempt = 0; attempt < MAX_CREATIONS; attempt += 1) {
      let states = await Promise.all(slots.map((slot) => this.#reader.read(slot)));
      const missing = slots.filter((_, index) => states[index] === undefined);
      if (missing.length > 0) {
        const made = await this.#make(missing, attempt < MAX_CREATIONS - 2, call);
        if (!isOld(made.invalidations)) return undefined;
        states = states.map((state, index) => state ?? made.states.get(slots[index] as MarkSlot));
        if (states.includes(undefined)) continue;
      } else if (!states.every(isOld) && !isOld(await this.#reader.read(this.#invalidations))) return undefined;
      return tags.map((tag, index) => ({ tag, mark: (states[index] as MarkState).mark }));
    }
    return undefined;
  }

  /** Ends every entry that carries one of the tags. */
  async invalidate(tags: readonly string[], call: ServerCall): Promise<void> {
    const slots = tags.map((tag) => this.#slotOf(tag));
    await call.batch(
      this.#client,
      [this.#invalidations, ...slots].map((slot) => writeRequest(slot, "T0")),
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

  /**
   * Makes items that are missing, and tells what stands there then: two that miss the same mark must end with the same, so the second takes that of
   * the first. Behind them, over the same connection, the item of invalidations is read.
   *
   * @param isOnAbsence whether what stands there is left; else it is replaced, for it is no mark
   */
  async #make(slots: readonly MarkSlot[], isOnAbsence: boolean, call: ServerCall): Promise<MadeMarks> {
    const flags = isOnAbsence ? "ME T0" : "T0";
    const requests = slots.flatMap((slot) => [writeRequest(slot, flags), slot.request]);
    const { replies } = await call.batch(this.#client, [...requests, this.#invalidations.request], call.write);
    const states = slots.map((_, index) => decodeMarkState(replies[2 * index + 1] as MetaReply));
    return {
      states: new Map(slots.map((slot, index) => [slot, states[index]])),
      invalidations: decodeMarkState(replies.at(-1) as MetaReply),
    };
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
