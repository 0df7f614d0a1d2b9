import type { OperationContext } from "../../backend/backend.ts";
import { assertWanted } from "../../backend/caller.ts";
import type { LoadFill, LoadLeaseRequest, LoadRenewal, LoadTier, LoadToken } from "../../backend/load-tier.ts";
import type {
  SharedTier,
  TierFillResult,
  TierHeads,
  TierHeadsRequest,
  TierLease,
  TierNode,
  TierNodeLease,
  TierNodes,
  TierRead,
  TierStamp,
} from "../../backend/shared-tier.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import type { ChangeSubscription } from "./change-subscription.ts";
import type { CoherentStore } from "./coherent-store.ts";
import { headAt, parseEpoch, type ShardEpoch } from "./epoch.ts";
import { hearChanges } from "./hear-changes.ts";
import { encodeKeyText } from "./key-text.ts";
import { KeyWatches } from "./key-watches.ts";
import { hasTags, tagMarksOf } from "./record.ts";
import { RecordReader } from "./record-reader.ts";
import { translateRedisError } from "./redis-error.ts";
import {
  NODES_KEY,
  NODES_SLOT,
  SHARD_COUNT,
  shardOfKey,
  slotOfShard,
  TAG_CLOCK_KEY,
  TAG_EPOCH_KEY,
  TAG_SLOT,
} from "./redis-key-layout.ts";
import { openRedisNodeMail } from "./redis-node-mail.ts";
import { claimRefresh, releaseRefresh } from "./refresh-claims.ts";
import { headsScript, tagHeadScript } from "./scripts/epoch-script.ts";
import { nodesScript } from "./scripts/tier-script.ts";
import type { StoreParts } from "./store-parts.ts";
import {
  fillChange,
  invalidateChange,
  type LeaseReply,
  leaseChange,
  releaseChange,
  renewChange,
} from "./tier-changes.ts";
import { readToken } from "./tier-token.ts";

/** Before every invalidation: tags refuse what nobody knows the beginning of. */
const NEVER = -1;

/** Redis as the tier that processes share. Needs the coherent store's records. */
export class RedisSharedTier implements SharedTier {
  readonly shardCount: number = SHARD_COUNT;
  readonly watchKey?: NonNullable<LoadTier["watchKey"]>;
  readonly watchChanges?: NonNullable<SharedTier["watchChanges"]>;
  readonly openMail?: NonNullable<SharedTier["openMail"]>;
  readonly #parts: StoreParts;
  readonly #store: CoherentStore;
  readonly #reader: RecordReader;
  readonly #isCluster: boolean;

  constructor(parts: StoreParts, store: CoherentStore, changes: ChangeSubscription | undefined) {
    this.#parts = parts;
    this.#isCluster = parts.client.topology === "cluster";
    const { client, database, scheduler } = parts;
    const { subscribe } = client;
    if (subscribe !== undefined) {
      this.openMail = (nodeId, listener) =>
        openRedisNodeMail({ client, subscribe, database: database() }, nodeId, listener);
    }
    if (changes !== undefined) {
      const watches = new KeyWatches((listener) => changes.hear(listener));
      this.watchKey = (key, onChange) => watches.watch(key, onChange);
      this.watchChanges = (listener) => hearChanges(changes, listener, scheduler);
    }
    this.#store = store;
    this.#reader = new RecordReader(parts, store.tags, true);
  }

  shardOf(key: string): number {
    return shardOfKey(key);
  }

  clockLeadMs(key: string): number {
    return this.#parts.client.clockOffsetMs(slotOfShard(shardOfKey(key)));
  }

  read(keys: readonly string[], context: OperationContext): Promise<readonly TierRead[]> {
    assertWanted(context);
    return new Promise((resolve, reject) => {
      const reads: TierRead[] = new Array(keys.length);
      let missing = keys.length;
      const take = (place: number, entry: TierRead["entry"], stamp: TierStamp | undefined): void => {
        reads[place] = { entry, stamp: stamp as TierStamp };
        missing -= 1;
        if (missing === 0) resolve(reads);
      };
      const owner = { operation: "read", caller: context, take, fail: reject };
      if (missing === 0) resolve(reads);
      else this.#reader.add(keys, owner);
    });
  }

