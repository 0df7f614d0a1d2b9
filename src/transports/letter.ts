import type { CoherenceMessage } from "../coherence/coherence-message.ts";
import { LetterReader } from "./letter-reader.ts";
import { LetterWriter } from "./letter-writer.ts";

/** What a node says of itself: that it is there (and wants to know who else is), that it is there (as an answer), that it leaves. */
export type PresenceNote = { readonly kind: "hello" } | { readonly kind: "here" } | { readonly kind: "bye" };

/** What a letter holds. */
export type LetterContent = CoherenceMessage | PresenceNote;

/** A letter that was read. */
export interface Letter {
  /** Id of the node that sent it. */
  readonly from: string;
  readonly content: LetterContent;
}

const FORMAT = 1;
const UNKNOWN: LetterContent = { kind: "unknown" };
/** What each kind is written as. Numbers are never used again for something else. */
const CODES = {
  hello: 1,
  here: 2,
  bye: 3,
  unknown: 4,
  change: 5,
  tags: 6,
  clear: 7,
  "ack-ask": 8,
  ack: 9,
  dirty: 10,
} as const;

/**
 * A letter as bytes, big endian:
 *
 * ```text
 * format 1 = 1 · kind 1 · text from · then, by the kind
 * 1 hello · 2 here · 3 bye · 4 unknown      nothing
 * 5 change      text key · number version · number head before
 * 6 tags        count 4 · text tag … · number clock after · number clock before
 * 7 clear       text path · count 4 · (shard 2 · number head before · number version) …
 * 8 ack-ask     number id · text key · number version
 * 9 ack         number id
 * 10 dirty      shard count 4 · count 4 · (shard 2 · number head) …
 *
 * text     length in bytes 4 · UTF-16 little endian: exact for every key, also for halves of surrogate pairs
 * number   a double; NaN: not known
 * ```
 */
export function encodeLetter({ from, content }: Letter): Uint8Array {
  const writer = new LetterWriter();
  writer.byte(FORMAT);
  writer.byte(CODES[content.kind]);
  writer.text(from);
  writeContent(writer, content);
  return writer.finish();
}

/**
 * Reads a letter. `undefined` where it does not even say whom it is from; a content of another format, of a kind that is not known, or that contradicts itself is `unknown`: whoever
 * sent it meant something. Never throws.
 */
export function decodeLetter(bytes: Uint8Array): Letter | undefined {
  const reader = new LetterReader(bytes);
  const format = reader.byte();
  const kind = reader.byte();
  const from = reader.text();
  if (reader.isBroken || from === "") return undefined;
  const content = format === FORMAT ? readContent(reader, kind) : UNKNOWN;
  return { from, content: reader.isBroken || (format === FORMAT && !reader.isAtEnd) ? UNKNOWN : content };
}

function writeContent(writer: LetterWriter, content: LetterContent): void {
  switch (content.kind) {
    case "change":
      writer.text(content.key);
      writer.number(content.version);
      writer.number(content.previousHead);
      break;
    case "tags":
      writer.count(content.tags.length);
      for (const tag of content.tags) writer.text(tag);
      writer.number(content.number);
      writer.number(content.previousNumber);
      break;
    case "clear":
      writer.text(content.path);
      writer.count(content.heads.length);
      for (const { shard, previousHead, version } of content.heads) {
        writer.shard(shard);
        writer.number(previousHead);
        writer.number(version);
      }
      break;
    case "ack-ask":
      writer.number(content.id);
      writer.text(content.key);
      writer.number(content.version);
      break;
    case "ack":
      writer.number(content.id);
      break;
    case "dirty":
      writer.count(content.shardCount);
      writer.count(content.shards.length);
      for (const { shard, head } of content.shards) {
        writer.shard(shard);
        writer.number(head);
      }
      break;
    default:
  }
}

function readContent(reader: LetterReader, kind: number): LetterContent {
  switch (kind) {
    case CODES.hello:
      return { kind: "hello" };
    case CODES.here:
      return { kind: "here" };
    case CODES.bye:
      return { kind: "bye" };
    case CODES.change:
      return { kind: "change", key: reader.text(), version: reader.number(), previousHead: reader.number() };
    case CODES.tags:
      return {
        kind: "tags",
        tags: reader.list(() => reader.text()),
        number: reader.number(),
        previousNumber: reader.number(),
      };
    case CODES.clear:
      return { kind: "clear", path: reader.text(), heads: reader.list(() => readShard(reader)) };
    case CODES["ack-ask"]:
      return { kind: "ack-ask", id: reader.known(), key: reader.text(), version: reader.known() };
    case CODES.ack:
      return { kind: "ack", id: reader.known() };
    case CODES.dirty:
      return {
        kind: "dirty",
        shardCount: reader.count(),
        shards: reader.list(() => ({ shard: reader.shard(), head: reader.number() })),
      };
    default:
      return UNKNOWN;
  }
}

function readShard(reader: LetterReader): {
  readonly shard: number;
  readonly previousHead: number | undefined;
  readonly version: number;
} {
  return { shard: reader.shard(), previousHead: reader.number(), version: reader.known() };
}
