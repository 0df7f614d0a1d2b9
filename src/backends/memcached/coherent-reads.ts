import type { OperationContext } from "../../backend/backend.ts";
import type { StoredEntry } from "../../backend/stored-entry.ts";
import type { MemcachedAnswer, MemcachedClient, MemcachedReceiver } from "../../clients/memcached/memcached-client.ts";
import { encodeMemcachedKey } from "../../clients/memcached/memcached-key.ts";
import type { MetaFlags, MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import type { Clock } from "../../foundation/clock.ts";
import { readSlices } from "./batch-slices.ts";
import { GetRequest } from "./get-request.ts";
import {
  bareItemEndsAt,
  bareItemExpiresAt,
  bareItemPayload,
  decodeItem,
  entryVersionIn,
  type Item,
  isBareItem,
  isLiveItem,
  itemEndsAt,
  itemHasMark,
} from "./item-layout.ts";
import { isSameMark } from "./mark.ts";
import type { NamespaceChain, NamespaceMarks } from "./namespace-marks.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { ReadEntry } from "./read-entry.ts";
import { casOf } from "./reply-cas.ts";
import { expectReplies, readOptions } from "./server-call.ts";
import type { TranslateError } from "./server-error.ts";
import type { TagMark } from "./tag-mark.ts";
import type { TagMarks } from "./tag-marks.ts";
import type { StateWaiter, TurnState } from "./turn-state.ts";
import { versionOf } from "./version-number.ts";

/** What {@link CoherentReads} are made with. */
export interface CoherentReadsParts {
  readonly client: MemcachedClient;
  readonly namespaces: NamespaceMarks;
  readonly tags: TagMarks;
  readonly clock: Pick<Clock, "wallMs">;
  readonly translate: TranslateError;
}

type Entry = StoredEntry | undefined;

/** An entry that is live but for its tags, which have to be looked at. */
class TaggedEntry {
  readonly entry: StoredEntry;
  readonly marks: readonly TagMark[];

  constructor(entry: StoredEntry, marks: readonly TagMark[]) {
    this.entry = entry;
    this.marks = marks;
  }
}

/** Which entries are found. */
interface Wanted {
  readonly operation: string;
  /** Whether those that are kept beyond their TTL are. */
  readonly isStaleToo: boolean;
}

const LIVE: Wanted = { operation: "getMulti", isStaleToo: false };
const LIVE_OR_STALE: Wanted = { operation: "getStale", isStaleToo: true };
/** What is asked for where an entry's version counts too, and where its value is enough: then the server neither writes a number nor is one read. */
const READ_FLAGS = "c v";
const VALUE_FLAGS = "v";

/** Reads of mode `coherent` that change nothing afterwards: entries alone, with as little as can be for each. */
export class CoherentReads {
  readonly #parts: CoherentReadsParts;

  constructor(parts: CoherentReadsParts) {
    this.#parts = parts;
  }

  /** The live entry of a key. One round trip, one more when it has tags. */
  get(key: string, context: OperationContext): Promise<Entry> {
    const { client, namespaces } = this.#parts;
    const request = new GetRequest(encodeMemcachedKey(key), flagsFor(context));
    // Asked for first, so that it leaves in the same write, and shared with all reads of this turn.
    const turn = namespaces.turnOf(namespaces.chainOf(key));
    return new Promise<Entry>((resolve, reject) =>
      client.sendTo(request, readOptions("get", context), new CoherentRead(this, turn, resolve, reject)),
    );
  }

  /** One round trip for each thousand keys, at the same time; one more when some have tags. */
  getMulti(keys: readonly string[], context: OperationContext): Promise<readonly Entry[]> {
    return this.#readAll(keys, LIVE, context);
  }

  /** As {@link CoherentReads.getMulti}, with what is kept beyond its TTL. */
  getStale(keys: readonly string[], context: OperationContext): Promise<readonly Entry[]> {
    return this.#readAll(keys, LIVE_OR_STALE, context);
  }

  /** The entry in an item, if it is live in a state of its namespaces; a promise of it where its tags have to be looked at. */
  entryOf(value: Buffer, flags: string, namespace: NamespaceState | undefined): Entry | Promise<Entry> {
    const found = this.#found(value, flags, namespace, this.#parts.clock.wallMs(), LIVE);
    return found instanceof TaggedEntry ? this.#checked(found).catch(this.#rethrow) : found;
  }

  /** An error of a read as the store tells it. */
  translate(error: unknown): unknown {
    return this.#parts.translate(error, "get");
  }

  readonly #rethrow = (error: unknown): never => {
    throw this.translate(error);
  };

  #readAll(keys: readonly string[], wanted: Wanted, context: OperationContext): Promise<readonly Entry[]> {
    return readSlices(keys, (slice) => this.#readSlice(slice, wanted, context));
  }

  #readSlice(keys: readonly string[], wanted: Wanted, context: OperationContext): Promise<readonly Entry[]> {
    const { client, namespaces, translate } = this.#parts;
    const readFlags = flagsFor(context);
    const requests: MetaRequest[] = [];
    const chains: NamespaceChain[] = [];
    const distinct = new Set<NamespaceChain>();
    let last: NamespaceChain | undefined;
    for (const key of keys) {
      const chain = namespaces.chainOf(key);
      requests.push(new GetRequest(encodeMemcachedKey(key), readFlags));
      chains.push(chain);
      if (chain !== last) distinct.add(chain);
      last = chain;
    }
    for (const chain of distinct) requests.push(...chain.requests);
    return client.sendBatch(requests, readOptions(wanted.operation, context)).then(
      (answer) => {
        // Here, and not behind it, for a server's error is the answer to a request.
        try {
          return this.#entriesIn(expectReplies(answer).replies, chains, distinct, wanted);
        } catch (error) {
          throw translate(error, wanted.operation);
        }
      },
      (error: unknown) => {
        throw translate(error, wanted.operation);
      },
    );
  }

  #entriesIn(
    replies: readonly MetaReply[],
    chains: readonly NamespaceChain[],
    distinct: ReadonlySet<NamespaceChain>,
    wanted: Wanted,
  ): readonly Entry[] | Promise<readonly Entry[]> {
    const states = this.#parts.namespaces.statesIn(distinct, replies, chains.length);
    const found: (Entry | TaggedEntry)[] = [];
    const nowMs = this.#parts.clock.wallMs();
    let hasTags = false;
    let chain: NamespaceChain | undefined;
    let state: NamespaceState | undefined;
    for (let index = 0; index < chains.length; index += 1) {
      const { value, flags } = replies[index] as MetaReply;
      if (chains[index] !== chain) {
        chain = chains[index] as NamespaceChain;
        state = states.get(chain);
      }
      const entry = value && this.#found(value, flags, state, nowMs, wanted);
      if (entry instanceof TaggedEntry) hasTags = true;
      found.push(entry);
    }
    return hasTags ? this.#allChecked(found, wanted) : (found as Entry[]);
  }

  async #allChecked(found: ReadonlyArray<Entry | TaggedEntry>, wanted: Wanted): Promise<readonly Entry[]> {
    try {
      return await Promise.all(found.map((one) => (one instanceof TaggedEntry ? this.#checked(one) : one)));
    } catch (error) {
      throw this.#parts.translate(error, wanted.operation);
    }
  }

  async #checked({ entry, marks }: TaggedEntry): Promise<Entry> {
    return (await this.#parts.tags.isUnchanged(marks)) ? entry : undefined;
  }

  #found(
    value: Buffer,
    flags: string,
    namespace: NamespaceState | undefined,
    nowMs: number,
    { isStaleToo }: Wanted,
  ): Entry | TaggedEntry {
    if (namespace === undefined) return undefined;
    if (isBareItem(value)) {
      // As most are: read in place.
      const expiresAt = bareItemExpiresAt(value);
      if (!itemHasMark(value, namespace.mark)) return undefined;
      if (!(nowMs < expiresAt || (isStaleToo && nowMs < bareItemEndsAt(value)))) return undefined;
      return new ReadEntry(bareItemPayload(value), versionIn(flags, namespace), expiresAt);
    }
    const item = decodeItem(value);
    if (item === undefined) return undefined;
    if (!(isLiveItem(item, namespace.mark, nowMs) || (isStaleToo && isStanding(item, namespace, nowMs))))
      return undefined;
    const { tags, expiresAt } = item;
    const version = entryVersionIn(item, versionIn(flags, namespace));
    const payload = item.payload as Buffer;
    if (tags.length === 0) return new ReadEntry(payload, version, expiresAt);
    const names = tags.map(({ tag }) => tag);
    return new TaggedEntry(new ReadEntry(payload, version, expiresAt, names), tags);
  }
}

