import type { Backend } from "../backend/backend.ts";
import { BACKEND_METHODS } from "../backend/backend-promises.ts";

/**
 * A store that hands every call on to another one, for stores that change a few of its methods. What the other one lacks, this one lacks; what it has beyond the contract, as the
 * one in memory for its snapshots, is handed on too.
 */
export function createForwardingBackend(target: Backend): Backend {
  const { nearTier, loadTier, sharedTier, revalidation } = target;
  const forwarding = {
    name: target.name,
    capabilities: target.capabilities,
    get epoch() {
      return target.epoch;
    },
    ...(nearTier !== undefined && { nearTier }),
    ...(loadTier && { loadTier }),
    ...(sharedTier && { sharedTier }),
    ...(revalidation && { revalidation }),
  };
  const members = target as unknown as Readonly<Record<string, unknown>>;
  // The methods of a class are no keys of its objects.
  const names = new Set<string>([...BACKEND_METHODS, ...Object.keys(target)]);
  for (const name of names) {
    const member = members[name];
    if (typeof member === "function") Object.assign(forwarding, { [name]: member.bind(target) });
  }
  return forwarding as unknown as Backend;
}
