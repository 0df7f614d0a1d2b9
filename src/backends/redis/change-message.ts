import type { ClearedShard, KeyChange, StoreChange } from "../../backend/change-feed.ts";
import { decodeKeyText } from "./key-text.ts";
import { readNumber, VERSION_LIMIT_BYTE } from "./record.ts";
import { SHARD_COUNT, shardOfDataKey, shardOfKey, storedKeyOf } from "./redis-key-layout.ts";

/** Kinds of messages by their first byte. */
export const CHANGE_KIND = { keys: 75, tags: 84, clear: 67, released: 82, nothing: 80 } as const;

/** Heads before and after, and the length, in front of each key. */
export const KEY_HEAD_BYTES = 20;
const TAGS_HEAD_BYTES = 17;
const CLEARED_SHARD_BYTES = 18;

const UNKNOWN: readonly StoreChange[] = [{ kind: "unknown" }];
const NOTHING: readonly StoreChange[] = [];

/**
 * What a message of the scripts tells of changes. All numbers big endian:
 *
 * ```text
 * K   (head before 8 · version 8 · length 4 · Redis key) …      entries changed, in this order
 * T   clock before 8 · clock after 8 · (length 4 · tag) …       tags were invalidated
 * C   count 2 · (shard 2 · head before 8 · version 8) … · path  a namespace was cleared
 * R   Redis key                                                 a token was given back: nothing changed
 * P                                                             nothing
 * ```
 *
 * A head before of 0 is one that the server does not have, perhaps not any more: it joins nothing. Keys that are no entries of this layout are passed over.
 * Everything that contradicts itself is unknown as a whole; nothing here throws, whoever may have published it.
 */
export function decodeChanges(message: Buffer): readonly StoreChange[] {
  switch (message[0]) {
    case CHANGE_KIND.keys:
      return decodeKeys(message) ?? UNKNOWN;
    case CHANGE_KIND.tags:
      return decodeTags(message) ?? UNKNOWN;
    case CHANGE_KIND.clear:
      return decodeClear(message) ?? UNKNOWN;
    case CHANGE_KIND.released:
      return NOTHING;
    case CHANGE_KIND.nothing:
      return message.length === 1 ? NOTHING : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

/**
 * Calls back with where each key of a `K` message begins and ends. @returns whether the message was whole: what was called back before counts all the same
 */
export function eachChangedKey(message: Buffer, onKey: (head: number, start: number, end: number) => void): boolean {
  let at = 1;
  while (at + KEY_HEAD_BYTES <= message.length) {
    const start = at + KEY_HEAD_BYTES;
    const end = start + message.readUInt32BE(start - 4);
    if (end > message.length) return false;
    onKey(at, start, end);
    at = end;
  }
  return at === message.length;
}

function decodeKeys(message: Buffer): readonly StoreChange[] | undefined {
  const changes: KeyChange[] = [];
  let isSound = true;
  const isWhole = eachChangedKey(message, (head, start, end) => {
    const step = stepAt(message, head);
    if (step === undefined) isSound = false;
    else addChange(changes, message.subarray(start, end), step);
  });
  return isWhole && isSound ? changes : undefined;
}

function addChange(changes: KeyChange[], redisKey: Buffer, { before, after }: Step): void {
  const shard = shardOfDataKey(redisKey);
  if (shard === undefined) return;
  const key = storedKeyOf(redisKey);
  // Another layout's, or bytes that no key is written as: nobody here can have a copy of it.
  if (shardOfKey(key) === shard) changes.push({ kind: "change", key, version: after, previousHead: before });
}

function decodeTags(message: Buffer): readonly StoreChange[] | undefined {
  const step = message.length < TAGS_HEAD_BYTES ? undefined : stepAt(message, 1);
  if (step === undefined) return undefined;
  const tags: string[] = [];
  let at = TAGS_HEAD_BYTES;
  while (at + 4 <= message.length) {
    const start = at + 4;
    at = start + message.readUInt32BE(at);
    if (at > message.length) return undefined;
    tags.push(decodeKeyText(message.subarray(start, at)));
  }
  if (at !== message.length) return undefined;
  return [{ kind: "tags", tags, number: step.after, previousNumber: step.before }];
}

function decodeClear(message: Buffer): readonly StoreChange[] | undefined {
  const count = message.length < 3 ? 0 : message.readUInt16BE(1);
  const end = 3 + count * CLEARED_SHARD_BYTES;
  if (end > message.length) return undefined;
  const heads: ClearedShard[] = [];
  for (let at = 3; at < end; at += CLEARED_SHARD_BYTES) {
    const shard = message.readUInt16BE(at);
    const step = stepAt(message, at + 2);
    if (shard >= SHARD_COUNT || step === undefined) return undefined;
    heads.push({ shard, previousHead: step.before, version: step.after });
  }
  return [{ kind: "clear", path: decodeKeyText(message.subarray(end)), heads }];
}

interface Step {
  readonly before: number | undefined;
  readonly after: number;
}

/** Two numbers of which the second is larger; `undefined` for anything else. */
function stepAt(message: Buffer, at: number): Step | undefined {
  if (!isNumberAt(message, at) || !isNumberAt(message, at + 8)) return undefined;
  const before = readNumber(message, at);
  const after = readNumber(message, at + 8);
  if (after <= before) return undefined;
  // Who lost the head says 0, which is not above anything that a listener knows: it would seem to join.
  return { before: before === 0 ? undefined : before, after };
}

function isNumberAt(message: Buffer, at: number): boolean {
  return message[at] === 0 && (message[at + 1] as number) < VERSION_LIMIT_BYTE;
}