  async getOrLease(key: string, request: LoadLeaseRequest, context: OperationContext): Promise<TierLease> {
    // Who takes over wants the token and not what is there.
    const [read] = request.takesOver === true ? [] : await this.read([key], context);
    if (read?.entry !== undefined) return { kind: "hit", entry: read.entry, stamp: read.stamp };
    const changing = this.#store.change(key, leaseChange(request, this.#store.readRecord), context);
    // The loader begins after both, so whatever is invalidated while it runs has a larger number. Where the clock does not answer, a result with tags is refused.
    const stamping = this.#isCluster ? this.#store.stamp().catch(() => "") : "";
    const answer = await this.#withStale(await changing, shardOfKey(key));
    return answer.kind === "token" ? { ...answer, token: `${String(answer.token)}${await stamping}` } : answer;
  }

  async fill(key: string, fill: LoadFill, context: OperationContext): Promise<TierFillResult> {
    const { id, tagsSeen } = readToken(fill.token);
    const since = fill.write.tagsUnchangedSince ?? tagsSeen ?? NEVER;
    const write = { ...fill.write, tagsUnchangedSince: Math.min(since, tagsSeen ?? since) };
    const { tags, isRefused } = await this.#store.tagsOf(write, "fill");
    // The script refuses, gives the token back, and says where the shard stands.
    const sent = isRefused ? { ...write, tagsUnchangedSince: NEVER } : write;
    return this.#store.change(key, fillChange({ token: id, write: sent }, tags), context);
  }

  renew(key: string, renewal: LoadRenewal, context: OperationContext): Promise<TierFillResult | undefined> {
    const id = renewal.token === undefined ? undefined : readToken(renewal.token).id;
    return this.#store.change(key, renewChange(renewal, id), context);
  }

  release(key: string, token: LoadToken, context: OperationContext): Promise<boolean> {
    return this.#store.change(key, releaseChange(readToken(token).id), context);
  }

