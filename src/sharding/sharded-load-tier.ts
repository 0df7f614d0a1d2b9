import type {
  LoadFill,
  LoadFillResult,
  LoadLease,
  LoadLeaseRequest,
  LoadRenewal,
  LoadTier,
  LoadToken,
  TierContext,
} from "../backend/load-tier.ts";
import { withoutMovedTags } from "./moved-keys.ts";
import type { ShardNode } from "./shard-node.ts";
import { prepareChange, type ShardParts, translateWrite } from "./shard-parts.ts";
import { keyAt, type Place, type Ring, type Shards } from "./shards.ts";

/**
 * A token of the node that gave it, which nobody else knows. What a key's place is depends on the mapping and on the turn alone; when either has changed, the key may have been
 * changed elsewhere meanwhile, also if it is back by now, and nobody here can tell.
 */
class ShardToken {
  readonly place: Place;
  readonly token: LoadToken;
  readonly #given: Moment;

  constructor(place: Place, token: LoadToken, given: Moment) {
    this.place = place;
    this.token = token;
    this.#given = given;
  }

  isCurrent(shards: Shards): boolean {
    const { ring, turn } = momentOf(shards);
    return ring === this.#given.ring && turn === this.#given.turn;
  }
}

/** What places depend on. */
interface Moment {
  readonly ring: Ring;
  readonly turn: number;
}

function momentOf({ ring, view }: Shards): Moment {
  return { ring, turn: view?.turn ?? 0 };
}

const REFUSED: LoadFillResult = { stored: false, version: 0 };

/** Whether a store can take part in loads. */
export function hasLoadTier({ backend }: Pick<ShardNode, "backend">): boolean {
  return backend.loadTier !== undefined;
}

/**
 * The load tier of a sharded store: each key's at its own node, or at the one that stands in for it. A node whose breaker is open is not asked: its keys fail at once, as with every other
 * operation. What a hot key's copy answers is a hit, as old as copies may be.
 *
 * A result whose token was given out under another mapping, or before a node went away or came back, is refused; so is its renewal. One without a token is for the key's place of this
 * moment, where an entry of that version lives or does not.
 */
export function shardedLoadTier(parts: ShardParts): LoadTier {
  const { shards } = parts;
  const canAll = (method: keyof LoadTier): boolean =>
    shards.ring.nodes.every(({ backend }) => backend.loadTier?.[method] !== undefined);
  return {
    getOrLease: (key, request, context) => getOrLease(parts, key, request, context),
    fill: (key, fill, context) => fillKey(parts, key, fill, context),
    release: (key, token, context) => releaseKey(parts, key, token, context),
    ...(canAll("renew") && {
      renew: (key: string, renewal: LoadRenewal, context: TierContext) => renewKey(parts, key, renewal, context),
    }),
    ...(canAll("claimRefresh") && {
      claimRefresh: (key: string, version: number, claimMs: number, context: TierContext) =>
        claimKey(parts, key, version, claimMs, context),
      releaseRefresh: (key: string, version: number, context: TierContext) =>
        releaseClaim(parts, key, version, context),
    }),
    ...(canAll("watchKey") && { watchKey: (key: string, onChange: () => void) => watchKey(shards, key, onChange) }),
  };
}

async function getOrLease(
  parts: ShardParts,
  key: string,
  request: LoadLeaseRequest,
  context: TierContext,
): Promise<LoadLease> {
  const { shards, hotKeys } = parts;
  await shards.ready(context);
  const copied = request.takesOver === true ? undefined : await hotKeys?.read(key, context);
  if (copied !== undefined) return { kind: "hit", entry: copied.entry };
  const place = shards.placeOf(key);
  // Noted before the node is asked: a change that comes meanwhile counts.
  const moment = momentOf(shards);
  const lease = await place.node.call("getOrLease", context, ({ loadTier }) =>
    tierOf(loadTier).getOrLease(keyAt(place, key), request, context),
  );
  if (lease.kind === "hit") return { kind: "hit", entry: withoutMovedTags(lease.entry) };
  const stale = withoutMovedTags(lease.stale);
  return lease.kind === "busy"
    ? { ...lease, stale }
    : { ...lease, token: new ShardToken(place, lease.token, moment), stale };
}

