import { Buffer } from "node:buffer";
import { brotliCompressSync, deflateRawSync, gzipSync } from "node:zlib";
import type { Codec } from "../../../src/codec/codec.ts";
import { type EnvelopeHead, readHead } from "../../../src/codec/envelope/envelope-head.ts";
import { CHECK_BYTES, ENVELOPE_MAGIC, PAYLOAD_KINDS } from "../../../src/codec/envelope/envelope-layout.ts";
import { testDictionary } from "../../support/codec/compressions.ts";
import { sealPayload, withTrueCheck } from "../../support/codec/seal-payload.ts";
import { flipBits, mutateBytes, randomBytes } from "./byte-mutations.ts";
import { CORPUS_KEY, type CodecCorpus, type FuzzCodecs } from "./codec-corpus.ts";
import { type Draw, pick } from "./fuzz-draw.ts";
import { hostileClone } from "./hostile-clones.ts";
import { writeHostileMsgpack } from "./hostile-msgpack.ts";
import { hostileTree, writeHostileJson } from "./hostile-trees.ts";

/** The name of a way to make cases. */
export type FuzzModeName =
  | "flip"
  | "damage"
  | "encrypted"
  | "checked"
  | "forged"
  | "payload"
  | "random"
  | "compressed"
  | "metadata"
  | "json"
  | "msgpack"
  | "v8"
  | "gob"
  | "integers"
  | "nested";

/** Bytes to decode, and what has to become of them. */
export interface FuzzCase {
  readonly bytes: Buffer;
  readonly codec: Codec;
  readonly storedKey: string;
  /** Whether nothing but a fault will do. */
  readonly mustFail: boolean;
}

type MakeCase = (corpus: CodecCorpus, codecs: FuzzCodecs, draw: Draw) => FuzzCase;

