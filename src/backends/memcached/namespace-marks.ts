import type { MemcachedAnswer, MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import {
  isRootKey,
  type NamespacePath,
  namespaceOf,
  ROOT_NAMESPACE,
  storedPrefix,
} from "../../entry/namespace-path.ts";
import type { Clock } from "../../foundation/clock.ts";
import { combineMarks, createMark } from "./mark.ts";
import {
  createMarkSlot,
  decodeMarkState,
  encodeMarkState,
  type MarkReader,
  type MarkSlot,
  type MarkState,
} from "./mark-reader.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { reservedKey } from "./reserved-key.ts";
import type { ServerCall } from "./server-call.ts";
import { TurnState } from "./turn-state.ts";

/** A namespace with those around it, the root first. */
export interface NamespaceChain {
  readonly slots: readonly MarkSlot[];
  /** Reads every level; for batches. */
  readonly requests: readonly MetaRequest[];
  /** What was read last. A guess: whoever writes by it must read after the write. */
  lastState: NamespaceState | undefined;
  /** @internal The read that this turn's callers share, and the root's read that it belongs to. */
  shared: { readonly root: unknown; readonly turn: TurnState } | undefined;
}

/** What the marks are made with. */
export interface NamespaceMarksParts {
  readonly client: MemcachedClient;
  readonly reader: MarkReader;
  readonly clock: Pick<Clock, "wallMs">;
}

/** Version bases are ms since 2024-01-01; see `version-number.ts`. */
const BASE_ORIGIN_MS = 1_704_067_200_000;
/** Namespaces that are known at a time; a new one beyond them starts the tables anew. */
const MAX_CHAINS = 4_096;
/** Levels of namespaces that are known at a time. */
const MAX_SLOTS = 16_384;
/** How often missing marks are made before a write gives up: each time somebody else must have lost them again. */
const MAX_CREATIONS = 4;

/**
 * The marks of namespaces: an item for each, whose random value every entry of the namespace carries. `clear` replaces it, O(1), and all
 * entries that carry the old one are misses from then on. A mark that is missing, because it was never made or was evicted, is made anew by the
 * next write; entries with any earlier one stay misses.
 */
export class NamespaceMarks {
  readonly #client: MemcachedClient;
  readonly #reader: MarkReader;
  readonly #clock: Pick<Clock, "wallMs">;
  #slots = new Map<NamespacePath, MarkSlot>();
  #chains = new Map<NamespacePath, NamespaceChain>();
  #latest: { readonly prefix: string; readonly chain: NamespaceChain } | undefined;
  /** The root alone. */
  readonly root: NamespaceChain;
  /** The largest base that was seen. */
  #versionBase = 0;

  constructor({ client, reader, clock }: NamespaceMarksParts) {
    this.#client = client;
    this.#reader = reader;
    this.#clock = clock;
    this.root = this.#createChain(ROOT_NAMESPACE);
  }

  /** Base of the versions that was seen last; 0 before the first read. It changes when the server lost its data. */
  get versionBase(): number {
    return this.#versionBase;
  }

  /** The chain of a stored key. */
  chainOf(storedKey: string): NamespaceChain {
    if (isRootKey(storedKey)) return this.root;
    const latest = this.#latest;
    // The first `:` ends a path, so a prefix that fits is the right one.
    if (latest !== undefined && storedKey.startsWith(latest.prefix)) return latest.chain;
    const path = namespaceOf(storedKey);
    if (path === ROOT_NAMESPACE) return this.root;
    const chain = this.#chains.get(path) ?? this.#createChain(path);
    this.#latest = { prefix: storedPrefix(path), chain };
    return chain;
  }

  /** The state after this call; `undefined` when a mark is missing, so that no entry of the namespace can be live. */
  current(chain: NamespaceChain): Promise<NamespaceState | undefined> {
    return this.turnOf(chain).promise;
  }

  /** As {@link NamespaceMarks.current}, for many callers of one turn. */
  turnOf(chain: NamespaceChain): TurnState {
    const root = chain.slots[0] as MarkSlot;
    // A read of the root that has not left yet is this turn's, and so are those of the other levels.
    if (root.pending !== undefined && chain.shared?.root === root.pending) return chain.shared.turn;
    const state =
      chain.slots.length === 1
        ? this.#reader.read(root).then((only) => this.#combine(chain, [only]))
        : Promise.all(chain.slots.map((slot) => this.#reader.read(slot))).then((all) => this.#combine(chain, all));
    const turn = new TurnState(state);
    chain.shared = { root: root.pending, turn };
    return turn;
  }

  /** The states in the replies to the requests of chains, of which the first is at `from`. */
  statesIn(
    chains: Iterable<NamespaceChain>,
    replies: readonly MetaReply[],
    from: number,
  ): ReadonlyMap<NamespaceChain, NamespaceState | undefined> {
    const states = new Map<NamespaceChain, NamespaceState | undefined>();
    let at = from;
    for (const chain of chains) {
      states.set(chain, this.stateIn(chain, replies.slice(at, at + chain.slots.length)));
      at += chain.slots.length;
    }
    return states;
  }

  /** The state in the replies to {@link NamespaceChain.requests}. */
  stateIn(chain: NamespaceChain, replies: readonly MetaReply[]): NamespaceState | undefined {
    return this.#combine(chain, replies.map(decodeMarkState));
  }

  /** As {@link NamespaceMarks.current}, but makes what is missing. For writes. */
  async ensure(chain: NamespaceChain, call: ServerCall): Promise<NamespaceState | undefined> {
    for (let attempt = 0; attempt < MAX_CREATIONS; attempt += 1) {
      const states = await Promise.all(chain.slots.map((slot) => this.#reader.read(slot)));
      const state = this.#combine(chain, states);
      if (state !== undefined) return state;
      const missing = chain.slots.filter((_, index) => states[index] === undefined);
      // Only where nothing is (`ME`): two that miss the same mark must end with the same. What is no mark is replaced in the end.
      await this.#write(missing, attempt < MAX_CREATIONS - 2 ? "ME T0" : "T0", call);
    }
    return undefined;
  }

  /** Ends every entry of a namespace and those inside it. */
  async clear(path: NamespacePath, call: ServerCall): Promise<void> {
    if (path !== ROOT_NAMESPACE) {
      await this.#write([this.#slotOf(path)], "T0", call);
      return;
    }
    const [slot] = this.root.slots as [MarkSlot];
    const read: MemcachedAnswer = await this.#client.send(slot.request, call.read);
    const state = decodeMarkState(read.reply);
    // Without the root's mark nothing is live. With another one than was read now, somebody else cleared since this call began.
    if (state === undefined) return;
    // The base stays, for the data's history goes on; on this connection, so that no restart can lie between.
    const value = encodeMarkState(createMark(), state.versionBase);
    const { connection } = read;
    await this.#client.send(
      { kind: "set", key: slot.key, value, flags: `T0 C${state.cas}` },
      call.writeOver(connection),
    );
  }

  #combine(chain: NamespaceChain, states: ReadonlyArray<MarkState | undefined>): NamespaceState | undefined {
    const root = states[0];
    if (root === undefined) return undefined;
    this.#versionBase = Math.max(this.#versionBase, root.versionBase);
    let { mark, cas: markedAtCas } = root;
    for (let level = 1; level < states.length; level += 1) {
      const state = states[level];
      if (state === undefined) return undefined;
      mark = combineMarks(mark, state.mark);
      if (state.cas > markedAtCas) markedAtCas = state.cas;
    }
    const state = { mark, markedAtCas, versionBase: root.versionBase };
    chain.lastState = state;
    return state;
  }

  async #write(slots: readonly MarkSlot[], flags: string, call: ServerCall): Promise<void> {
    // Larger than any that was seen, so that versions grow even where the clock was set back.
    const versionBase = Math.max(Math.floor(this.#clock.wallMs()) - BASE_ORIGIN_MS, this.#versionBase + 1, 1);
    const requests = slots.map(
      ({ key }): MetaRequest => ({ kind: "set", key, value: encodeMarkState(createMark(), versionBase), flags }),
    );
    await call.batch(this.#client, requests, call.write);
  }

  #createChain(path: NamespacePath): NamespaceChain {
    if (this.#chains.size >= MAX_CHAINS) this.#chains = new Map();
    const slots = levelsOf(path).map((level) => this.#slotOf(level));
    const chain = { slots, requests: slots.map((slot) => slot.request), lastState: undefined, shared: undefined };
    this.#chains.set(path, chain);
    return chain;
  }

  #slotOf(path: NamespacePath): MarkSlot {
    const known = this.#slots.get(path);
    if (known !== undefined) return known;
    // The root's stays: one slot for all chains, so that their reads are one.
    if (this.#slots.size >= MAX_SLOTS) this.#slots = new Map([[ROOT_NAMESPACE, this.#slotOf(ROOT_NAMESPACE)]]);
    const slot = createMarkSlot(reservedKey("n", path));
    this.#slots.set(path, slot);
    return slot;
  }
}

/** `"shop/eu"` → `["", "shop", "shop/eu"]`. */
function levelsOf(path: NamespacePath): readonly NamespacePath[] {
  const levels = [ROOT_NAMESPACE];
  if (path === ROOT_NAMESPACE) return levels;
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1))
    levels.push(path.slice(0, slash));
  levels.push(path);
  return levels;
}
