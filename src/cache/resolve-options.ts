import type { OperationContext } from "../backend/backend.ts";
import { resolveTags } from "../entry/tag.ts";
import { jitterTtlMs, resolveTtlMs, type Ttl } from "../entry/ttl.ts";
import type { WriteReceipt } from "../entry/write-receipt.ts";
import { type Duration, parseDuration } from "../foundation/duration.ts";
import { InvalidArgumentError } from "../foundation/errors.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import { assertOptions, optionError } from "./assert-options.ts";
import { type LoadPolicy, resolveLoadPolicy } from "./load-policy.ts";
import type {
  CallOptions,
  GetOrSetOptions,
  NamespaceDefaults,
  ReadOptions,
  SetOptions,
  TtlOrSetOptions,
} from "./options.ts";
import { InheritedDefaults, type ViewDefaults } from "./view-defaults.ts";

/** Attempts of optimistic writes when nothing is said. With full jitter, 16 settle dozens of competing writers. */
export const DEFAULT_MAX_ATTEMPTS = 16;

/** The options of a write, resolved. */
export interface ResolvedSet {
  /** After jitter. 0: the key ends up absent. */
  readonly ttlMs: number;
  readonly sliding: boolean;
  readonly tags: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Whether to wait until no process can serve what was there before. */
  readonly waitsForAll: boolean;
}

/** The options of a load, resolved. The TTL's jitter is applied when the result is stored. */
export interface ResolvedGetOrSet {
  readonly ttlMs: number;
  readonly sliding: boolean;
  readonly jitter: number;
  readonly tags: readonly string[];
  readonly signal: AbortSignal | undefined;
  readonly load: LoadPolicy;
  readonly isForced: boolean;
}

/** The signal of checked call options. */
export function signalOf(options: CallOptions | undefined): AbortSignal | undefined {
  assertOptions("call", options);
  return options?.signal;
}

/**
 * What a read may not be older than.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION` for what is no receipt of a write of this key
 */
export function resolveAfter(key: string, options: ReadOptions | undefined): OperationContext["notBefore"] {
  assertOptions("read", options);
  const after: unknown = options?.after;
  if (after === undefined) return undefined;
  const { key: written, version, epoch } = (after ?? {}) as Partial<WriteReceipt>;
  if (written !== key) throw optionError("after", "after must be the receipt of a write of this key.");
  if (Number.isSafeInteger(version) && typeof epoch === "string") return { version: version as number, epoch };
  throw optionError("after", "after must be a receipt as set() returns it.");
}

/** Resolves the last argument of a write: a TTL, options, or nothing. */
export function resolveSet(
  ttlOrOptions: TtlOrSetOptions | undefined,
  defaults: ViewDefaults,
  random: RandomSource,
): ResolvedSet {
  const options = toSetOptions(ttlOrOptions);
  assertOptions("set", options);
  return resolveSetOptions(options, defaults, random);
}

/** Resolves options that include those of a write and were checked by name already. */
export function resolveSetOptions(
  options: SetOptions | undefined,
  defaults: ViewDefaults,
  random: RandomSource,
): ResolvedSet {
  assertAck(options?.ack);
  const ttlMs = options?.ttl === undefined ? defaults.ttlMs : resolveTtlMs(options.ttl);
  const jitter = options?.jitter === undefined ? defaults.jitter : resolveRatio("jitter", options.jitter);
  return {
    // Shortened first: entries that all want more than there is would end together in spite of their jitter.
    ttlMs: jitterTtlMs(Math.min(ttlMs, defaults.maxTtlMs), jitter, random),
    sliding: resolveFlag("sliding", options?.sliding, defaults.sliding),
    tags: mergeTags(defaults.tags, options?.tags),
    signal: options?.signal,
    waitsForAll: options?.ack === "all",
  };
}

