/**
 * What a caller finds under a key.
 *
 * | standing | the entry |
 * |---|---|
 * | `fresh` | lives |
 * | `aging` | lives, and is due for an early refresh |
 * | `revalidatable` | is over, for no longer than `staleWhileRevalidate` |
 * | `graceful` | is over, for no longer than `grace` |
 * | `none` | is not there, or may not be used any more |
 */
export type EntryStanding = "fresh" | "aging" | "revalidatable" | "graceful" | "none";

/** All that the decision depends on. */
export interface LoadSituation {
  readonly standing: EntryStanding;
  /** `forceFresh`. */
  readonly isForced: boolean;
  /** Whether a load of the key runs that this call may join. */
  readonly isLoading: boolean;
  /** Whether a load of the key failed less than `errorTtl` ago. */
  readonly hasFailedLately: boolean;
}

/**
 * What a call of `getOrSet` does.
 *
 * | decision | meaning |
 * |---|---|
 * | `serve` | the entry, at once |
 * | `refresh` | the entry, at once, and a load in the background |
 * | `join` | waits for the load that runs |
 * | `load` | starts a load and waits for it |
 * | `fail` | the error of the last load, at once |
 */
export type LoadDecision = "serve" | "refresh" | "join" | "load" | "fail";

/** Decides about a call. No state, no clock: the same situation is always the same decision. */
export function decideLoad({ standing, isForced, isLoading, hasFailedLately }: LoadSituation): LoadDecision {
  // Forced is forced: neither what is there nor what failed, nor a load that began before the call, counts.
  if (isForced) return "load";
  switch (standing) {
    case "fresh":
      return "serve";
    case "aging":
    case "revalidatable":
      return isLoading || hasFailedLately ? "serve" : "refresh";
    case "graceful":
      if (hasFailedLately) return "serve";
      return isLoading ? "join" : "load";
    case "none":
      if (hasFailedLately) return "fail";
      return isLoading ? "join" : "load";
  }
}

/** What happened to a caller who waits for a load. */
export type WaitEvent =
  /** The soft timeout passed. */
  | "soft-timeout"
  /** The load failed, or the hard timeout passed. */
  | "failed"
  /** What can stand in became known. */
  | "offered";

/** What the caller does then: takes what stands in, goes on waiting, or fails. */
export type WaitDecision = "stand-in" | "wait" | "fail";

/** Decides about a caller who waits. `standing`: of what can stand in. A forced call has no stand-in. */
export function decideWait(event: WaitEvent, standing: EntryStanding): WaitDecision {
  if (event === "offered") return standing === "revalidatable" ? "stand-in" : "wait";
  if (standing !== "none") return "stand-in";
  return event === "failed" ? "fail" : "wait";
}