const KINDS: readonly number[] = [...Object.values(PAYLOAD_KINDS), 0, 11, 30, 255];
const COMPRESSOR_IDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 255];
const LENGTHS = [0, 1, 7, 64, 200, 2_048, 2_049, 65_536, 2 ** 26, 2 ** 26 + 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
const BOMB_BYTES = 2 ** 20;
/** What little may become much. */
const BOMBS: readonly (readonly [id: number, bytes: Buffer])[] = [
  [1, gzipSync(Buffer.alloc(BOMB_BYTES))],
  [2, brotliCompressSync(Buffer.alloc(BOMB_BYTES))],
  [6, deflateRawSync(Buffer.alloc(BOMB_BYTES))],
  [1, gzipSync(Buffer.alloc(BOMB_BYTES, "["))],
  [1, Buffer.concat(new Array<Buffer>(50).fill(gzipSync(Buffer.alloc(0))))],
  [5, Buffer.from([0x80, 0x80, 0x40, 0xfe, 1, 0, 0xfe, 1, 0])],
];

/** A case for the codec without keys, by a true envelope around some content. */
function sealed(codec: Codec, kind: number, content: Buffer, draw: Draw): FuzzCase {
  const bytes = sealPayload(kind, content, { isAscii: draw(4) === 0 });
  return { bytes, codec, storedKey: CORPUS_KEY, mustFail: false };
}

/** Envelopes, but for the integers, which have no check. */
function anEnvelope(envelopes: readonly Buffer[], draw: Draw): Buffer {
  for (;;) {
    const bytes = pick(envelopes, draw);
    if (bytes[0] === ENVELOPE_MAGIC) return bytes;
  }
}

function wide(codecs: FuzzCodecs, draw: Draw): Codec {
  return draw(8) === 0 ? codecs.narrow : codecs.clear;
}

/** The head with other fields than it had. */
function otherHead(head: EnvelopeHead, draw: Draw): EnvelopeHead {
  const { compression } = head;
  const id = pick(COMPRESSOR_IDS, draw);
  switch (draw(6)) {
    case 0:
      return { ...head, kind: pick(KINDS, draw) };
    case 1:
      return { ...head, isAscii: !head.isAscii };
    case 2:
      return { ...head, hasMetadata: !head.hasMetadata };
    case 3:
      return { ...head, isEncrypted: true };
    case 4: {
      const rawBytes = pick(LENGTHS, draw);
      if (compression !== undefined && draw(2) === 0) return { ...head, compression: { ...compression, rawBytes } };
      const dictionaryId = id === 6 || id === 7 ? pick([testDictionary.id, 0, 1], draw) : undefined;
      return { ...head, compression: draw(4) === 0 ? undefined : { compressorId: id, dictionaryId, rawBytes } };
    }
    default:
      return head;
  }
}

/** A case for a codec without envelopes, or in a true envelope. */
function inside(
  codecs: FuzzCodecs,
  content: Buffer,
  target: { readonly kind: number; readonly bare: number },
  draw: Draw,
): FuzzCase {
  if (draw(6) > 0) return sealed(wide(codecs, draw), target.kind, content, draw);
  return { bytes: content, codec: codecs.bare[target.bare] as Codec, storedKey: CORPUS_KEY, mustFail: false };
}

/** The ways to make cases. */
export const FUZZ_MODES: Readonly<Record<FuzzModeName, MakeCase>> = {
  /** One bit of an envelope, and its check as it was: always a fault. */
  flip: ({ clear }, codecs, draw) => {
    const bytes = flipBits(anEnvelope(clear, draw), 1, draw);
    return { bytes, codec: codecs.clear, storedKey: CORPUS_KEY, mustFail: true };
  },
  /** Anything else that happens to bytes on their way: a fault, unless they are as they were, or some integer. */
  damage: ({ clear }, codecs, draw) => {
    const was = anEnvelope(clear, draw);
    const bytes = mutateBytes(was, clear, draw);
    const isOther = bytes[0] === ENVELOPE_MAGIC && !clear.some((each) => each.equals(bytes));
    return { bytes, codec: codecs.clear, storedKey: CORPUS_KEY, mustFail: isOther };
  },
  /** Any change of what is encrypted, of its key among them: always a fault. */
  encrypted: ({ encrypted }, codecs, draw) => {
    const was = anEnvelope(encrypted, draw);
    if (draw(8) === 0)
      return { bytes: was, codec: codecs.encrypted, storedKey: `${CORPUS_KEY}${draw(9)}`, mustFail: true };
    const bytes = draw(2) === 0 ? flipBits(was, 1, draw) : mutateBytes(was, encrypted, draw);
    const isOther = !encrypted.some((each) => each.equals(bytes));
    return { bytes, codec: draw(9) === 0 ? codecs.clear : codecs.encrypted, storedKey: CORPUS_KEY, mustFail: isOther };
  },
  /** Changes inside, with a check that fits them: what reads the inside meets them. */
  checked: ({ clear }, codecs, draw) => {
    const was = anEnvelope(clear, draw);
    const head = readHead(was);
    const body = was.subarray(head.headBytes + CHECK_BYTES);
    const content = draw(3) === 0 ? body : mutateBytes(body, clear, draw);
    const { kind, ...rest } = draw(3) === 0 ? otherHead(head, draw) : head;
    const bytes = sealPayload(kind, content, rest);
    return { bytes, codec: wide(codecs, draw), storedKey: CORPUS_KEY, mustFail: false };
  },
  /** Changes anywhere, the head's among them, with a check that fits when the head can be read. */
  forged: ({ clear }, codecs, draw) => {
    const changed = mutateBytes(anEnvelope(clear, draw), clear, draw);
    let bytes = changed;
    try {
      bytes = withTrueCheck(changed, readHead(changed).headBytes);
    } catch {
      // Then it is a fault anyway.
    }
    return { bytes, codec: wide(codecs, draw), storedKey: CORPUS_KEY, mustFail: false };
  },
  /** What one serializer made, changed, as that of another. */
  payload: ({ payloads }, codecs, draw) => {
    const from = pick(KINDS, draw);
    const others = payloads.get(from) ?? [Buffer.alloc(0)];
    const content = mutateBytes(pick(others, draw), others, draw);
    return sealed(wide(codecs, draw), draw(3) === 0 ? pick(KINDS, draw) : from, content, draw);
  },
  /** Bytes by lot, as each kind. */
  random: (_corpus, codecs, draw) => {
    const content = randomBytes(draw(draw(4) === 0 ? 200 : 24), draw);
    if (draw(8) === 0) return { bytes: content, codec: codecs.clear, storedKey: CORPUS_KEY, mustFail: false };
    return sealed(wide(codecs, draw), pick(KINDS, draw), content, draw);
  },
  /** Compressed bytes that are none, or of another length than they say. */
  compressed: (_corpus, codecs, draw) => {
    const [bombId, bomb] = pick(BOMBS, draw);
    const isBomb = draw(64) === 0;
    const compressorId = isBomb ? bombId : pick(COMPRESSOR_IDS, draw);
    const content = isBomb ? bomb : mutateBytes(randomBytes(draw(60), draw), [bomb], draw);
    const dictionaryId = compressorId === 6 || compressorId === 7 ? testDictionary.id : undefined;
    const rawBytes = isBomb ? pick([BOMB_BYTES, BOMB_BYTES - 1, 64, 0], draw) : pick(LENGTHS, draw);
    const head = { compression: { compressorId, dictionaryId, rawBytes }, hasMetadata: draw(9) === 0 };
    const bytes = sealPayload(pick(KINDS, draw), content, head);
    return { bytes, codec: wide(codecs, draw), storedKey: CORPUS_KEY, mustFail: false };
  },
  /** Metadata by lot, in front of some text. */
  metadata: (_corpus, codecs, draw) => {
    const inner = Buffer.concat([Buffer.of(draw(20)), randomBytes(draw(20), draw)]);
    const content = Buffer.concat([Buffer.of(draw(6) === 0 ? draw(256) : inner.length), inner, Buffer.from("text")]);
    const bytes = sealPayload(PAYLOAD_KINDS.utf8, content, { hasMetadata: true });
    return { bytes, codec: wide(codecs, draw), storedKey: CORPUS_KEY, mustFail: false };
  },
  /** Trees of tags with wrong types everywhere, in JSON. */
  json: (_corpus, codecs, draw) => {
    const content = writeHostileJson(hostileTree(draw, 5), draw);
    return inside(
      codecs,
      content,
      { kind: draw(4) === 0 ? PAYLOAD_KINDS.json : PAYLOAD_KINDS.taggedJson, bare: 0 },
      draw,
    );
  },
  /** The same in msgpack, with lengths that lie. */
  msgpack: (_corpus, codecs, draw) => {
    const content = writeHostileMsgpack(hostileTree(draw, 5), draw);
    const kind = draw(4) === 0 ? PAYLOAD_KINDS.msgpack : PAYLOAD_KINDS.taggedMsgpack;
    return inside(codecs, content, { kind, bare: 1 }, draw);
  },
  /** Structured clones made part by part. */
  v8: ({ payloads }, codecs, draw) => {
    const clones = payloads.get(PAYLOAD_KINDS.v8) ?? [Buffer.alloc(1)];
    const made = draw(4) === 0 ? pick(clones, draw) : hostileClone(draw);
    const content = draw(3) === 0 ? mutateBytes(made, clones, draw) : made;
    return inside(codecs, content, { kind: PAYLOAD_KINDS.v8, bare: 2 }, draw);
  },
  /** Gobs that were changed; `fuzz-gob.ts` does more. */
  gob: ({ payloads }, codecs, draw) => {
    const gobs = payloads.get(PAYLOAD_KINDS.gob) ?? [Buffer.alloc(1)];
    return inside(codecs, mutateBytes(pick(gobs, draw), gobs, draw), { kind: PAYLOAD_KINDS.gob, bare: 3 }, draw);
  },
  /** Numbers as text, and what looks like them. */
  integers: (_corpus, codecs, draw) => {
    const digits = Array.from({ length: draw(24) }, () => pick([..."0123456789-+ .e\0"], draw)).join("");
    const text = draw(3) === 0 ? digits : `${draw(2) === 0 ? "-" : ""}${1 + draw(9)}${digits.replace(/\D/g, "")}`;
    return {
      bytes: Buffer.from(text),
      codec: draw(4) === 0 ? codecs.encrypted : codecs.clear,
      storedKey: CORPUS_KEY,
      mustFail: false,
    };
  },
  /** Brackets in brackets, to about ten times the limit. */
  nested: (_corpus, codecs, draw) => {
    const depth = pick([999, 1_000, 1_001, 1_500, 3_000, 10_000], draw);
    const [kind, open, leaf, close] = pick(NESTED, draw);
    const content = Buffer.from(open.repeat(depth) + leaf + close.repeat(draw(3) === 0 ? depth - 1 : depth), "latin1");
    const framed = kind === PAYLOAD_KINDS.v8 ? Buffer.concat([Buffer.of(0xff, 15), content]) : content;
    return sealed(codecs.clear, kind, framed, draw);
  },
};

/** Kind, what each level begins with, the innermost, what each level ends with. */
const NESTED: readonly (readonly [kind: number, open: string, leaf: string, close: string])[] = [
  [PAYLOAD_KINDS.json, "[", "1", "]"],
  [PAYLOAD_KINDS.json, '{"a":', "1", "}"],
  [PAYLOAD_KINDS.taggedJson, "[", "1", "]"],
  [PAYLOAD_KINDS.taggedJson, '{"$set":[', "1", "]}"],
  [PAYLOAD_KINDS.taggedJson, '{"$box":', "1", "}"],
  [PAYLOAD_KINDS.taggedJson, '{"$bare":[["a",', "1", "]]}"],
  [PAYLOAD_KINDS.taggedJson, '{"$plain":{"a":', "1", "}}"],
  [PAYLOAD_KINDS.taggedJson, '{"$error":["Error",4,', "1", "]}"],
  [PAYLOAD_KINDS.msgpack, "\x91", "\x01", ""],
  [PAYLOAD_KINDS.msgpack, "\x81\xa1a", "\x01", ""],
  [PAYLOAD_KINDS.taggedMsgpack, "\x81\xa4$set\x91", "\x01", ""],
  [PAYLOAD_KINDS.v8, "A\x01", "0", "$\0\x01"],
  [PAYLOAD_KINDS.v8, 'o"\x01a', "0", "{\x01"],
  [PAYLOAD_KINDS.v8, "rc", "0", "."],
  [PAYLOAD_KINDS.v8, "'", "0", ",\x01"],
];
