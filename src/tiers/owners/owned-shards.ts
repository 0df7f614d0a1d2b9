import type { ClearedShard } from "../../backend/change-feed.ts";
import type { TierStamp } from "../../backend/shared-tier.ts";
import type { StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import { isWithinNamespace, type NamespacePath, namespaceOf, ROOT_NAMESPACE } from "../../entry/namespace-path.ts";
import type { Clock } from "../../foundation/clock.ts";
import { OwnedCounters } from "./owned-counters.ts";
import { fromOwnedKey, isOfLife, toOwnedKey, toOwnedPath } from "./owned-keys.ts";
import { OwnedScans } from "./owned-scans.ts";
import type { OwnedStore } from "./owned-store.ts";
import type { OwnerAnswers, OwnerNews, OwnerOp, OwnerRequest } from "./owner-request.ts";
import { ShardLoads } from "./shard-loads.ts";

/** What a node that owns shards is made of. */
export interface OwnedShardsParts {
  readonly nodeId: string;
  readonly store: OwnedStore;
  readonly shardOf: (key: string) => number;
  readonly clock: Clock;
  /** Is told of each change in the step in which it happens. Must not throw. */
  readonly onNews: (news: OwnerNews) => void;
}

/** One life of a shard at this owner. */
interface ShardLife {
  readonly life: number;
  readonly epoch: string;
  readonly bornAtMs: number;
  head: number;
}

type Answer<Op extends OwnerOp> = OwnerAnswers[Op];
type Ask<Op extends OwnerOp> = Extract<OwnerRequest, { readonly op: Op }>;

/** Versions of other nodes that are further ahead of this machine's clock are not believed, in microseconds: one wrong clock must not use up the numbers of all. */
const MAX_AHEAD = 86_400_000_000;
/** Most characters of keys that are listed at a time; as JSON each is six bytes at most. */
const MAX_SLICE_LENGTH = 262_144;

/**
 * What this node keeps as the owner of shards. Everything but `scan` is one synchronous step, so there is one order of all that happens to a shard, and that order is the promise: a token
 * stands as long as nothing happened to its key, and a version is larger than all before it.
 *
 * Knows nothing of other nodes: who may ask is not its matter.
 */
export class OwnedShards {
  readonly #parts: OwnedShardsParts;
  readonly #lives = new Map<number, ShardLife>();
  /** The life since which the locks of a shard are here. */
  readonly #lockLives = new Map<number, number>();
  readonly #loads: ShardLoads;
  readonly #counters: OwnedCounters;
  readonly #scans: OwnedScans;
  #lifeCount = 0;
  #tokenCount = 0;

  constructor(parts: OwnedShardsParts) {
    this.#parts = parts;
    this.#loads = new ShardLoads(parts.clock);
    this.#counters = new OwnedCounters(parts.store, parts.clock);
    this.#scans = new OwnedScans(parts.clock);
  }

  /** The shards that are owned. */
  get shards(): Iterable<number> {
    return this.#lives.keys();
  }

  /** How far versions have come. */
  get version(): number {
    return this.#parts.store.stamp();
  }

  /** Another node has given out this version: those from here on are larger. */
  noteVersion(version: number): void {
    if (version <= this.#parts.clock.wallMs() * 1_000 + MAX_AHEAD) this.#parts.store.raiseVersions(version);
  }

  /** Begins a life of a shard, empty. */
  begin(shard: number): void {
    this.drop(shard, false);
    this.#lifeCount += 1;
    if (!this.#lockLives.has(shard)) this.#lockLives.set(shard, this.#lifeCount);
    const { nodeId, clock } = this.#parts;
    const epoch = `${nodeId}.${this.#lifeCount}`;
    this.#lives.set(shard, { life: this.#lifeCount, epoch, bornAtMs: clock.wallMs(), head: this.#nextVersion() });
  }

  /**
   * Ends the life of a shard, with everything in it. Its locks end only when it moves: holders are told of that by their own nodes, and would not be of an owner that stays and loses what it has.
   * A lock that others gave away meanwhile is busy here for no longer than it would have lasted.
   */
  drop(shard: number, hasMoved: boolean): void {
    if (hasMoved) this.#lockLives.delete(shard);
    const life = this.#lives.get(shard);
    if (life === undefined) return;
    this.#lives.delete(shard);
    this.#parts.store.clear(toOwnedPath(shard, life.life, ROOT_NAMESPACE));
    for (const key of this.#loads.voidAll((key) => this.#parts.shardOf(key) === shard)) {
      this.#parts.onNews({ kind: "freed", key });
    }
    this.#counters.forget((key) => this.#parts.shardOf(key) === shard);
  }

  /** Ends everything. */
  close(): void {
    this.#scans.close();
    this.#counters.close();
  }

  /**
   * Does what is asked. All shards that it is about must be owned.
   *
   * @throws CounterError, EntryTooLargeError as the store does
   */
  handle(request: OwnerRequest): OwnerAnswers[OwnerOp] | Promise<OwnerAnswers[OwnerOp]> {
    switch (request.op) {
      case "read":
        return this.#read(request);
      case "take":
        return this.#take(request);
      case "fill":
        return this.#fill(request);
      case "renew":
        return this.#renew(request);
      case "release":
        return this.#release(request);
      case "claim":
        return this.#loads.claim(request.key, request.version, request.claimMs);
      case "unclaim":
        return this.#loads.unclaim(request.key, request.version);
      case "set":
        return request.items.map(([key, write]) => this.#set(key, write));
      case "delete":
        return request.keys.map((key) => this.#delete(key));
      case "expire":
        return this.#expire(request);
      case "increment":
        return this.#increment(request);
      case "commit":
        return this.#commit(request);
      case "heads":
        return request.shards.map((shard) => this.#stampOf(shard));
      case "clear":
        return this.#clear(request.path);
      default:
        return this.#handleRest(request);
    }
  }

  #handleRest(
    request: Ask<"lock" | "clock" | "tags" | "scan" | "scan-on" | "scan-off">,
  ): OwnerAnswers[OwnerOp] | Promise<OwnerAnswers[OwnerOp]> {
    switch (request.op) {
      case "lock":
        this.#raise();
        return this.#parts.store.lease({ ...request.request, key: this.#lockKey(request.request.key) });
      case "clock":
        return this.version;
      case "tags":
        return this.#invalidateTags(request);
      case "scan":
        return this.#scans.open(this.#listKeys(request));
      case "scan-on":
        return this.#scans.next(request.cursor);
      case "scan-off":
        return this.#scans.end(request.cursor);
    }
  }

  #read({ keys, isStale }: Ask<"read">): Answer<"read"> {
    const { store } = this.#parts;
    const find = (key: string): StoredEntry | undefined => (isStale ? store.getStale([key])[0] : store.get(key));
    return keys.map((key) => ({
      entry: plain(find(this.#inner(key))),
      stamp: this.#stampOf(this.#parts.shardOf(key)),
    }));
  }

  #take({ key, tokenMs, takesOver }: Ask<"take">): Answer<"take"> {
    const { store, shardOf } = this.#parts;
    const inner = this.#inner(key);
    const live = store.get(inner);
    const stamp = this.#stampOf(shardOf(key));
    const remainingMs = this.#loads.remainingMs(key);
    if (live !== undefined) return { kind: "hit", entry: plain(live), token: "", remainingMs: 0, stamp };
    const entry = plain(store.getStale([inner])[0]);
    if (remainingMs > 0 && !takesOver) return { kind: "busy", entry, token: "", remainingMs, stamp };
    this.#tokenCount += 1;
    const token = `${stamp.epoch}:${this.#tokenCount}`;
    this.#loads.give(key, token, this.#nextVersion(), tokenMs);
    return { kind: "token", entry, token, remainingMs: tokenMs, stamp };
  }

  #fill({ key, token, write }: Ask<"fill">): Answer<"fill"> {
    const given = this.#loads.find(key);
    const shard = this.#parts.shardOf(key);
    if (given === undefined || given.id !== token) return { stored: false, version: 0, stamp: this.#stampOf(shard) };
    const { condition: _condition, returnPrevious: _previous, ...rest } = write;
    // By this node's own count: the caller's stamp is of another one, and no earlier than the token.
    const result = this.#write(key, { ...rest, ...(write.tags.length > 0 && { tagsUnchangedSince: given.stamp }) });
    if (!result.stored) this.#free(key);
    return { stored: result.stored, version: result.stored ? result.version : 0, stamp: this.#stampOf(shard) };
  }

  #renew({ key, version, token, ttlMs, staleMs }: Ask<"renew">): Answer<"renew"> {
    const { store, shardOf } = this.#parts;
    const shard = shardOf(key);
    const inner = this.#inner(key);
    const refused = { isThere: true, stored: false, version: 0 };
    if (token !== undefined && this.#loads.find(key)?.id !== token) return { ...refused, stamp: this.#stampOf(shard) };
    const entry = token === undefined ? store.get(inner) : store.getStale([inner])[0];
    if (entry === undefined || entry.version !== version) {
      return { ...refused, isThere: token === undefined, stamp: this.#stampOf(shard) };
    }
    const write = { value: entry.value, tags: entry.tags, ttlMs, ...(staleMs !== undefined && { staleMs }) };
    const result = this.#write(key, write);
    return { isThere: true, stored: result.stored, version: result.version, stamp: this.#stampOf(shard) };
  }

  #release({ key, token }: Ask<"release">): boolean {
    if (this.#loads.find(key)?.id !== token) return false;
    this.#free(key);
    return true;
  }

  #set(key: string, write: Ask<"set">["items"][number][1]): Answer<"set">[number] {
    // A stamp of the caller's that is behind refuses more than it must, never less: every node's count is told with each letter.
    const { stored, version, previous } = this.#write(key, write);
    return { stored, version, ...(previous !== undefined && { previous: plain(previous) }) };
  }

  #delete(key: string): Answer<"delete">[number] {
    const wasThere = this.#parts.store.delete(this.#inner(key));
    return { wasThere, version: this.#note(key, this.#nextVersion()) };
  }

  #expire({ key, ttlMs }: Ask<"expire">): boolean {
    const wasThere = this.#parts.store.expire(this.#inner(key), ttlMs);
    // The end that copies have is another one now.
    if (wasThere) this.#note(key, this.#nextVersion());
    return wasThere;
  }

  #increment({ key, request }: Ask<"increment">): Answer<"increment"> {
    this.#raise();
    const { isRepeated, ...result } = this.#counters.move(key, this.#inner(key), request);
    if (!isRepeated) this.#note(key, result.version);
    return result;
  }

  #commit({ checks, writes }: Ask<"commit">): Answer<"commit"> {
    this.#raise();
    const result = this.#parts.store.commit(
      checks.map(({ key, version }) => ({ key: this.#inner(key), version })),
      writes.map(({ key, write }) => ({ key: this.#inner(key), write })),
    );
    if (!result.committed) return result;
    for (const [index, { key }] of writes.entries()) {
      const version = result.versions[index] as number;
      this.#note(key, version > 0 ? version : this.#nextVersion());
    }
    return result;
  }

  #invalidateTags({ tags, number }: Ask<"tags">): boolean {
    this.#raise();
    const previousNumber = undefined;
    this.noteVersion(number);
    this.#parts.store.invalidateTags(tags);
    this.#parts.onNews({ kind: "tags", tags, number: this.#parts.store.stamp(), previousNumber });
    return true;
  }

  #clear(path: NamespacePath): readonly ClearedShard[] {
    const { store, onNews, shardOf } = this.#parts;
    const heads: ClearedShard[] = [];
    for (const [shard, life] of this.#lives) {
      store.clear(toOwnedPath(shard, life.life, path));
      const previousHead = life.head;
      life.head = this.#nextVersion();
      heads.push({ shard, previousHead, version: life.head });
    }
    const covers = (key: string): boolean => isWithinNamespace(namespaceOf(key), path);
    const freed = this.#loads.voidAll((key) => covers(key) && this.#lives.has(shardOf(key)));
    onNews({ kind: "clear", path, heads });
    for (const key of freed) onNews({ kind: "freed", key });
    return heads;
  }

  async *#listKeys({ prefix, isStaleListed }: Ask<"scan">): AsyncGenerator<readonly string[]> {
    for await (const slice of this.#parts.store.scan("", { isStaleListed })) {
      const keys = slice.filter((key) => isOfLife(key, this.#lives)).map(fromOwnedKey);
      yield* cutSlice(prefix === "" ? keys : keys.filter((key) => key.startsWith(prefix)));
    }
  }

  #write(key: string, write: Parameters<OwnedStore["set"]>[1]): WriteResult {
    this.#raise();
    const result = this.#parts.store.set(this.#inner(key), write);
    if (result.stored) this.#note(key, result.version);
    return result;
  }

  /** A key got this version, whatever was before: its token is void. */
  #note(key: string, version: number): number {
    const { shardOf, onNews } = this.#parts;
    const life = this.#lifeOf(shardOf(key));
    const previousHead = life.head;
    life.head = version;
    this.#loads.void(key);
    onNews({ kind: "change", key, version, previousHead });
    return version;
  }

  #free(key: string): void {
    this.#loads.void(key);
    this.#parts.onNews({ kind: "freed", key });
  }

  #stampOf(shard: number): TierStamp {
    const { head, epoch, bornAtMs } = this.#lifeOf(shard);
    return { shard, head, epoch, bornAtMs };
  }

  #inner(key: string): string {
    const shard = this.#parts.shardOf(key);
    return toOwnedKey(shard, this.#lifeOf(shard).life, key);
  }

  #lockKey(key: string): string {
    const shard = this.#parts.shardOf(key);
    return toOwnedKey(shard, this.#lockLives.get(shard) ?? this.#lifeOf(shard).life, key);
  }

  #lifeOf(shard: number): ShardLife {
    const life = this.#lives.get(shard);
    if (life === undefined) throw new Error(`shard ${shard} is not owned`);
    return life;
  }

  #nextVersion(): number {
    this.#raise();
    return this.#parts.store.stamp();
  }

  /** Versions are microseconds of this machine's clock, as far as they do not have to be more. */
  #raise(): void {
    this.#parts.store.raiseVersions(Math.floor(this.#parts.clock.wallMs() * 1_000));
  }
}

/** An entry that can be sent: the store's own may be a view of its memory. */
function plain(entry: StoredEntry | undefined): StoredEntry | undefined {
  if (entry === undefined) return undefined;
  const { value, version, expiresAt, tags } = entry;
  return { value, version, expiresAt, tags: [...tags] };
}

/** Keys in slices that fit a letter, however long they are. */
function* cutSlice(keys: readonly string[]): Generator<readonly string[]> {
  let slice: string[] = [];
  let length = 0;
  for (const key of keys) {
    if (length > 0 && length + key.length > MAX_SLICE_LENGTH) {
      yield slice;
      slice = [];
      length = 0;
    }
    slice.push(key);
    length += key.length;
  }
  if (slice.length > 0) yield slice;
}
