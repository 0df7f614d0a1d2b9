import { type Duration, parseDuration } from "../../foundation/duration.ts";
import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import { LOADING_FIELDS, type LoadingConfig } from "../sections/loading-config.ts";
import { refuse } from "./rule.ts";

/** Waits that end in the wrong order, and details of what is off. */
export function checkLoading({ loading }: CacheConfig): readonly Problem[] {
  if (loading === undefined) return [];
  const problems: Problem[] = [];
  if (isSaid(loading.softTimeout) && msOf(loading, "softTimeout") >= msOf(loading, "hardTimeout")) {
    const message =
      "loading.softTimeout must be less than loading.hardTimeout: the call has failed by then. Lower the one or raise the other.";
    problems.push(refuse("loading.softTimeout", message));
  }
  if (loading.lease !== undefined && loading.distributedSingleFlight === false) {
    const message = "loading.lease is the fleet's, and loading.distributedSingleFlight is false. Remove one of them.";
    problems.push(refuse("loading.lease", message));
  }
  if (msOf(loading, "breakerMinPause") > msOf(loading, "breakerMaxPause")) {
    const field = loading.breakerMinPause === undefined ? "breakerMaxPause" : "breakerMinPause";
    const message =
      "loading.breakerMinPause must not be more than loading.breakerMaxPause. Lower the one or raise the other.";
    problems.push(refuse(`loading.${field}`, message));
  }
  return problems;
}

function isSaid(duration: Duration | false | undefined): duration is Duration {
  return duration !== undefined && duration !== false && duration !== Number.POSITIVE_INFINITY;
}

type WaitName = "hardTimeout" | "softTimeout" | "breakerMinPause" | "breakerMaxPause";

/** Milliseconds of a wait, the default's when nothing is said; `Infinity` for one without an end. */
function msOf(loading: LoadingConfig, name: WaitName): number {
  const duration = (loading[name] ?? LOADING_FIELDS[name].default) as Duration | false;
  if (duration === false) return Number.POSITIVE_INFINITY;
  return typeof duration === "number" ? duration : (parseDuration(duration) as number);
}
