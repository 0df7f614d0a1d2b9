import type { WriteResult } from "../../backend/stored-entry.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import { sliceByBytes } from "./batch-slices.ts";
import { isSameState } from "./coherent-write.ts";
import type { MarksForWrites } from "./marks-for-writes.ts";
import type { NamespaceChain, NamespaceMarks } from "./namespace-marks.ts";
import type { NamespaceState } from "./namespace-state.ts";
import type { OutgoingEntries, OutgoingEntry } from "./outgoing-entries.ts";
import { casOf } from "./reply-cas.ts";
import type { ServerCall } from "./server-call.ts";
import type { TagMark } from "./tag-mark.ts";
import { versionOf } from "./version-number.ts";

/** What {@link CoherentBatchWrites} are made with. */
export interface CoherentBatchWritesParts {
  readonly client: MemcachedClient;
  readonly namespaces: NamespaceMarks;
  readonly marks: MarksForWrites;
  readonly entries: OutgoingEntries;
}

type States = ReadonlyMap<NamespaceChain, NamespaceState | undefined>;

const NO_TAGS: ReadonlyMap<string, TagMark> = new Map();

/** Writes of many entries of mode `coherent`, whatever stands there. */
export class CoherentBatchWrites {
  readonly #parts: CoherentBatchWritesParts;

  constructor(parts: CoherentBatchWritesParts) {
    this.#parts = parts;
  }

  /** One round trip for each thousand entries or 4 MiB, one after another; as a single write, once more where marks changed. */
  async write(all: readonly OutgoingEntry[], call: ServerCall): Promise<readonly WriteResult[]> {
    const results: WriteResult[] = [];
    for (const slice of sliceByBytes(all, ({ write }) => (write.value as Uint8Array).length)) {
      results.push(...((await this.#writeGuessed(slice, call)) ?? (await this.#writeKnown(slice, call))));
    }
    return results;
  }

  /** With the marks that were seen last, and a look at them behind it; `undefined`: not all were known, or right. */
  async #writeGuessed(slice: readonly OutgoingEntry[], call: ServerCall): Promise<readonly WriteResult[] | undefined> {
    if (slice.some(({ write, chain }) => write.tags.length > 0 || chain.lastState === undefined)) return undefined;
    const { client, namespaces } = this.#parts;
    const chains = chainsOf(slice);
    const guesses: States = new Map(chains.map((chain) => [chain, chain.lastState]));
    const requests = slice.map((entry) => this.#requestFor(entry, guesses, NO_TAGS));
    const marks = chains.flatMap((chain) => chain.requests);
    const { replies } = await call.batch(client, [...requests, ...marks], call.write);
    const states = namespaces.statesIn(chains, replies, slice.length);
    const isRight = chains.every((chain) => isSameState(guesses.get(chain), states.get(chain)));
    return isRight ? toResults(slice, replies, guesses) : undefined;
  }

  /** With the marks as they are now. */
  async #writeKnown(slice: readonly OutgoingEntry[], call: ServerCall): Promise<readonly WriteResult[]> {
    const { client, marks } = this.#parts;
    const known = chainsOf(slice).map(async (chain) => [chain, await marks.ofNamespaces(chain, call)] as const);
    const states: States = new Map(await Promise.all(known));
    const tags = [...new Set(slice.flatMap(({ write }) => write.tags))];
    // Without a stamp nothing is refused.
    const tagMarks = (await marks.ofTags({ tags }, 0, call)) as readonly TagMark[];
    const markOf = new Map(tagMarks.map((mark) => [mark.tag, mark]));
    const requests = slice.map((entry) => this.#requestFor(entry, states, markOf));
    const { replies } = await call.batch(client, requests, call.write);
    return toResults(slice, replies, states);
  }

  #requestFor(entry: OutgoingEntry, states: States, markOf: ReadonlyMap<string, TagMark>): MetaRequest {
    const tags = entry.write.tags.map((tag) => markOf.get(tag) as TagMark);
    return this.#parts.entries.requestFor(entry, states.get(entry.chain) as NamespaceState, tags);
  }
}

function chainsOf(slice: readonly OutgoingEntry[]): readonly NamespaceChain[] {
  return [...new Set(slice.map(({ chain }) => chain))];
}

function toResults(
  slice: readonly OutgoingEntry[],
  replies: readonly MetaReply[],
  states: States,
): readonly WriteResult[] {
  return slice.map(({ chain }, index) => {
    const { versionBase } = states.get(chain) as NamespaceState;
    return { stored: true, version: versionOf(versionBase, casOf((replies[index] as MetaReply).flags)) };
  });
}
