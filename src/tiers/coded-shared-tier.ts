import type { LoadFill, TierContext } from "../backend/load-tier.ts";
import type { SharedTier, TierFillResult, TierRead, TierStamp } from "../backend/shared-tier.ts";
import type { CodedBackendParts } from "./coded-backend-parts.ts";
import { codedLoadTier, decodeLease, fillEncoded, UnreadableEntryToken } from "./coded-load-tier.ts";

/**
 * The shared tier of a store of bytes for values: as {@link codedLoadTier}, with the stamps of the store's.
 *
 * An entry that cannot be read is absent at its stamp, so that it becomes nobody's copy and ends the one of what was there before it.
 */
export function codedSharedTier(parts: CodedBackendParts, tier: SharedTier): SharedTier {
  const watchChanges = tier.watchChanges?.bind(tier);
  const announce = tier.announce?.bind(tier);
  const clockLeadMs = tier.clockLeadMs?.bind(tier);
  const openMail = tier.openMail?.bind(tier);
  return {
    ...codedLoadTier(parts, tier),
    shardCount: tier.shardCount,
    shardOf: (key) => tier.shardOf(key),
    read: (keys, context) => readDecoded(parts, tier, keys, context),
    async getOrLease(key, request, context) {
      const lease = await tier.getOrLease(key, request, context);
      return { ...(await decodeLease(parts, key, lease, context)), stamp: lease.stamp };
    },
    fill: (key, fill, context) => fillStamped(parts, tier, key, fill, context),
    renew: async (key, renewal, context) =>
      renewal.token instanceof UnreadableEntryToken ? undefined : tier.renew(key, renewal, context),
    invalidate: (keys, context) => tier.invalidate(keys, context),
    heads: (request, context) => tier.heads(request, context),
    nodes: (context) => tier.nodes(context),
    leave: (nodeId, context) => tier.leave(nodeId, context),
    ...(watchChanges && { watchChanges }),
    ...(announce && { announce }),
    ...(clockLeadMs && { clockLeadMs }),
    ...(openMail && { openMail }),
  };
}

async function readDecoded(
  { values }: CodedBackendParts,
  tier: SharedTier,
  keys: readonly string[],
  context: TierContext,
): Promise<readonly TierRead[]> {
  const reads = await tier.read(keys, context);
  // Each a promise of its own: what one throws at once must not leave the rejections of others to nobody.
  return Promise.all(
    reads.map(async ({ entry, stamp }, index) => ({
      entry: await values.decodeEntry(keys[index] as string, entry),
      stamp,
    })),
  );
}

async function fillStamped(
  parts: CodedBackendParts,
  tier: SharedTier,
  key: string,
  fill: LoadFill,
  context: TierContext,
): Promise<TierFillResult> {
  const result = await fillEncoded(parts, tier, key, fill, context);
  const { token } = fill;
  if (!(token instanceof UnreadableEntryToken)) return result as TierFillResult;
  const { stored, version } = result;
  // Such a fill is a write of the store's, which has no stamp. One of a moment later could hold a newer change of the key, so that what was stored would count as newer than that.
  if (stored && token.metAt !== undefined) return { stored, version, stamp: { ...token.metAt, head: version } };
  return { stored, version, stamp: await stampOf(tier, key, context) };
}

/** Where a key's shard stands now. */
async function stampOf(tier: SharedTier, key: string, context: TierContext): Promise<TierStamp> {
  const { stamps } = await tier.heads({ shards: [tier.shardOf(key)] }, context);
  return stamps[0] as TierStamp;
}
