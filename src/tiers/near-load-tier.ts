import type { LoadTier } from "../backend/load-tier.ts";
import type { SharedTier, TierLease } from "../backend/shared-tier.ts";
import type { NearBackendParts } from "./near-backend-parts.ts";
import type { NearChanger } from "./near-changer.ts";
import type { NearReader } from "./near-reader.ts";

/** The shared store's load tier: what it finds or is filled with leaves a copy. */
export function nearLoadTier({ far, node }: NearBackendParts, reader: NearReader, changer: NearChanger): LoadTier {
  const tier: LoadTier | SharedTier = (far.sharedTier ?? far.loadTier) as LoadTier;
  const watchKey = tier.watchKey?.bind(tier);
  const claimRefresh = tier.claimRefresh?.bind(tier);
  const releaseRefresh = tier.releaseRefresh?.bind(tier);
  return {
    async getOrLease(key, request, context) {
      const ticket = node.begin(key);
      try {
        const lease = await tier.getOrLease(key, request, context);
        const { stamp } = lease as Partial<TierLease>;
        reader.keep(ticket, lease.kind === "hit" ? lease.entry : undefined, stamp);
        return lease;
      } finally {
        node.end(ticket);
      }
    },
    async fill(key, fill, context) {
      const ticket = node.begin(key);
      const stop = changer.doubtUnanswered([key], context);
      try {
        const result = await tier.fill(key, fill, context);
        if (result.stored) changer.tell([key], [result.version], [{ ticket, write: fill.write, isLoaded: true }]);
        return result;
      } catch (error) {
        changer.tell([key], [undefined]);
        throw error;
      } finally {
        stop();
        node.end(ticket);
      }
    },
    ...(tier.renew && {
      renew: (key, renewal, context) =>
        changer.change([key], context, () => (tier as Required<Pick<LoadTier, "renew">>).renew(key, renewal, context)),
    }),
    release: (key, token, context) => tier.release(key, token, context),
    ...(watchKey && { watchKey }),
    ...(claimRefresh && { claimRefresh }),
    ...(releaseRefresh && { releaseRefresh }),
  };
}
