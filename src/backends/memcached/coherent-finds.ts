import type { MemcachedClient, MemcachedConnectionId } from "../../clients/memcached/memcached-client.ts";
import { MemcachedServerError } from "../../clients/memcached/memcached-server-error.ts";
import type { MetaKey, MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import type { Clock } from "../../foundation/clock.ts";
import { readSlices } from "./batch-slices.ts";
import { decodeItem, isLiveItem } from "./item-layout.ts";
import { askItems, type ItemQuestion } from "./item-question.ts";
import type { FoundItem } from "./item-store.ts";
import { isSameMark } from "./mark.ts";
import type { NamespaceChain, NamespaceMarks } from "./namespace-marks.ts";
import { casOf } from "./reply-cas.ts";
import { expectReplies, readOptions, type ServerCall } from "./server-call.ts";
import type { TagMarks } from "./tag-marks.ts";
import { versionOf } from "./version-number.ts";

/** What {@link CoherentFinds} are made with. */
export interface CoherentFindsParts {
  readonly client: MemcachedClient;
  readonly namespaces: NamespaceMarks;
  readonly tags: TagMarks;
  readonly clock: Pick<Clock, "wallMs">;
}

const READ_FLAGS = "c v";
const NO_REQUESTS: readonly MetaRequest[] = Object.freeze([]);
const NO_REPLIES: readonly MetaReply[] = Object.freeze([]);
const NOTHING: MetaReply = Object.freeze({ status: "EN", value: undefined, flags: "" });

/** A key that is read, and reserved where nothing stands. */
export interface Reservation {
  readonly key: string;
  /** How long, in seconds. */
  readonly seconds: number;
}

/**
 * Finds what stands under keys in mode `coherent`, live or not, with all that a write on condition of it needs. Reads that change nothing
 * afterwards are those of {@link CoherentReads}, which cost less.
 */
export class CoherentFinds {
  readonly #parts: CoherentFindsParts;

  constructor(parts: CoherentFindsParts) {
    this.#parts = parts;
  }

  /** What stands under a key; `others` are read after it. One round trip, one more when it has tags. */
  async find(key: string, call: ServerCall, others: readonly MetaRequest[] = NO_REQUESTS): Promise<FoundItem> {
    const [found] = await this.#findSlice([key], call, others);
    return found as FoundItem;
  }

  /**
   * As {@link CoherentFinds.findMulti} for up to a thousand keys, but where nothing stands an empty item is made for so long, and the flag `W` says that
   * it was. An error of the server to one key is that key's result. Nobody can leave it: many callers share it.
   */
  async findOrReserve(slice: readonly Reservation[]): Promise<readonly (FoundItem | MemcachedServerError)[]> {
    const { client, namespaces } = this.#parts;
    const keys = slice.map(({ key }) => key);
    const flagsOf = (index: number): string => `${READ_FLAGS} s t N${(slice[index] as Reservation).seconds}`;
    const question = askItems(namespaces, keys, [], flagsOf);
    const answer = await client.sendBatch(question.requests, readOptions("load", {}));
    const own = answer.replies.slice(0, keys.length);
    // The marks are needed for all of them.
    const marks = expectReplies({ ...answer, replies: answer.replies.slice(keys.length) }).replies;
    const replies = own.map((reply) => (reply instanceof MemcachedServerError ? NOTHING : reply));
    const found = await this.#foundIn(keys, question, NO_REPLIES, [...replies, ...marks], answer.connection);
    return found.map((one, index) => {
      const reply = own[index];
      return reply instanceof MemcachedServerError ? reply : one;
    });
  }

  /** One round trip for each thousand keys, some at the same time; one more when some have tags. */
  findMulti(keys: readonly string[], call: ServerCall): Promise<readonly FoundItem[]> {
    return readSlices(keys, (slice) => this.#findSlice(slice, call, NO_REQUESTS));
  }

  /** Whether the item's tags and namespaces are what they were when it was written, whatever else ended it. */
  async isUntouched({ item, namespace, hasDeadTags }: FoundItem): Promise<boolean> {
    if (item === undefined || namespace === undefined || !isSameMark(item.mark, namespace.mark)) return false;
    if (hasDeadTags === true) return false;
    return item.tags.length === 0 || this.#parts.tags.isUnchanged(item.tags);
  }

  async #findSlice(
    keys: readonly string[],
    call: ServerCall,
    others: readonly MetaRequest[],
  ): Promise<readonly FoundItem[]> {
    const { client, namespaces } = this.#parts;
    const question = askItems(namespaces, keys, others, () => READ_FLAGS);
    const { replies, connection } = await call.batch(client, question.requests, call.read);
    const otherReplies = replies.slice(keys.length, keys.length + others.length);
    return this.#foundIn(keys, question, otherReplies, replies, connection);
  }

  async #foundIn(
    keys: readonly string[],
    { metaKeys, chains, distinct }: ItemQuestion,
    others: readonly MetaReply[],
    replies: readonly MetaReply[],
    connection: MemcachedConnectionId,
  ): Promise<readonly FoundItem[]> {
    const { namespaces, clock } = this.#parts;
    const states = namespaces.statesIn(distinct, replies, keys.length + others.length);
    const nowMs = clock.wallMs();
    const found = keys.map((key, index): FoundItem => {
      const { value, flags } = replies[index] as MetaReply;
      const namespace = states.get(chains[index] as NamespaceChain);
      const cas = value === undefined ? undefined : casOf(flags);
      const item = value && decodeItem(value);
      const live =
        item !== undefined && namespace !== undefined && isLiveItem(item, namespace.mark, nowMs) ? item : undefined;
      const versionBase = namespace?.versionBase ?? namespaces.versionBase;
      const itemVersion = cas === undefined ? 0 : versionOf(versionBase, cas);
      const metaKey = metaKeys[index] as MetaKey;
      return { key, metaKey, connection, cas, item, live, itemVersion, replyFlags: flags, namespace, others };
    });
    if (!found.some(({ live }) => live !== undefined && live.tags.length > 0)) return found;
    return Promise.all(found.map((one) => this.#withoutDeadTags(one)));
  }

  async #withoutDeadTags(found: FoundItem): Promise<FoundItem> {
    const { live } = found;
    const { tags } = this.#parts;
    if (live === undefined || live.tags.length === 0 || (await tags.isUnchanged(live.tags))) return found;
    return { ...found, live: undefined, hasDeadTags: true };
  }
}