async function fillKey(
  parts: ShardParts,
  key: string,
  { token, write }: LoadFill,
  context: TierContext,
): Promise<LoadFillResult> {
  const { shards, hotKeys } = parts;
  if (!(token instanceof ShardToken)) return REFUSED;
  await prepareChange(parts, [key], "fill", context);
  const { place } = token;
  // Throws while the place is changing, as every other write does then.
  shards.placeOf(key);
  const translated = token.isCurrent(shards) ? translateWrite(parts, write, place) : undefined;
  if (translated === undefined) {
    releaseKey(parts, key, token, {}).catch(() => undefined);
    return REFUSED;
  }
  try {
    return await place.node.call("fill", context, ({ loadTier }) =>
      tierOf(loadTier).fill(keyAt(place, key), { token: token.token, write: translated }, context),
    );
  } finally {
    await hotKeys?.dropCopies([key]);
  }
}

async function renewKey(
  parts: ShardParts,
  key: string,
  renewal: LoadRenewal,
  context: TierContext,
): Promise<LoadFillResult | undefined> {
  const { shards, hotKeys } = parts;
  const { token } = renewal;
  if (token !== undefined && !(token instanceof ShardToken)) return REFUSED;
  await prepareChange(parts, [key], "renew", context);
  // Throws while the place is changing, as every other write does then.
  const placeNow = shards.placeOf(key);
  if (token !== undefined && !token.isCurrent(shards)) {
    releaseKey(parts, key, token, {}).catch(() => undefined);
    return REFUSED;
  }
  const place = token?.place ?? placeNow;
  try {
    return await place.node.call("renew", context, ({ loadTier }) => {
      const renew = tierOf(loadTier).renew?.bind(loadTier);
      // A node that joined later may not know how: the data is written then.
      return renew === undefined ? undefined : renew(keyAt(place, key), { ...renewal, token: token?.token }, context);
    });
  } finally {
    await hotKeys?.dropCopies([key]);
  }
}

/** At the key's place of this moment: where that is another one for other processes, or soon, two of them refresh. */
async function claimKey(
  { shards }: ShardParts,
  key: string,
  version: number,
  claimMs: number,
  context: TierContext,
): Promise<boolean> {
  await shards.ready(context);
  const place = shards.placeOf(key);
  return place.node.call("claimRefresh", context, async ({ loadTier }) => {
    // A node that joined later may not know how: then each process refreshes for itself.
    return (await loadTier?.claimRefresh?.(keyAt(place, key), version, claimMs, context)) ?? true;
  });
}

async function releaseClaim({ shards }: ShardParts, key: string, version: number, context: TierContext): Promise<void> {
  const place = shards.placeOf(key);
  await place.node.call("releaseRefresh", context, async ({ loadTier }) => {
    await loadTier?.releaseRefresh?.(keyAt(place, key), version, context);
  });
}

/** At the node that gave the token, as long as it is one of the mapping: others wait for it there, whatever this process knows of the key's place. */
async function releaseKey(
  { shards }: ShardParts,
  key: string,
  token: LoadToken,
  context: TierContext,
): Promise<boolean> {
  if (!(token instanceof ShardToken)) return false;
  const { place } = token;
  if (!shards.ring.nodes.includes(place.node)) return false;
  return place.node.call("release", context, ({ loadTier }) =>
    tierOf(loadTier).release(keyAt(place, key), token.token, context),
  );
}

/** At the key's place of this moment. When that changes, nothing is told any more; whoever waits looks by itself. */
function watchKey(shards: Shards, key: string, onChange: () => void): () => void {
  const place = placeNow(shards, key);
  return place?.node.backend.loadTier?.watchKey?.(keyAt(place, key), onChange) ?? (() => undefined);
}

function placeNow(shards: Shards, key: string): Place | undefined {
  try {
    return shards.placeOf(key);
  } catch {
    return undefined;
  }
}

/** Every node of a sharded store with a load tier has one; see `hasLoadTier`. */
function tierOf(tier: LoadTier | undefined): LoadTier {
  return tier as LoadTier;
}
