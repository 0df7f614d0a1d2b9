import type { Duration } from "../../foundation/duration.ts";
import type { FieldTable } from "../field.ts";
import { BACKOFF, INTERVAL, TTL } from "../field-limits.ts";

const DAY_MS = 86_400_000;

/** How values are loaded when neither the call nor the namespace says it. */
export interface LoadingConfig {
  /**
   * How long a caller waits for a loader before its call fails. `false`: for ever. Default: `"30s"`. Range: a
   * duration from "1ms" to "1d", or false or Infinity for "never".
   */
  readonly hardTimeout?: Duration | false | undefined;
  /**
   * How long a caller waits before it takes what stands in, and for a store that does not answer before it loads
   * without it. Less than `hardTimeout`. Default: never. Range: a duration from "1ms" to "1d", or false or Infinity
   * for "never".
   */
  readonly softTimeout?: Duration | false | undefined;
  /**
   * How long after its TTL a value may stand in when the loader fails or is slow. Refused for stores that keep
   * nothing so long; entries with `sliding` refuse it. Default: off. Range: a duration from "1ms" to "36525d", or
   * false for "off".
   */
  readonly grace?: Duration | false | undefined;
  /**
   * How long after its TTL a value is served at once while one caller loads it anew in the background. Refused as
   * `grace`. Default: off. Range: a duration from "1ms" to "36525d", or false for "off".
   */
  readonly staleWhileRevalidate?: Duration | false | undefined;
  /**
   * Share of the TTL after which the next caller loads anew in the background, for example 0.8. Default: off. Range:
   * a number above 0 and below 1, or false for "off".
   */
  readonly refreshAhead?: number | false | undefined;
  /**
   * Weight of the probabilistic early refresh (XFetch): the closer the end of the TTL and the longer a load takes,
   * the likelier a caller loads anew in the background. 1 is a good value. Default: off. Range: a number above 0, or
   * false for "off".
   */
  readonly earlyRefresh?: number | false | undefined;
  /**
   * TTL of "there is none": what a loader returns as `undefined` or `null` is kept as `null` for so long. Off:
   * `undefined` is not stored, and `null` is a value like others. Default: off. Range: a duration from "1ms" to
   * "36525d", or false for "off".
   */
  readonly negativeTtl?: Duration | false | undefined;
  /**
   * How long a failed load is remembered in this process: callers get its error, or what stands in, and the loader is
   * not called. Default: off. Range: a duration from "1ms" to "36525d", or false for "off".
   */
  readonly errorTtl?: Duration | false | undefined;
  /**
   * Whether one process of a fleet loads a key and the others wait for it, where the store can: Redis and Memcached
   * in mode `coherent`. Default: `true`.
   */
  readonly distributedSingleFlight?: boolean | undefined;
  /**
   * How long a process of the fleet may load a key before another takes over. Has no effect where the store knows of
   * no fleet. Default: that of `hardTimeout`, at most 10 s. Range: a duration from "10ms" to "1d".
   */
  readonly lease?: Duration | undefined;
  /**
   * Most loads that run in the background at a time. Where there is no room what is there is served all the same, and
   * a later call tries again. Default: `32`. Range: a whole number from 1 to 65536.
   */
  readonly maxBackgroundLoads?: number | undefined;
  /**
   * Failures in a row of a remote store after which loads do without it for a while. Half of at least four times as
   * many calls within 10 s have the same effect. Has no effect where the store is in this process. Default: `5`.
   * Range: a whole number from 1 to 10000.
   */
  readonly breakerFailures?: number | undefined;
  /**
   * How long loads do without a store that failed, at first. Each failed trial doubles it. Has no effect where the
   * store is in this process. Default: `"500ms"`. Range: a duration from "1ms" to "1m".
   */
  readonly breakerMinPause?: Duration | undefined;
  /**
   * The longest that loads do without a store before they try it again. Not less than `breakerMinPause`. Has no
   * effect where the store is in this process. Default: `"30s"`. Range: a duration from "1ms" to "1h".
   */
  readonly breakerMaxPause?: Duration | undefined;
}

/** Rows of the section `loading`. */
export const LOADING_FIELDS: FieldTable<LoadingConfig> = {
  hardTimeout: {
    kind: "duration",
    doc: "How long a caller waits for a loader before its call fails. `false`: for ever.",
    default: "30s",
    minMs: 1,
    maxMs: DAY_MS,
    never: true,
  },
  softTimeout: {
    kind: "duration",
    doc: "How long a caller waits before it takes what stands in, and for a store that does not answer before it loads without it. Less than `hardTimeout`.",
    default: false,
    minMs: 1,
    maxMs: DAY_MS,
    never: true,
  },
  grace: {
    ...TTL,
    doc: "How long after its TTL a value may stand in when the loader fails or is slow. Refused for stores that keep nothing so long; entries with `sliding` refuse it.",
    default: false,
    off: true,
  },
  staleWhileRevalidate: {
    ...TTL,
    doc: "How long after its TTL a value is served at once while one caller loads it anew in the background. Refused as `grace`.",
    default: false,
    off: true,
  },
  refreshAhead: {
    kind: "number",
    doc: "Share of the TTL after which the next caller loads anew in the background, for example 0.8.",
    default: false,
    below: 1,
    off: true,
  },
  earlyRefresh: {
    kind: "number",
    doc: "Weight of the probabilistic early refresh (XFetch): the closer the end of the TTL and the longer a load takes, the likelier a caller loads anew in the background. 1 is a good value.",
    default: false,
    off: true,
  },
  negativeTtl: {
    ...TTL,
    doc: 'TTL of "there is none": what a loader returns as `undefined` or `null` is kept as `null` for so long. Off: `undefined` is not stored, and `null` is a value like others.',
    default: false,
    off: true,
  },
  errorTtl: {
    ...TTL,
    doc: "How long a failed load is remembered in this process: callers get its error, or what stands in, and the loader is not called.",
    default: false,
    off: true,
  },
  distributedSingleFlight: {
    kind: "boolean",
    doc: "Whether one process of a fleet loads a key and the others wait for it, where the store can: Redis and Memcached in mode `coherent`.",
    default: true,
  },
  lease: {
    ...INTERVAL,
    doc: "How long a process of the fleet may load a key before another takes over. Has no effect where the store knows of no fleet.",
    defaultDoc: "that of `hardTimeout`, at most 10 s",
  },
  maxBackgroundLoads: {
    kind: "integer",
    doc: "Most loads that run in the background at a time. Where there is no room what is there is served all the same, and a later call tries again.",
    default: 32,
    min: 1,
    max: 65_536,
  },
  breakerFailures: {
    kind: "integer",
    doc: "Failures in a row of a remote store after which loads do without it for a while. Half of at least four times as many calls within 10 s have the same effect. Has no effect where the store is in this process.",
    default: 5,
    min: 1,
    max: 10_000,
  },
  breakerMinPause: {
    ...BACKOFF,
    minMs: 1,
    doc: "How long loads do without a store that failed, at first. Each failed trial doubles it. Has no effect where the store is in this process.",
    default: "500ms",
  },
  breakerMaxPause: {
    ...BACKOFF,
    minMs: 1,
    maxMs: 3_600_000,
    doc: "The longest that loads do without a store before they try it again. Not less than `breakerMinPause`. Has no effect where the store is in this process.",
    default: "30s",
  },
};
