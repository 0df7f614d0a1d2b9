import { resolveTags } from "../entry/tag.ts";
import { resolveTtlMs, type Ttl } from "../entry/ttl.ts";
import { LoaderError } from "../foundation/errors.ts";
import type { LoaderContext } from "./loader.ts";

/** What a loader decided about its result while it ran. */
export interface LoadPlan {
  /** TTL set by the loader, in ms; `undefined`: the call's. */
  ttlMs: number | undefined;
  /** Whether the result may be stored. */
  isStored: boolean;
  /** Whether the source said that what is being replaced is still right. */
  isUnmodified: boolean;
}

/** A plan that says nothing. */
export function createLoadPlan(): LoadPlan {
  return { ttlMs: undefined, isStored: true, isUnmodified: false };
}

/** The loader's own controls over its result, bound to a plan and a sink for tags. */
export interface LoadControls<T> extends Pick<LoaderContext<T>, "setTtl" | "addTags" | "skipStore" | "notModified"> {
  readonly plan: LoadPlan;
}

/**
 * Makes the controls of one load.
 *
 * @param staleNow the entry that is being replaced, at the time of asking
 * @param staleTags the tags of that entry
 */
export function createLoadControls<T>(
  onTags: (tags: readonly string[]) => void,
  staleNow: () => LoaderContext<T>["stale"],
  staleTags: () => readonly string[],
): LoadControls<T> {
  const plan = createLoadPlan();
  return {
    plan,
    setTtl: (ttl: Ttl) => {
      plan.ttlMs = resolveTtlMs(ttl);
    },
    addTags: (...tags) => onTags(resolveTags(tags)),
    skipStore: () => {
      plan.isStored = false;
    },
    notModified: () => {
      const stale = staleNow();
      if (stale === undefined) {
        const message = "notModified() needs an entry that is being replaced; look at context.stale first.";
        throw new LoaderError("GCX_LOADER_INVALID", message);
      }
      plan.isUnmodified = true;
      // It is the old value: what would have ended it must end it, and must refuse it when that came meanwhile.
      onTags(staleTags());
      return stale.value;
    },
  };
}