/** Resolves the options of `getOrSet`. */
export function resolveGetOrSet(options: GetOrSetOptions | undefined, defaults: ViewDefaults): ResolvedGetOrSet {
  assertOptions("getOrSet", options);
  return {
    ttlMs: Math.min(options?.ttl === undefined ? defaults.ttlMs : resolveTtlMs(options.ttl), defaults.maxTtlMs),
    sliding: resolveFlag("sliding", options?.sliding, defaults.sliding),
    jitter: options?.jitter === undefined ? defaults.jitter : resolveRatio("jitter", options.jitter),
    tags: mergeTags(defaults.tags, options?.tags),
    signal: options?.signal,
    load: resolveLoadPolicy(options, defaults.load),
    isForced: resolveFlag("forceFresh", options?.forceFresh, false),
  };
}

/** Resolves a namespace's defaults over those of its parent. Tags add up; the rest is replaced. */
export function resolveNamespaceDefaults(own: NamespaceDefaults | undefined, parent: ViewDefaults): ViewDefaults {
  assertOptions("namespace", own);
  const kept = own && { ...own };
  return new InheritedDefaults(
    {
      ttlMs: own?.ttl === undefined ? undefined : resolveTtlMs(own.ttl),
      sliding: resolveFlag("sliding", own?.sliding, parent.sliding),
      jitter: own?.jitter === undefined ? parent.jitter : resolveRatio("jitter", own.jitter),
      tags: mergeTags(parent.tags, own?.tags),
      loadOver: (load) => resolveLoadPolicy(kept, load),
    },
    parent,
  );
}

/** The number of attempts of an optimistic write. */
export function resolveMaxAttempts(maxAttempts: number | undefined): number {
  if (maxAttempts === undefined) return DEFAULT_MAX_ATTEMPTS;
  if (Number.isInteger(maxAttempts) && maxAttempts >= 1 && maxAttempts <= 1_000) return maxAttempts;
  throw optionError("maxAttempts", "maxAttempts must be an integer from 1 to 1,000.");
}

/** Milliseconds of a lease: above 0, and with an end. */
export function resolveLeaseMs(ttl: Duration): number {
  const ttlMs = resolveTtlMs(ttl);
  if (ttlMs > 0 && ttlMs !== Number.POSITIVE_INFINITY) return ttlMs;
  throw new InvalidArgumentError(
    "GCX_ARGUMENT_TTL",
    "ttl",
    "A lock needs a ttl above 0 that ends: a lock without an end is a hang. Extend it while the work goes on.",
  );
}

/** Milliseconds of a duration that may be 0. */
export function resolveWaitMs(name: string, value: number | string | undefined): number {
  if (value === undefined) return 0;
  const waitMs = typeof value === "string" ? parseDuration(value) : value;
  if (typeof waitMs === "number" && waitMs >= 0) return waitMs;
  throw optionError(name, `${name} must be milliseconds ≥ 0, text such as "5s", or Infinity.`);
}

/** A text option that may be absent. */
export function resolveText(name: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === "string" && value !== "")) return value as string | undefined;
  throw optionError(name, `${name} must be a non-empty string.`);
}

function toSetOptions(ttlOrOptions: TtlOrSetOptions | undefined): SetOptions | undefined {
  if (ttlOrOptions === undefined) return undefined;
  if (typeof ttlOrOptions === "object" && ttlOrOptions !== null) return ttlOrOptions;
  return { ttl: ttlOrOptions satisfies Ttl };
}

function mergeTags(defaults: readonly string[], own: readonly string[] | undefined): readonly string[] {
  if (own === undefined) return defaults;
  return resolveTags(defaults.length === 0 || !Array.isArray(own) ? own : [...defaults, ...own]);
}

function resolveRatio(name: string, value: unknown): number {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  throw optionError(name, `${name} must be a ratio from 0 to 1.`);
}

function resolveFlag(name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined || typeof value === "boolean") return value ?? otherwise;
  throw optionError(name, `${name} must be true or false.`);
}

function assertAck(ack: unknown): void {
  if (ack !== undefined && ack !== "store" && ack !== "all") throw optionError("ack", 'ack must be "store" or "all".');
}
