import type { LoadFillResult, LoadLease, LoadTier, LoadToken } from "../../backend/load-tier.ts";
import type { LoadLease as HeldLease, LoadLeases } from "./load-leases.ts";

const REFUSED: LoadFillResult = Object.freeze({ stored: false, version: 0 });

/** Leases as the contract of loads has them: a token is a lease. There are no messages, so nobody is told of a key; whoever waits asks again. */
export function createLoadTier(leases: LoadLeases): LoadTier {
  return {
    async getOrLease(key, { tokenMs, takesOver }, context): Promise<LoadLease> {
      const read = await leases.read(key, { leaseMs: tokenMs, takesOver }, context);
      return read.kind === "leased" ? { kind: "token", token: read.lease, stale: read.stale } : read;
    },
    async fill(key, { token, write }, context) {
      const version = await leases.fill(leaseOf(key, token), write, context);
      return version === undefined ? REFUSED : { stored: true, version };
    },
    claimRefresh: (key, version, claimMs, context) => leases.claimRefresh(key, version, claimMs, context),
    releaseRefresh: (key, version, context) => leases.releaseRefresh(key, version, context),
    release: async (key, token, context) => leases.release(leaseOf(key, token), context),
  };
}

/** Whether these leases gave it out is theirs to find out. */
function leaseOf(key: string, token: LoadToken): HeldLease {
  const lease = token as HeldLease;
  if (lease.key !== key) throw new TypeError("The token is not one of this store for this key.");
  return lease;
}
