import type { StoreChange } from "../../src/backend/change-feed.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "../../src/backend/commit.ts";
import type { CounterRequest, CounterResult } from "../../src/backend/counter.ts";
import type { LoadFill, LoadLeaseRequest, LoadRenewal, ReplacedEntry } from "../../src/backend/load-tier.ts";
import type {
  TierFillResult,
  TierHeads,
  TierHeadsRequest,
  TierLease,
  TierNodes,
  TierRead,
  TierStamp,
} from "../../src/backend/shared-tier.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../../src/backend/stored-entry.ts";
import { isWithinNamespace, namespaceOf } from "../../src/entry/namespace-path.ts";
import type { KeyHistory } from "./key-history.ts";
import { wordOf } from "./mixed-random.ts";
import { COUNTER_KEY, KEYS } from "./schedule.ts";
import {
  copyState,
  emptyState,
  generationOf,
  type HeldToken,
  isKept,
  isLive,
  type NamedData,
  type StoreRecord,
  type StoreState,
} from "./store-state.ts";

/** A value that is over because of a tag. */
export interface EndedValue {
  readonly key: string;
  readonly value: unknown;
}

/** Looks at what becomes of keys in the store. */
export interface StoreWatch {
  /** A value is being written. */
  stored(key: string, write: EntryWrite): void;
  /** Keys were deleted or cleared, whatever was there. */
  ended(keys: readonly string[]): void;
  endedTags(tags: readonly string[]): void;
}

/** What the model is made of. */
export interface SharedStoreParts {
  readonly shardCount: number;
  /** Whether a server says who it is: then one that takes over gives the data a new name when it is first asked for heads. */
  readonly isServerKnown: boolean;
  /** Whether it can go back to what it was, which costs a copy of everything for each change. */
  readonly remembers: boolean;
  /** Virtual time, in ms. */
  readonly nowMs: () => number;
  readonly history: KeyHistory;
  /** Hands out what the scripts publish, in the step of the change. */
  readonly publish: (change: StoreChange) => void;
  /** Hands a letter to a node, or to all. */
  readonly post: (letter: Uint8Array, to: string | undefined) => void;
  /** Is told in the step of each change. */
  readonly watch: StoreWatch;
}

/** The store's wall clock when virtual time begins: 2026-01-01T00:00:00Z. */
export const STORE_WALL_MS = 1_767_225_600_000;

/**
 * How far the clock of a server that takes over is from the one before, in µs, where nothing tells that it is another server: then versions alone show what was lost. Virtual time goes on by whole
 * milliseconds, so without it one server's changes would have the very versions that another one has lost, where two real clocks agree to the microsecond once in a million. Servers that are known keep
 * such versions: there the epoch has to tell.
 */
const SERVER_MICROS = 389;

const ALL_KEYS: readonly string[] = [...KEYS, COUNTER_KEY];

/** States that a failover can go back to. */
const MAX_SNAPSHOTS = 256;

/**
 * The shared store as the scripts of `src/backends/redis/` make it, each call one step: records with versions, tombstones, tokens, generations, marks of tags, a head for each
 * shard that rises with each change and names its messages, and an epoch. Knows nothing of processes.
 */
export class SharedStoreModel {
  readonly #parts: SharedStoreParts;
  #state: StoreState;
  #clockByMs = 0;
  #clockByMicros = 0;
  #tokenCount = 0;
  #epochCount = 1;
  #serverCount = 1;
  readonly #snapshots: { readonly atMs: number; readonly state: StoreState }[] = [];
  /** The keys that calls changed by name or namespace; emptied by who makes the next. */
  touched: readonly string[] = [];
  /** The values that calls ended by their tags; emptied likewise. */
  ended: readonly EndedValue[] = [];

  constructor(parts: SharedStoreParts) {
    this.#parts = parts;
    this.#state = emptyState({ epoch: "epoch-1", bornAtMs: 0, namedBy: 1 }, parts.shardCount, this.#micros());
  }

  /** The server, by its name: what a connection that comes up again asks for. */
  get serverName(): string {
    return `server-${this.#serverCount}`;
  }

  shardOf(key: string): number {
    return (wordOf(key) >>> 0) % this.#parts.shardCount;
  }

