import type { EntryGlance, WatchedEntry } from "../../server/entry-glance.ts";

/** What is remembered of a key between two looks. */
export type KnownKey =
  | { readonly kind: "absent" }
  | {
      readonly kind: "entry";
      readonly entry: WatchedEntry;
      /** When it expires, by the watcher's clock; `Infinity`: never. */
      readonly expiresAt: number;
    };

/**
 * What happened to a key:
 *
 * - `present`, `absent`: how it was at the first look.
 * - `appeared`, `changed`, `gone`: written, written again, deleted or expired.
 * - `ttl`: the same value got another end.
 */
export type KeyChangeKind = "present" | "absent" | "appeared" | "changed" | "gone" | "ttl";

/** A change with what is there now. */
export interface KeyChange {
  readonly kind: KeyChangeKind;
  readonly known: KnownKey;
}

/**
 * How far the end of an entry may seem to move without having moved: nodes tell TTLs in whole ms, and an answer takes its time.
 */
const TTL_SLACK_MS = 250;

/**
 * Compares a look at a key with what was known of it.
 *
 * @param before `undefined` at the first look
 * @param nowMs when the answer came
 * @param tookMs how long the answer took: its TTL may be that old
 * @returns what changed, or `undefined` when nothing did
 */
export function findKeyChange(
  before: KnownKey | undefined,
  glance: EntryGlance,
  nowMs: number,
  tookMs: number,
): KeyChange | undefined {
  if (glance.kind === "absent") {
    if (before?.kind === "absent") return undefined;
    return { kind: before === undefined ? "absent" : "gone", known: { kind: "absent" } };
  }
  if (glance.kind === "entry") {
    const kind = before === undefined ? "present" : before.kind === "absent" ? "appeared" : "changed";
    return { kind, known: { kind: "entry", entry: glance.entry, expiresAt: nowMs + glance.entry.ttl } };
  }
  return before?.kind === "entry" ? findTtlChange(before, glance.ttl, nowMs, tookMs) : undefined;
}

function findTtlChange(
  before: KnownKey & { readonly kind: "entry" },
  ttl: number,
  nowMs: number,
  tookMs: number,
): KeyChange | undefined {
  const expiresAt = nowMs + ttl;
  // Infinity minus Infinity is no number, and no change.
  const movedMs = Math.abs(expiresAt - before.expiresAt);
  if (!(movedMs > TTL_SLACK_MS + tookMs)) return undefined;
  return { kind: "ttl", known: { kind: "entry", entry: { ...before.entry, ttl }, expiresAt } };
}
