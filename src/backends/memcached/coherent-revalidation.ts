import type { OperationContext } from "../../backend/backend.ts";
import type { EntryVerdict, KnownEntry, Revalidation } from "../../backend/revalidation.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import { encodeMemcachedKey } from "../../clients/memcached/memcached-key.ts";
import type { MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import type { Clock } from "../../foundation/clock.ts";
import { runSlices, sliceByCount } from "./batch-slices.ts";
import { GetRequest } from "./get-request.ts";
import { decodeMarkState, type MarkState } from "./mark-reader.ts";
import type { NamespaceChain, NamespaceMarks } from "./namespace-marks.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { casOf } from "./reply-cas.ts";
import { expectReplies, readOptions } from "./server-call.ts";
import type { TranslateError } from "./server-error.ts";
import type { TagMarks } from "./tag-marks.ts";
import { versionOf } from "./version-number.ts";

/** What {@link CoherentRevalidation} is made with. */
export interface CoherentRevalidationParts {
  readonly client: MemcachedClient;
  readonly namespaces: NamespaceMarks;
  readonly tags: TagMarks;
  readonly clock: Pick<Clock, "wallMs">;
  readonly translate: TranslateError;
}

const OPERATION = "revalidate";
/** Of an item its CAS number alone: some 20 bytes there and back beside the key, however large the value is. */
const CAS_FLAGS = "c";

/** What is known of the marks after one batch. */
interface BatchMarks {
  readonly states: ReadonlyMap<NamespaceChain, NamespaceState | undefined>;
  readonly tags: ReadonlyMap<string, MarkState | undefined>;
}

/**
 * Whether entries that were read are current, by CAS numbers alone.
 *
 * A read found the item live, so it carried the marks that its namespaces and tags had then, and those are older than the item: who writes an entry has read or made them before. So
 * as long as the item has its number, and none of these marks a larger one, all of them are what they were, and the entry lives:
 *
 * ```text
 * mg k c · mg root c v · mg shop c v · mg tag c v        one batch over one connection, the marks behind the items
 *
 * CAS numbers   root 3 ── tag 9 ── shop 12 ──── k 40                   as it was read: unchanged
 *               root 3 ── tag 9 ──────────────── k 40 ── shop 71       the namespace was cleared since, or its mark was evicted and made anew
 *               root 3 ── tag 9 ── shop 12 ───────────── k 88          written, counted, given another end (an item is written again for that, so its number changes)
 * ```
 *
 * That needs the item to have been live at a read: what arrived with marks that had been replaced on its way is dead, and has a larger number than they. The root's mark says the base of
 * versions and comes over the same connection, so no restart lies between the two, see `version-number.ts`.
 */
export class CoherentRevalidation implements Revalidation {
  readonly #parts: CoherentRevalidationParts;
  #incarnation = 0;
  #versionBase = -1;
  #life = "";

  constructor(parts: CoherentRevalidationParts) {
    this.#parts = parts;
  }

  /** CAS numbers, and versions with them, may repeat after a restart, or what may have been one; and no version fits one of another base. */
  get life(): string {
    const { incarnation } = this.#parts.client;
    const { versionBase } = this.#parts.namespaces;
    if (incarnation !== this.#incarnation || versionBase !== this.#versionBase) {
      this.#incarnation = incarnation;
      this.#versionBase = versionBase;
      this.#life = `${incarnation}.${versionBase.toString(36)}`;
    }
    return this.#life;
  }

  /** One round trip for each thousand entries, some at the same time. */
  async revalidate(entries: readonly KnownEntry[], context: OperationContext): Promise<readonly EntryVerdict[]> {
    const slices = await runSlices(sliceByCount(entries), (slice) => this.#ask(slice, context));
    return slices.flat();
  }

  async #ask(entries: readonly KnownEntry[], context: OperationContext): Promise<readonly EntryVerdict[]> {
    const { client, namespaces, tags, clock, translate } = this.#parts;
    const requests: MetaRequest[] = entries.map(({ key }) => new GetRequest(encodeMemcachedKey(key), CAS_FLAGS));
    const chains = entries.map(({ key }) => namespaces.chainOf(key));
    const distinct = new Set(chains);
    for (const chain of distinct) requests.push(...chain.requests);
    const tagsFrom = requests.length;
    const names = [...new Set(entries.flatMap((entry) => entry.tags))];
    for (const tag of names) requests.push(tags.requestOf(tag));
    try {
      const { replies } = expectReplies(await client.sendBatch(requests, readOptions(OPERATION, context)));
      const marks: BatchMarks = {
        states: namespaces.statesIn(distinct, replies, entries.length),
        tags: new Map(names.map((tag, index) => [tag, decodeMarkState(replies[tagsFrom + index] as MetaReply)])),
      };
      const nowMs = clock.wallMs();
      return entries.map((entry, index) => {
        const isUnchanged =
          nowMs < entry.expiresAt &&
          isUntouched(entry, replies[index] as MetaReply, marks.states.get(chains[index] as NamespaceChain), marks);
        return isUnchanged ? "unchanged" : "changed";
      });
    } catch (error) {
      throw translate(error, OPERATION);
    }
  }
}

/** Whether an item and all marks that decide about it are what they were when it was read. */
function isUntouched(
  { version, tags }: KnownEntry,
  { status, flags }: MetaReply,
  namespace: NamespaceState | undefined,
  marks: BatchMarks,
): boolean {
  if (status !== "HD" || namespace === undefined) return false;
  const cas = casOf(flags);
  if (versionOf(namespace.versionBase, cas) !== version || cas < namespace.markedAtCas) return false;
  return tags.every((tag) => {
    const mark = marks.tags.get(tag);
    return mark !== undefined && mark.cas < cas;
  });
}
