import { type Duration, parseDuration } from "../foundation/duration.ts";
import type { EarlyRefreshPolicy } from "../loading/early-refresh.ts";
import type { StalePolicy } from "../loading/entry-standing.ts";
import { optionError } from "./assert-options.ts";
import type { LoadOptions } from "./options.ts";

/** How values are loaded: {@link LoadOptions}, resolved. */
export interface LoadPolicy extends StalePolicy, EarlyRefreshPolicy {
  readonly hardTimeoutMs: number;
  readonly softTimeoutMs: number;
  /** `undefined`: none of its own. */
  readonly negativeTtlMs: number | undefined;
  /** 0: failures are not remembered. */
  readonly errorTtlMs: number;
  readonly isFleetWide: boolean;
  /** What was said of the fleet's lease; `undefined`: nothing, see {@link fleetLeaseMs}. */
  readonly leaseMs: number | undefined;
}

/** What holds when nothing is said: long enough for slow sources, short enough to notice; nothing stale, no refresh, one loader in a fleet. */
export const DEFAULT_LOAD_POLICY: LoadPolicy = Object.freeze({
  hardTimeoutMs: 30_000,
  softTimeoutMs: Number.POSITIVE_INFINITY,
  graceMs: 0,
  revalidateMs: 0,
  refreshAheadRatio: 1,
  earlyRefreshBeta: 0,
  negativeTtlMs: undefined,
  errorTtlMs: 0,
  isFleetWide: true,
  leaseMs: undefined,
});

/** A loader that is dead must not hold up its fleet for longer, when nothing is said. */
const DEFAULT_LEASE_MS = 10_000;

/** How long a process may load before another one takes over. */
export function fleetLeaseMs({ leaseMs, hardTimeoutMs }: LoadPolicy): number {
  return leaseMs ?? Math.min(hardTimeoutMs, DEFAULT_LEASE_MS);
}

/** How long entries are kept beyond their TTL. */
export function staleMsOf({ graceMs, revalidateMs }: StalePolicy): number {
  return Math.max(graceMs, revalidateMs);
}

/** Resolves options over defaults. The defaults themselves when there is nothing to change. */
export function resolveLoadPolicy(options: LoadOptions | undefined, defaults: LoadPolicy): LoadPolicy {
  if (options === undefined || !saysAnything(options)) return defaults;
  const { distributedSingleFlight: fleet } = options;
  return Object.freeze({
    hardTimeoutMs: timeoutOf("hardTimeout", options.hardTimeout, defaults.hardTimeoutMs),
    softTimeoutMs: timeoutOf("softTimeout", options.softTimeout, defaults.softTimeoutMs),
    graceMs: spanOf("grace", options.grace, defaults.graceMs),
    revalidateMs: spanOf("staleWhileRevalidate", options.staleWhileRevalidate, defaults.revalidateMs),
    refreshAheadRatio: ratioOf(options.refreshAhead, defaults.refreshAheadRatio),
    earlyRefreshBeta: betaOf(options.earlyRefresh, defaults.earlyRefreshBeta),
    negativeTtlMs: negativeTtlOf(options.negativeTtl, defaults.negativeTtlMs),
    errorTtlMs: spanOf("errorTtl", options.errorTtl, defaults.errorTtlMs),
    isFleetWide: fleet === undefined ? defaults.isFleetWide : isFleetWide(fleet),
    leaseMs: typeof fleet === "object" ? leaseOf(fleet) : defaults.leaseMs,
  });
}

function saysAnything(options: LoadOptions): boolean {
  return (
    options.hardTimeout !== undefined ||
    options.softTimeout !== undefined ||
    options.grace !== undefined ||
    options.staleWhileRevalidate !== undefined ||
    options.refreshAhead !== undefined ||
    options.earlyRefresh !== undefined ||
    options.negativeTtl !== undefined ||
    options.errorTtl !== undefined ||
    options.distributedSingleFlight !== undefined
  );
}

/** Milliseconds above 0; `false`: for ever. */
function timeoutOf(name: string, value: Duration | false | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (value === false || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return positiveMs(name, value);
}

/** Milliseconds above 0; `false`: 0. */
function spanOf(name: string, value: Duration | false | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  return value === false ? 0 : finiteMs(name, value);
}

function negativeTtlOf(value: Duration | false | undefined, otherwise: number | undefined): number | undefined {
  if (value === undefined) return otherwise;
  return value === false ? undefined : finiteMs("negativeTtl", value);
}

function ratioOf(value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (value === false) return 1;
  if (typeof value === "number" && value > 0 && value < 1) return value;
  throw optionError(
    "refreshAhead",
    "refreshAhead must be a share of the TTL above 0 and below 1, for example 0.8, or false.",
  );
}

function betaOf(value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (value === false) return 0;
  if (typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw optionError("earlyRefresh", "earlyRefresh must be a weight above 0, for example 1, or false.");
}

function isFleetWide(fleet: unknown): boolean {
  if (typeof fleet === "boolean") return fleet;
  if (typeof fleet === "object" && fleet !== null && Object.keys(fleet).every((name) => name === "lease")) return true;
  throw optionError(
    "distributedSingleFlight",
    "distributedSingleFlight must be true, false, or { lease: a duration }.",
  );
}

function leaseOf({ lease }: { readonly lease: Duration }): number {
  return finiteMs("distributedSingleFlight", lease);
}

function positiveMs(name: string, value: unknown): number {
  const durationMs = typeof value === "string" ? parseDuration(value) : value;
  if (typeof durationMs === "number" && durationMs > 0) return durationMs;
  throw optionError(name, `${name} must be milliseconds above 0, text such as "5s", or false.`);
}

function finiteMs(name: string, value: unknown): number {
  const durationMs = positiveMs(name, value);
  if (durationMs < Number.POSITIVE_INFINITY) return durationMs;
  throw optionError(name, `${name} must have an end.`);
}
