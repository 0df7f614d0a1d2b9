import { resolveTags } from "../entry/tag.ts";
import { resolveTtlMs, type Ttl } from "../entry/ttl.ts";

/** What a loader decided about its result while it ran. */
export interface LoadPlan {
  /** TTL set by the loader, in ms; `undefined`: the call's. */
  ttlMs: number | undefined;
  /** Whether the result may be stored. */
  isStored: boolean;
}

/** The loader's own controls over its result, bound to a plan and a sink for tags. */
export interface LoadControls {
  readonly plan: LoadPlan;
  setTtl(ttl: Ttl): void;
  addTags(...tags: readonly string[]): void;
  skipStore(): void;
}

/** Makes the controls of one load. */
export function createLoadControls(onTags: (tags: readonly string[]) => void): LoadControls {
  const plan: LoadPlan = { ttlMs: undefined, isStored: true };
  return {
    plan,
    setTtl: (ttl) => {
      plan.ttlMs = resolveTtlMs(ttl);
    },
    addTags: (...tags) => onTags(resolveTags(tags)),
    skipStore: () => {
      plan.isStored = false;
    },
  };
}
