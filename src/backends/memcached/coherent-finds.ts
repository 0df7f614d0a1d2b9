import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import { encodeMemcachedKey } from "../../clients/memcached/memcached-key.ts";
import type { MetaKey, MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import type { Clock } from "../../foundation/clock.ts";
import { readSlices } from "./batch-slices.ts";
import { decodeItem, isLiveItem } from "./item-layout.ts";
import type { FoundItem } from "./item-store.ts";
import { isSameMark } from "./mark.ts";
import type { NamespaceChain, NamespaceMarks } from "./namespace-marks.ts";
import { casOf } from "./reply-cas.ts";
import type { ServerCall } from "./server-call.ts";
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
    const [found] = await this.#findSlice([key], call, others, READ_FLAGS);
    return found as FoundItem;
  }

  /** As {@link CoherentFinds.find}, but where nothing stands an empty item is made for so long, and the flag `W` says that it was. */
  async findOrReserve(key: string, seconds: number, call: ServerCall): Promise<FoundItem> {
    const [found] = await this.#findSlice([key], call, NO_REQUESTS, `${READ_FLAGS} s t N${seconds}`);
    return found as FoundItem;
  }

  /** One round trip for each thousand keys, some at the same time; one more when some have tags. */
  findMulti(keys: readonly string[], call: ServerCall): Promise<readonly FoundItem[]> {
    return readSlices(keys, (slice) => this.#findSlice(slice, call, NO_REQUESTS, READ_FLAGS));
  }

  /** Whether the item's tags and namespaces are what they were when it was written, whatever else ended it. */
  async isUntouched({ item, namespace }: FoundItem): Promise<boolean> {
    if (item === undefined || namespace === undefined || !isSameMark(item.mark, namespace.mark)) return false;
    return item.tags.length === 0 || this.#parts.tags.isUnchanged(item.tags);
  }

  async #findSlice(
    keys: readonly string[],
    call: ServerCall,
    others: readonly MetaRequest[],
    readFlags: string,
  ): Promise<readonly FoundItem[]> {
    const { client, namespaces, clock } = this.#parts;
    const metaKeys = keys.map(encodeMemcachedKey);
    const chains = keys.map((key) => namespaces.chainOf(key));
    const distinct = [...new Set(chains)];
    const reads = metaKeys.map((metaKey): MetaRequest => ({ kind: "get", key: metaKey, flags: readFlags }));
    const requests = [...reads, ...others, ...distinct.flatMap((chain) => chain.requests)];
    const { replies, connection } = await call.batch(client, requests, call.read);
    const otherReplies = replies.slice(keys.length, keys.length + others.length);
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
      const others = otherReplies;
      return { key, metaKey, connection, cas, item, live, itemVersion, replyFlags: flags, namespace, others };
    });
    if (!found.some(({ live }) => live !== undefined && live.tags.length > 0)) return found;
    return Promise.all(found.map((one) => this.#withoutDeadTags(one)));
  }

  async #withoutDeadTags(found: FoundItem): Promise<FoundItem> {
    const { live } = found;
    const { tags } = this.#parts;
    if (live === undefined || live.tags.length === 0 || (await tags.isUnchanged(live.tags))) return found;
    return { ...found, live: undefined };
  }
}
