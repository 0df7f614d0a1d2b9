import type { BreakerSettings } from "../foundation/circuit-breaker.ts";
import { type Duration, parseDuration } from "../foundation/duration.ts";
import { LOADING_FIELDS, type LoadingConfig } from "./sections/loading-config.ts";

/** {@link LoadingConfig} with defaults filled in and units settled. */
export interface ResolvedLoading {
  readonly policy: ResolvedLoadPolicy;
  readonly maxBackgroundLoads: number;
  /** When loads stop asking a remote store. */
  readonly breaker: BreakerSettings;
}

/** How values are loaded by default; the shape that the cache takes. */
export interface ResolvedLoadPolicy {
  /** `Infinity`: for ever. */
  readonly hardTimeoutMs: number;
  /** `Infinity`: never. */
  readonly softTimeoutMs: number;
  /** 0: off. */
  readonly graceMs: number;
  /** 0: off. */
  readonly revalidateMs: number;
  /** Share of the TTL; 1: off. */
  readonly refreshAheadRatio: number;
  /** Weight of early refreshes; 0: off. */
  readonly earlyRefreshBeta: number;
  /** `undefined`: off. */
  readonly negativeTtlMs: number | undefined;
  /** 0: off. */
  readonly errorTtlMs: number;
  readonly isFleetWide: boolean;
  /** `undefined`: that of the hard timeout, with a bound of its own. */
  readonly leaseMs: number | undefined;
}

/** The settings of a loading section whose values and combinations are allowed. */
export function resolveLoading(loading: LoadingConfig): ResolvedLoading {
  const settingOf = (name: keyof LoadingConfig): LoadingConfig[typeof name] =>
    (loading[name] ?? LOADING_FIELDS[name].default) as LoadingConfig[typeof name];
  const msOf = (name: keyof LoadingConfig, off: number): number => {
    const duration = settingOf(name);
    return duration === false ? off : toMs(duration as Duration);
  };
  const numberOf = (name: keyof LoadingConfig, off: number): number => {
    const number = settingOf(name);
    return number === false ? off : (number as number);
  };
  const { lease, negativeTtl } = loading;
  const policy: ResolvedLoadPolicy = {
    hardTimeoutMs: msOf("hardTimeout", Number.POSITIVE_INFINITY),
    softTimeoutMs: msOf("softTimeout", Number.POSITIVE_INFINITY),
    graceMs: msOf("grace", 0),
    revalidateMs: msOf("staleWhileRevalidate", 0),
    refreshAheadRatio: numberOf("refreshAhead", 1),
    earlyRefreshBeta: numberOf("earlyRefresh", 0),
    negativeTtlMs: negativeTtl === undefined || negativeTtl === false ? undefined : toMs(negativeTtl),
    errorTtlMs: msOf("errorTtl", 0),
    isFleetWide: settingOf("distributedSingleFlight") === true,
    leaseMs: lease === undefined ? undefined : toMs(lease),
  };
  return Object.freeze({
    policy: Object.freeze(policy),
    maxBackgroundLoads: numberOf("maxBackgroundLoads", 0),
    breaker: Object.freeze({
      failureCount: numberOf("breakerFailures", 0),
      minOpenMs: msOf("breakerMinPause", 0),
      maxOpenMs: msOf("breakerMaxPause", 0),
    }),
  });
}

/** Durations were checked before, so the texts parse. */
function toMs(duration: Duration): number {
  return typeof duration === "number" ? duration : (parseDuration(duration) as number);
}
