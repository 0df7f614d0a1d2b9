import type { LoadTier } from "../backend/load-tier.ts";
import type { WriteBehind } from "./write-behind.ts";

/**
 * The load tier of tiers that are written behind. What waits is what a read finds; where that is the end of an entry, it arrives before anybody asks whether to load, or the entry would be found.
 * Results of loads are written through: they need the token's answer. While a write of the key waits they are refused: it is newer than the load.
 */
export function behindLoadTier(tier: LoadTier, behind: WriteBehind): LoadTier {
  const renew = tier.renew?.bind(tier);
  const watchKey = tier.watchKey?.bind(tier);
  const claimRefresh = tier.claimRefresh?.bind(tier);
  const releaseRefresh = tier.releaseRefresh?.bind(tier);
  return {
    async getOrLease(key, request, context) {
      const entry = request.takesOver === true ? undefined : behind.find(key)?.entry;
      if (entry !== undefined) return { kind: "hit", entry };
      await behind.arrival([key], "getOrLease", context);
      return tier.getOrLease(key, request, context);
    },
    async fill(key, fill, context) {
      if (behind.queue.find(key) !== undefined) return { stored: false, version: 0 };
      return tier.fill(key, fill, context);
    },
    ...(renew && {
      async renew(key, renewal, context) {
        if (behind.queue.find(key) !== undefined) return { stored: false, version: 0 };
        return renew(key, renewal, context);
      },
    }),
    release: (key, token, context) => tier.release(key, token, context),
    ...(watchKey && { watchKey }),
    ...(claimRefresh && { claimRefresh }),
    ...(releaseRefresh && { releaseRefresh }),
  };
}
