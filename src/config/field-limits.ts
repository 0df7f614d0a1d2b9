import { MAX_TTL_MS } from "../entry/ttl.ts";
import type { DurationField, IntegerField, TextField } from "./field.ts";

/** Longest span that a timer of the platform can wait for (2^31 - 1 ms), a little under 25 days. */
const MAX_TIMER_DAYS_MS = 24 * 86_400_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

type DurationRange = Pick<DurationField, "kind" | "minMs" | "maxMs">;
type IntegerRange = Pick<IntegerField, "kind" | "min" | "max">;
type TextRange = Pick<TextField, "kind" | "minLength" | "maxLength">;

/** How long something remote may take: long enough for a slow network, never without an end. */
export const TIMEOUT: DurationRange = { kind: "duration", minMs: 1, maxMs: 10 * MINUTE_MS };
/** Pauses between attempts; 0 means none. */
export const BACKOFF: DurationRange = { kind: "duration", minMs: 0, maxMs: MINUTE_MS };
/** How often something is looked after. */
export const INTERVAL: DurationRange = { kind: "duration", minMs: 10, maxMs: DAY_MS };
/** How long an idle thing may stay. */
export const IDLE: DurationRange = { kind: "duration", minMs: 1_000, maxMs: MAX_TIMER_DAYS_MS };
/** Times to live; 0 means "already over" and would make a cache that stores nothing, so a default begins at 1 ms. */
export const TTL: DurationRange = { kind: "duration", minMs: 1, maxMs: MAX_TTL_MS };

/** TCP ports; 0 lets the system choose a free one. */
export const PORT: IntegerRange = { kind: "integer", min: 0, max: 65_535 };

/** Names, hosts, users. */
export const NAME: TextRange = { kind: "text", minLength: 1, maxLength: 1_024 };
/** Paths of files, and URLs. */
export const PATH: TextRange = { kind: "text", minLength: 1, maxLength: 4_096 };
/** Passwords and tokens; some providers hand out long ones. */
export const CREDENTIAL: TextRange = { kind: "text", minLength: 1, maxLength: 65_536 };

/** Far above what a dictionary is good for: 1 MiB. */
export const MAX_DICTIONARY_BYTES: number = 2 ** 20;
