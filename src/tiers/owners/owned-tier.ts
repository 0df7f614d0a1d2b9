import type { ChangeListener } from "../../backend/change-feed.ts";
import type { LoadFill, LoadLeaseRequest, LoadRenewal, TierContext } from "../../backend/load-tier.ts";
import type {
  SharedTier,
  TierFillResult,
  TierHeads,
  TierHeadsRequest,
  TierLease,
  TierNodes,
  TierRead,
  TierStamp,
} from "../../backend/shared-tier.ts";
import { BackendUnavailableError } from "../../foundation/errors.ts";
import { KeyWatch } from "./key-watch.ts";
import type { OwnerFleet } from "./owner-fleet.ts";
import { OWNED_SHARD_COUNT, ownerOf } from "./owner-view.ts";
import { toWire } from "./wire-write.ts";

/** What the tier of owners is made of. */
export interface OwnedTierParts {
  readonly name: string;
  readonly fleet: OwnerFleet;
  readonly shardOf: (key: string) => number;
  /** D + e: how long a node may have copies after it was last heard, in ms. */
  readonly quietMs: number;
}

/**
 * The owners of the keys as the shared tier of a fleet.
 *
 * There is no clock of tags to ask for: an invalidation of tags is carried out at every member of the view before it is acknowledged, at this node too, and owners answer nobody who is not a
 * member. So what this node has applied is all there is.
 */
export class OwnedTier implements SharedTier {
  readonly shardCount: number = OWNED_SHARD_COUNT;
  readonly #parts: OwnedTierParts;
  readonly #watch: KeyWatch;
  #tagHead = 1;

  constructor(parts: OwnedTierParts) {
    this.#parts = parts;
    this.#watch = new KeyWatch(parts.fleet);
    parts.fleet.watch((news) => {
      if (news.kind === "tags") this.#tagHead = Math.max(this.#tagHead, news.number);
    });
  }

  shardOf(key: string): number {
    return this.#parts.shardOf(key);
  }

  async read(keys: readonly string[], context: TierContext): Promise<readonly TierRead[]> {
    const read = async (key: string): Promise<TierRead> => {
      const [found] = await this.#parts.fleet.ask({ op: "read", keys: [key], isStale: false }, context);
      // `entry` is no member of an answer from elsewhere where there is none.
      const { entry, stamp } = found as TierRead;
      return { entry, stamp };
    };
    return Promise.all(keys.map(read));
  }

  async getOrLease(key: string, request: LoadLeaseRequest, context: TierContext): Promise<TierLease> {
    const { tokenMs, takesOver = false } = request;
    const taken = await this.#parts.fleet.ask({ op: "take", key, tokenMs, takesOver }, context);
    const { kind, entry, token, remainingMs, stamp } = taken;
    if (kind === "hit" && entry !== undefined) return { kind, entry, stamp };
    if (kind === "token") return { kind, token, stale: entry, stamp };
    return { kind: "busy", remainingMs, stale: entry, stamp };
  }

  async fill(key: string, { token, write }: LoadFill, context: TierContext): Promise<TierFillResult> {
    return this.#parts.fleet.ask({ op: "fill", key, token: token as string, write: toWire(write) }, context);
  }

  async renew(key: string, renewal: LoadRenewal, context: TierContext): Promise<TierFillResult | undefined> {
    const { version, token, ttlMs, staleMs } = renewal;
    const asked = { op: "renew", key, version, token: token as string | undefined, ttlMs, staleMs } as const;
    const { isThere, ...result } = await this.#parts.fleet.ask(asked, context);
    return isThere ? result : undefined;
  }

  async release(key: string, token: string | object, context: TierContext): Promise<boolean> {
    return this.#parts.fleet.ask({ op: "release", key, token: token as string }, context);
  }

  async claimRefresh(key: string, version: number, claimMs: number, context: TierContext): Promise<boolean> {
    return this.#parts.fleet.ask({ op: "claim", key, version, claimMs }, context);
  }

  async releaseRefresh(key: string, version: number, context: TierContext): Promise<void> {
    await this.#parts.fleet.ask({ op: "unclaim", key, version }, context);
  }

  async invalidate(keys: readonly string[], context: TierContext): Promise<readonly number[]> {
    const end = async (key: string): Promise<number> => {
      const [ended] = await this.#parts.fleet.ask({ op: "delete", keys: [key] }, context);
      return ended?.version ?? 0;
    };
    return Promise.all(keys.map(end));
  }

  async heads({ shards, node }: TierHeadsRequest, context: TierContext): Promise<TierHeads> {
    const { fleet } = this.#parts;
    // Who enters waits until it can work, so that its first changes need not wait beyond their deadline.
    if (node !== undefined && shards.length === 0) await fleet.settleAll(context);
    else await fleet.settle(context);
    // Before anything is asked: what is applied later than the answers is not proven by them.
    const tagHead = this.#tagHead;
    const { view } = fleet;
    if (view === undefined) throw this.#unsettled();
    const byOwner = new Map<string, number[]>();
    for (const shard of shards) {
      const owner = ownerOf(view, shard);
      const own = byOwner.get(owner);
      if (own === undefined) byOwner.set(owner, [shard]);
      else own.push(shard);
    }
    const found = new Map<number, TierStamp>();
    await Promise.all(
      [...byOwner].map(async ([owner, own]) => {
        // An owner of another view answers nothing, and the next probe asks by another one.
        for (const stamp of await fleet.askNode(owner, { op: "heads", shards: own }, context)) {
          found.set(stamp.shard, stamp);
        }
      }),
    );
    const stamps = shards.map((shard) => found.get(shard));
    if (stamps.some((stamp) => stamp === undefined)) throw this.#unsettled();
    return { stamps: stamps as readonly TierStamp[], tagHead };
  }

  async nodes(context: TierContext): Promise<TierNodes> {
    const { fleet, quietMs } = this.#parts;
    await fleet.settle(context);
    const { view, settledForMs } = fleet;
    if (view === undefined || settledForMs === undefined) throw this.#unsettled();
    return { nodes: view.members.map((id) => ({ id, info: "", remainingMs: quietMs })), ageMs: settledForMs };
  }

  async leave(): Promise<void> {
    this.#parts.fleet.leave();
  }

  watchKey(key: string, onChange: () => void): () => void {
    return this.#watch.watch(key, onChange);
  }

  watchChanges(listener: ChangeListener): () => void {
    const stop = this.#parts.fleet.watch((news) => {
      if (news.kind !== "freed") listener.onChange(news);
    });
    listener.onGap(true);
    return stop;
  }

  #unsettled(): BackendUnavailableError {
    const { name } = this.#parts;
    return new BackendUnavailableError(name, "heads", `${name}: the nodes do not agree yet on who is there.`);
  }
}
