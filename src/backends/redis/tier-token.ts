import type { LoadToken } from "../../backend/load-tier.ts";

/**
 * A token as callers have it: what the server wrote into the record, and where the clock of tags stood when it was given out, so that a load during which one of its tags was
 * invalidated is refused although nobody took a stamp.
 *
 * ```text
 * 9f86d081884c7d65.1764374400000000        the number is missing where nobody could ask the clock
 * ```
 */
export interface TierToken {
  readonly id: string;
  /** Tags that were invalidated later have larger numbers. `undefined`: not known. */
  readonly tagsSeen: number | undefined;
}

const TOKEN = /^([0-9a-f]{16})\.(\d*)$/;
/** Held by no record. */
const VOID: TierToken = { id: "-", tagsSeen: undefined };

/** Reads a token; what is none is void. */
export function readToken(token: LoadToken): TierToken {
  const [, id, tagsSeen] = (typeof token === "string" ? TOKEN.exec(token) : null) ?? [];
  if (id === undefined) return VOID;
  return { id, tagsSeen: tagsSeen ? Number(tagsSeen) : undefined };
}