  claimRefresh(key: string, version: number, claimMs: number, context: OperationContext): Promise<boolean> {
    return claimRefresh(this.#parts, key, version, claimMs, context);
  }

  releaseRefresh(key: string, version: number, context: OperationContext): Promise<void> {
    return releaseRefresh(this.#parts, key, version, context);
  }

  invalidate(keys: readonly string[], context: OperationContext): Promise<readonly number[]> {
    const change = invalidateChange();
    return Promise.all(keys.map((key) => this.#store.change(key, change, context)));
  }

  async heads({ shards, node }: TierHeadsRequest, context: OperationContext): Promise<TierHeads> {
    assertWanted(context);
    try {
      // First: a lease that had ended is seen by nobody who changes something in between, and the heads are to show what was changed then.
      if (node !== undefined) {
        await this.#askNodes(["renew", node.id, String(Math.ceil(node.leaseMs)), node.info], "heads", context);
      }
      const [stamps, tags] = await Promise.all([
        this.#stampsOf(shards),
        this.#isCluster ? this.#clusterTagHead() : this.#tagHead(),
      ]);
      return { stamps, ...tags };
    } catch (error) {
      throw translateRedisError(this.#parts.name, "heads", error);
    }
  }

  async nodes(context: OperationContext): Promise<TierNodes> {
    try {
      const [ageMs, ...rest] = await this.#askNodes(["list"], "nodes", context);
      return { nodes: readNodes(rest), ageMs: Number(ageMs) };
    } catch (error) {
      throw translateRedisError(this.#parts.name, "nodes", error);
    }
  }

  async announce(
    { id, keepMs, info }: TierNode & { readonly keepMs: number },
    context: OperationContext,
  ): Promise<readonly TierNode[]> {
    try {
      const reply = await this.#askNodes(["announce", id, String(Math.ceil(keepMs)), info], "announce", context);
      return readNodes(reply.slice(1));
    } catch (error) {
      throw translateRedisError(this.#parts.name, "announce", error);
    }
  }

  async leave(nodeId: string, context: OperationContext): Promise<void> {
    try {
      await this.#askNodes(["leave", nodeId], "leave", context);
    } catch (error) {
      throw translateRedisError(this.#parts.name, "leave", error);
    }
  }

  /** Stale data whose tags were invalidated may not stand in for anything. */
  async #withStale(answer: LeaseReply, shard: number): Promise<TierLease> {
    const { staleRecord, ...lease } = answer;
    if (lease.kind === "hit" || staleRecord === undefined) return lease;
    const tags = hasTags(staleRecord) ? tagMarksOf(staleRecord) : [];
    const isUsable = tags !== undefined && (tags.length === 0 || (await this.#store.tags.areCurrent(tags)));
    return { ...lease, stale: isUsable ? this.#store.readRecord(staleRecord, shard) : undefined };
  }

  async #stampsOf(shards: readonly number[]): Promise<readonly TierStamp[]> {
    if (this.#isCluster) {
      return Promise.all(shards.map(async (shard) => (await this.#readHeads(shard, [shard]))[0] as TierStamp));
    }
    return shards.length === 0 ? [] : this.#readHeads(0, shards);
  }

  /** Stamps of shards whose heads lie in the record of `home`. */
  async #readHeads(home: number, shards: readonly number[]): Promise<readonly TierStamp[]> {
    const { client, keys, unique } = this.#parts;
    const options = { operation: "heads", kind: "idempotent-write" } as const;
    const keysOfHome = [keys.headKey(home), keys.epochKey(home)];
    const reply = await client.runScript(slotOfShard(home), headsScript, keysOfHome, [unique()], options);
    const [heads, epochText] = reply as readonly RedisReply[];
    const epoch = parseEpoch(String(epochText)) as ShardEpoch;
    return shards.map((shard) => ({
      shard,
      head: headAt(heads, keys.headIndex(shard)),
      epoch: epoch.id,
      bornAtMs: epoch.bornAtMs,
    }));
  }

  /** On one server the epochs of the stamps are those of tags too. */
  async #tagHead(): Promise<Pick<TierHeads, "tagHead">> {
    const options = { operation: "heads", kind: "idempotent-write" } as const;
    const text = await this.#parts.client.call(TAG_SLOT, ["HGET", TAG_CLOCK_KEY, "now"], options);
    return { tagHead: readClock(text) };
  }

  /** In a cluster another server than those of the shards may lose invalidations, and be moved on by the next before anybody looks. */
  async #clusterTagHead(): Promise<Pick<TierHeads, "tagHead" | "tagEpoch">> {
    const { client, unique } = this.#parts;
    const options = { operation: "heads", kind: "idempotent-write" } as const;
    const reply = await client.runScript(TAG_SLOT, tagHeadScript, [TAG_CLOCK_KEY, TAG_EPOCH_KEY], [unique()], options);
    const [clock, epoch] = reply as readonly RedisReply[];
    return { tagHead: readClock(clock), tagEpoch: parseEpoch(String(epoch))?.id };
  }

  async #askNodes(
    args: readonly string[],
    operation: string,
    context: OperationContext,
  ): Promise<readonly RedisReply[]> {
    const options = { operation, kind: "idempotent-write" } as const;
    assertWanted(context);
    const texts = args.map((arg) => encodeKeyText("", arg));
    return (await this.#parts.client.runScript(
      NODES_SLOT,
      nodesScript,
      [NODES_KEY],
      texts,
      options,
    )) as readonly RedisReply[];
  }
}

/** Where the clock of tags stands; what is damaged is lost. */
function readClock(text: RedisReply | undefined): number {
  const number = Buffer.isBuffer(text) ? Number(text.toString()) : 0;
  return Number.isSafeInteger(number) ? number : 0;
}

/** Nodes of a reply: of each its id, what is left in ms, and its info. */
function readNodes(reply: readonly RedisReply[]): readonly TierNodeLease[] {
  const nodes: TierNodeLease[] = [];
  for (let at = 0; at + 2 < reply.length; at += 3) {
    nodes.push({ id: String(reply[at]), remainingMs: Number(reply[at + 1]), info: String(reply[at + 2]) });
  }
  return nodes;
}