function flagsFor(context: OperationContext): MetaFlags {
  return context.isValueEnough === true ? VALUE_FLAGS : READ_FLAGS;
}

/** The version of an entry; 0 where none was asked for. */
function versionIn(flags: string, { versionBase }: NamespaceState): number {
  return flags === "" ? 0 : versionOf(versionBase, casOf(flags));
}

/** Whether an item, live or not, may be handed out to stand in, but for its tags. */
function isStanding(item: Item, { mark }: NamespaceState, nowMs: number): boolean {
  return isSameMark(item.mark, mark) && nowMs < itemEndsAt(item);
}

/** A read of one key that waits for the item, and then for the marks, which come behind it. */
class CoherentRead implements MemcachedReceiver, StateWaiter {
  readonly #reads: CoherentReads;
  readonly #turn: TurnState;
  readonly #resolve: (entry: Entry | Promise<Entry>) => void;
  readonly #reject: (error: unknown) => void;
  #reply: MetaReply | undefined;

  constructor(
    reads: CoherentReads,
    turn: TurnState,
    resolve: (entry: Entry | Promise<Entry>) => void,
    reject: (error: unknown) => void,
  ) {
    this.#reads = reads;
    this.#turn = turn;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  resolve({ reply }: MemcachedAnswer): void {
    if (reply.value === undefined) {
      this.#resolve(undefined);
      return;
    }
    this.#reply = reply;
    this.#turn.tell(this);
  }

  reject(error: unknown): void {
    this.#reject(this.#reads.translate(error));
  }

  onState(state: NamespaceState | undefined): void {
    const { value, flags } = this.#reply as MetaReply;
    try {
      this.#resolve(this.#reads.entryOf(value as Buffer, flags, state));
    } catch (error) {
      this.#reject(error);
    }
  }

  onStateError(error: unknown): void {
    this.reject(error);
  }
}
