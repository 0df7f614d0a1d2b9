/**
 * Requests and replies of Memcached's meta protocol.
 *
 * Source: https://github.com/memcached/memcached/blob/master/doc/protocol.txt ("Meta Commands")
 */

/** A key as it goes over the wire: checked, 1 to 250 bytes without white space and control characters, perhaps base64. */
export interface MetaKey {
  /** The text as it is sent. */
  readonly text: string;
  /** Whether the text is base64 of the key (flag `b`). */
  readonly isBase64: boolean;
}

/**
 * Flags of a request as they are sent, with one space between them and their tokens: `"v c"`, `"T60 C123"`, `""`. Not `b`, `k`, `q` and
 * `O`: the client adds those.
 */
export type MetaFlags = string;

/** One request. */
export type MetaRequest =
  /** `mg`: reads. With flag `v` the reply brings the value. */
  | { readonly kind: "get"; readonly key: MetaKey; readonly flags: MetaFlags }
  /** `ms`: writes. */
  | { readonly kind: "set"; readonly key: MetaKey; readonly value: Uint8Array; readonly flags: MetaFlags }
  /** `md`: deletes. */
  | { readonly kind: "delete"; readonly key: MetaKey; readonly flags: MetaFlags }
  /** `ma`: adds to or takes from an unsigned 64-bit integer. */
  | { readonly kind: "arithmetic"; readonly key: MetaKey; readonly flags: MetaFlags }
  /** `mn`: nothing; answered when all before it is. */
  | { readonly kind: "noop" };

/** First word of a reply; see {@link MetaReply}. */
export type MetaStatus = "VA" | "HD" | "EN" | "NF" | "NS" | "EX" | "MN";

/** What the server answered. */
export interface MetaReply {
  /**
   * `VA`: with a value. `HD`: done, without a value. `EN`: a read that found nothing. `NF`: not found. `NS`: not stored. `EX`: exists with
   * another CAS number. `MN`: to a noop.
   */
  readonly status: MetaStatus;
  /**
   * The value, with `VA`. Nobody writes to its memory again. It may be a view of what came from the socket: whoever keeps a value for
   * long keeps at most 16 KiB, or eight times the value, alive.
   */
  readonly value: Buffer | undefined;
  /** The flags and tokens that the server returned, as it sent them, with one space between them; see {@link metaFlag}. */
  readonly flags: string;
}

/** The token of a flag in a reply: `metaFlag("c123 t-1", "c")` is `"123"`; `""` for a flag without one, `undefined` when it is not there. */
export function metaFlag(flags: string, flag: string): string | undefined {
  for (let start = 0; start < flags.length; ) {
    let end = flags.indexOf(" ", start);
    if (end < 0) end = flags.length;
    if (flags.startsWith(flag, start) && end > start) return flags.slice(start + 1, end);
    start = end + 1;
  }
  return undefined;
}