  read(keys: readonly string[]): readonly TierRead[] {
    return keys.map((key) => ({ entry: this.entry(key), stamp: this.#stampOf(this.shardOf(key)) }));
  }

  /** The live entry of a key. */
  entry(key: string): StoredEntry | undefined {
    const record = this.#state.records.get(key);
    return isLive(this.#state, key, record, this.#parts.nowMs()) ? toEntry(record) : undefined;
  }

  /** The live entry of a key, or one that is over and kept. */
  kept(key: string): StoredEntry | undefined {
    const record = this.#state.records.get(key);
    return isKept(this.#state, key, record, this.#parts.nowMs()) ? toEntry(record) : undefined;
  }

  /** Tokens that were neither used nor given back, and are not void, and their keys: also those whose time is over, which are good until somebody else asks. */
  heldTokens(): ReadonlyArray<readonly [key: string, held: HeldToken]> {
    return [...this.#state.tokens].filter(([key, { generation }]) => generation === generationOf(this.#state, key));
  }

  set(key: string, write: EntryWrite): WriteResult {
    const found = this.entry(key);
    const { condition } = write;
    const isRefused =
      !this.#areTagsUnchanged(write) ||
      (condition?.kind === "absent" && found !== undefined) ||
      (condition?.kind === "version" && found?.version !== condition.version);
    if (isRefused) return { stored: false, version: found?.version ?? 0 };
    const version = this.#change(key, (made) => this.#record(key, write, made));
    return { stored: true, version };
  }

  delete(key: string): boolean {
    const isThere = this.entry(key) !== undefined;
    this.#parts.watch.ended([key]);
    this.#change(key, (version) => this.#tombstone(version));
    return isThere;
  }

  expire(key: string, ttlMs: number): boolean {
    if (this.entry(key) === undefined) return false;
    const record = this.#state.records.get(key) as StoreRecord;
    // The head rises, the entry keeps its version.
    this.#change(key, () => ({ ...record, expiresAtMs: this.#parts.nowMs() + ttlMs }));
    return true;
  }

  increment(key: string, request: CounterRequest): CounterResult {
    const found = this.entry(key);
    const value = (found === undefined ? request.initial : (found.value as bigint)) + request.delta;
    const write: EntryWrite = { value, ttlMs: request.ttlMs, tags: [] };
    return { value, version: this.#change(key, (version) => this.#record(key, write, version)) };
  }

  commit(checks: readonly KeyCheck[], writes: readonly KeyWrite[]): CommitResult {
    if (checks.some(({ key, version }) => (this.entry(key)?.version ?? 0) !== version))
      return { committed: false, versions: [] };
    const versions = writes.map(({ key, write }) => {
      if (write !== undefined) return this.#change(key, (version) => this.#record(key, write, version));
      this.#parts.watch.ended([key]);
      this.#change(key, (version) => this.#tombstone(version));
      return 0;
    });
    return { committed: true, versions };
  }

  /** @param holder who asks */
  getOrLease(key: string, { tokenMs, takesOver = false }: LoadLeaseRequest, holder: string): TierLease {
    const entry = this.entry(key);
    const stamp = (): TierStamp => this.#stampOf(this.shardOf(key));
    if (entry !== undefined && !takesOver) return { kind: "hit", entry, stamp: stamp() };
    const nowMs = this.#parts.nowMs();
    const held = this.#state.tokens.get(key);
    const generation = generationOf(this.#state, key);
    const stale = entry === undefined ? this.kept(key) : undefined;
    if (held !== undefined && held.untilMs > nowMs && held.generation === generation && !takesOver)
      return { kind: "busy", remainingMs: held.untilMs - nowMs, stale, stamp: stamp() };
    const replaced = entry && this.#replace(key, entry.version);
    this.#tokenCount += 1;
    const token = `token-${this.#tokenCount}`;
    const { tagClock } = this.#state;
    this.#state.tokens.set(key, { token, holder, untilMs: nowMs + tokenMs, tagClock, generation });
    return { kind: "token", token, stale, replaced, stamp: stamp() };
  }

  /** What lives gets another version, so that no write on condition of the one before is stored. */
  #replace(key: string, previousVersion: number): ReplacedEntry {
    const record = this.#state.records.get(key) as StoreRecord;
    return { version: this.#change(key, (version) => ({ ...record, version })), previousVersion };
  }

  fill(key: string, { token, write }: LoadFill): TierFillResult {
    const held = this.#state.tokens.get(key);
    const isHeld = held?.token === token && held.generation === generationOf(this.#state, key);
    const isCurrent =
      isHeld &&
      this.#areTagsUnchanged(write) &&
      write.tags.every((tag) => (this.#state.tagMarks.get(tag) ?? 0) <= held.tagClock);
    if (isHeld && !isCurrent) this.#state.tokens.delete(key);
    const version = isCurrent ? this.#change(key, (made) => this.#record(key, write, made)) : 0;
    return { stored: isCurrent, version, stamp: this.#stampOf(this.shardOf(key)) };
  }

  renew(key: string, { version, token, ttlMs, staleMs = 0 }: LoadRenewal): TierFillResult | undefined {
    const stamp = (): TierStamp => this.#stampOf(this.shardOf(key));
    const found = token === undefined ? this.entry(key) : this.kept(key);
    if (token !== undefined) {
      if (this.#state.tokens.get(key)?.token !== token) return { stored: false, version: 0, stamp: stamp() };
      if (found?.version !== version) return undefined;
    }
    if (found?.version !== version) return { stored: false, version: 0, stamp: stamp() };
    const record = this.#state.records.get(key) as StoreRecord;
    const expiresAtMs = this.#parts.nowMs() + ttlMs;
    const made = this.#change(key, (newer) => ({ ...record, version: newer, expiresAtMs, staleMs }));
    return { stored: true, version: made, stamp: stamp() };
  }

  release(key: string, token: string): boolean {
    if (this.#state.tokens.get(key)?.token !== token) return false;
    return this.#state.tokens.delete(key);
  }

  invalidate(keys: readonly string[]): readonly number[] {
    this.#parts.watch.ended(keys);
    return keys.map((key) => this.#change(key, (version) => this.#tombstone(version)));
  }

  invalidateTags(tags: readonly string[]): void {
    const previousNumber = this.#state.tagClock;
    this.#state.tagClock = Math.max(previousNumber + 1, this.#micros());
    const before = ALL_KEYS.map((key) => ({ key, value: this.entry(key)?.value }));
    for (const tag of tags) this.#state.tagMarks.set(tag, this.#state.tagClock);
    this.ended = before.filter(({ key, value }) => value !== undefined && this.entry(key) === undefined);
    this.#note(ALL_KEYS);
    this.#parts.watch.endedTags(tags);
    this.#parts.publish({ kind: "tags", tags, number: this.#state.tagClock, previousNumber });
  }

  stamp(): number {
    return this.#state.tagClock;
  }

  clear(path: string): void {
    this.#state.generations.set(path, (this.#state.generations.get(path) ?? 0) + 1);
    const heads = this.#state.heads.map((previousHead, shard) => {
      const version = Math.max(previousHead + 1, this.#micros());
      this.#state.heads[shard] = version;
      return { shard, previousHead: orUnknown(previousHead), version };
    });
    this.#note(ALL_KEYS);
    this.touched = ALL_KEYS.filter((key) => isWithinNamespace(namespaceOf(key), path));
    this.#parts.watch.ended(this.touched);
    this.#parts.publish({ kind: "clear", path, heads });
  }

  heads({ shards, node }: TierHeadsRequest): TierHeads {
    if (node !== undefined) {
      const { id, info, leaseMs } = node;
      this.#state.nodes.set(id, { info, untilMs: this.#parts.nowMs() + leaseMs });
    }
    if (this.#state.namedBy !== this.#serverCount && this.#parts.isServerKnown)
      Object.assign(this.#state, this.#name());
    return { stamps: shards.map((shard) => this.#stampOf(shard)), tagHead: this.#state.tagClock };
  }

  /** The table of nodes. */
  nodes(): TierNodes {
    const nowMs = this.#parts.nowMs();
    const nodes = [...this.#state.nodes]
      .filter(([, { untilMs }]) => untilMs > nowMs)
      .map(([id, { info, untilMs }]) => ({ id, info, remainingMs: untilMs - nowMs }));
    return { nodes, ageMs: nowMs - this.#state.nodesBornAtMs };
  }

  mail(letter: Uint8Array, to: string | undefined): void {
    this.#parts.post(letter, to);
  }

  leave(nodeId: string): void {
    this.#state.nodes.delete(nodeId);
  }

  /** Loses everything. */
  wipe(): void {
    this.#serverCount += 1;
    this.#state = emptyState(this.#name(), this.#parts.shardCount, this.#micros());
    this.#snapshots.length = 0;
    this.#note(ALL_KEYS);
  }

  /** Goes on with the state of a moment ago, on a server with another clock. */
  failOver(lostMs: number, clockByMs: number): void {
    const untilMs = this.#parts.nowMs() - lostMs;
    const kept = this.#snapshots.findLast(({ atMs }) => atMs <= untilMs);
    const { shardCount } = this.#parts;
    this.#state = kept === undefined ? emptyState(this.#state, shardCount, 1) : copyState(kept.state);
    for (const [key, held] of this.#state.tokens) this.#state.tokens.set(key, { ...held, holder: "" });
    this.#serverCount += 1;
    this.#clockByMs += clockByMs;
    if (!this.#parts.isServerKnown) this.#clockByMicros = (this.#clockByMicros + SERVER_MICROS) % 1_000;
    this.#snapshots.length = 0;
    this.#note(ALL_KEYS);
  }

  #name(): NamedData {
    this.#epochCount += 1;
    return { epoch: `epoch-${this.#epochCount}`, bornAtMs: this.#parts.nowMs(), namedBy: this.#serverCount };
  }

  /** The server's clock is set. */
  setClock(byMs: number): void {
    this.#clockByMs += byMs;
  }

  #areTagsUnchanged({ tags, tagsUnchangedSince }: EntryWrite): boolean {
    if (tagsUnchangedSince === undefined) return true;
    return tags.every((tag) => (this.#state.tagMarks.get(tag) ?? 0) <= tagsUnchangedSince);
  }

  #record(key: string, write: EntryWrite, version: number): StoreRecord {
    const { value, ttlMs, tags, staleMs = 0 } = write;
    this.#parts.watch.stored(key, write);
    const marks = tags.map((tag) => this.#state.tagMarks.get(tag) ?? 0);
    const generation = generationOf(this.#state, key);
    const expiresAtMs = this.#parts.nowMs() + ttlMs;
    return { kind: "data", value, version, expiresAtMs, staleMs, tags, marks, generation };
  }

  #tombstone(version: number): StoreRecord {
    const expiresAtMs = Number.POSITIVE_INFINITY;
    return {
      kind: "tombstone",
      value: undefined,
      version,
      expiresAtMs,
      staleMs: 0,
      tags: [],
      marks: [],
      generation: "",
    };
  }

  /** One change of one key: its version is the shard's new head, its token is void. */
  #change(key: string, make: (version: number) => StoreRecord): number {
    const shard = this.shardOf(key);
    const previousHead = this.#state.heads[shard] as number;
    const version = Math.max((this.#state.records.get(key)?.version ?? 0) + 1, previousHead + 1, this.#micros());
    this.#state.records.set(key, make(version));
    this.#state.tokens.delete(key);
    this.#state.heads[shard] = version;
    this.#note([key]);
    this.touched = [...this.touched, key];
    this.#parts.publish({ kind: "change", key, version, previousHead: orUnknown(previousHead) });
    return version;
  }

  #note(keys: readonly string[]): void {
    const { history, nowMs } = this.#parts;
    for (const key of keys) {
      // What is over and kept is still what it was; after a failover what it had been.
      const entry = this.entry(key) ?? this.kept(key);
      history.note(key, nowMs(), entry && { ...entry, expiresAtMs: entry.expiresAt - STORE_WALL_MS });
    }
    if (!this.#parts.remembers) return;
    this.#snapshots.push({ atMs: nowMs(), state: copyState(this.#state) });
    if (this.#snapshots.length > MAX_SNAPSHOTS) this.#snapshots.shift();
  }

  #stampOf(shard: number): TierStamp {
    const { heads, epoch, bornAtMs } = this.#state;
    return { shard, head: heads[shard] as number, epoch, bornAtMs: STORE_WALL_MS + bornAtMs };
  }

  /** The server's clock: versions never follow it back. */
  #micros(): number {
    const ms = STORE_WALL_MS + this.#parts.nowMs() + this.#clockByMs;
    return Math.floor(ms * 1_000) + this.#clockByMicros;
  }
}

function toEntry({ value, version, tags, expiresAtMs }: StoreRecord): StoredEntry {
  return { value, version, tags, expiresAt: STORE_WALL_MS + expiresAtMs };
}

/** A head that the store does not have, perhaps not any more, joins nothing. */
function orUnknown(head: number): number | undefined {
  return head === 0 ? undefined : head;
}
