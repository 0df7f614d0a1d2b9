import { decodeLetterBytes, encodeLetterBytes } from "./letter-bytes.ts";
import {
  bytes,
  count,
  flag,
  integer,
  list,
  number,
  optional,
  pair,
  record,
  type Shape,
  text,
  union,
  word,
} from "./letter-shape.ts";
import type { OwnerNews, OwnerOp, OwnerRequest } from "./owner-request.ts";
import type { RightAsk, RightGrant } from "./owner-rights.ts";

/** A request on its way. */
export interface OwnerCall {
  /** Chosen by the sender; comes back. */
  readonly id: number;
  /** By which view the sender asks this node. */
  readonly view: string;
  readonly request: OwnerRequest;
}

/** What becomes of a request. */
export type OwnerReply =
  | { readonly kind: "answer"; readonly answer: unknown }
  /** Nothing was done: the two have other views. */
  | { readonly kind: "away" }
  /** Nothing was done: the owner may not act yet, for about so long. */
  | { readonly kind: "later"; readonly waitMs: number }
  /** The owner could not do it; nothing was changed. */
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly sizes: readonly number[] };

/** What one node sends another at a time. */
export interface OwnerLetter {
  /** The largest version that the sender knows. */
  readonly clock: number;
  readonly calls?: readonly OwnerCall[] | undefined;
  readonly replies?: ReadonlyArray<readonly [id: number, reply: OwnerReply]> | undefined;
  readonly news?: readonly OwnerNews[] | undefined;
  readonly ask?: RightAsk | undefined;
  readonly grant?: RightGrant | undefined;
  /** The sender acts no more, and has no copies. */
  readonly leaving?: boolean | undefined;
}

const condition = union("kind", {
  absent: record({ kind: text }),
  version: record({ kind: text, version: number }),
});
const write = record({
  value: bytes,
  ttlMs: number,
  staleMs: optional(number),
  tags: list(text),
  condition: optional(condition),
  returnPrevious: optional(flag),
  tagsUnchangedSince: optional(number),
});
const entry = record({ value: bytes, version: number, expiresAt: number, tags: list(text) });
const stamp = record({ shard: count, head: number, epoch: text, bornAtMs: number });
const key = text;
const op = text;

const REQUESTS: Readonly<Record<OwnerOp, Shape>> = {
  read: record({ op, keys: list(key), isStale: flag }),
  take: record({ op, key, tokenMs: number, takesOver: flag }),
  fill: record({ op, key, token: text, write }),
  renew: record({ op, key, version: number, token: optional(text), ttlMs: number, staleMs: optional(number) }),
  release: record({ op, key, token: text }),
  claim: record({ op, key, version: number, claimMs: number }),
  unclaim: record({ op, key, version: number }),
  set: record({ op, items: list(pair(key, write)) }),
  delete: record({ op, keys: list(key) }),
  expire: record({ op, key, ttlMs: number }),
  increment: record({
    op,
    key,
    request: record({
      ...{ delta: integer, initial: integer, ttlMs: number, tags: optional(list(text)) },
      ...{ minimum: integer, maximum: integer, opId: optional(text) },
    }),
  }),
  commit: record({
    op,
    checks: list(record({ key, version: number })),
    writes: list(record({ key, write: optional(write) })),
  }),
  lock: record({
    op,
    request: union("kind", {
      acquire: record({ kind: text, key, owner: text, ttlMs: number }),
      extend: record({ kind: text, key, owner: text, ttlMs: number }),
      release: record({ kind: text, key, owner: text }),
    }),
  }),
  heads: record({ op, shards: list(count) }),
  clock: record({ op }),
  tags: record({ op, tags: list(text), number }),
  clear: record({ op, path: text }),
  scan: record({ op, prefix: text, isStaleListed: flag }),
  "scan-on": record({ op, cursor: count }),
  "scan-off": record({ op, cursor: count }),
};

const slice = record({ keys: list(key), cursor: count });
const cleared = record({ shard: count, previousHead: optional(number), version: number });

/** What the answers to each request look like. */
export const ANSWERS: Readonly<Record<OwnerOp, Shape>> = {
  read: list(record({ entry: optional(entry), stamp })),
  take: record({ kind: word("hit", "token", "busy"), entry: optional(entry), token: text, remainingMs: number, stamp }),
  fill: record({ stored: flag, version: number, stamp }),
  renew: record({ isThere: flag, stored: flag, version: number, stamp }),
  release: flag,
  claim: flag,
  unclaim: flag,
  set: list(record({ stored: flag, version: number, previous: optional(entry) })),
  delete: list(record({ wasThere: flag, version: number })),
  expire: flag,
  increment: record({ value: integer, version: number }),
  commit: record({ committed: flag, versions: list(number) }),
  lock: union("kind", {
    held: record({ kind: text, token: number }),
    released: record({ kind: text }),
    busy: record({ kind: text, remainingMs: number }),
    lost: record({ kind: text }),
  }),
  heads: list(stamp),
  clock: number,
  tags: flag,
  clear: list(cleared),
  scan: slice,
  "scan-on": slice,
  "scan-off": flag,
};

const reply = union("kind", {
  // Which answer it is only who asked knows.
  answer: record({ kind: text, answer: () => undefined }),
  away: record({ kind: text }),
  later: record({ kind: text, waitMs: number }),
  failed: record({ kind: text, code: text, message: text, sizes: list(number) }),
});

const news = union("kind", {
  change: record({ kind: text, key, version: number, previousHead: optional(number) }),
  tags: record({ kind: text, tags: list(text), number, previousNumber: optional(number) }),
  clear: record({ kind: text, path: text, heads: list(cleared) }),
  unknown: record({ kind: text }),
  freed: record({ kind: text, key }),
});

const LETTER = record({
  clock: number,
  calls: optional(list(record({ id: count, view: text, request: union("op", REQUESTS) }))),
  replies: optional(list(pair(count, reply))),
  news: optional(list(news)),
  ask: optional(record({ view: text, sentAtMs: number })),
  grant: optional(record({ view: text, sentAtMs: number, lostForMs: number, viewNumber: count, ownedWithout: number })),
  leaving: optional(flag),
});

/** A letter as bytes. */
export function encodeOwnerLetter(letter: OwnerLetter): Buffer {
  return encodeLetterBytes(letter);
}

/** The letter of these bytes. @throws MalformedLetterError when they are none, or one of another version */
export function decodeOwnerLetter(letter: Buffer): OwnerLetter {
  const content = decodeLetterBytes(letter);
  LETTER(content, "letter");
  return content as OwnerLetter;
}
