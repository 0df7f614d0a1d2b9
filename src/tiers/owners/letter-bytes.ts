import { Buffer } from "node:buffer";
import { MalformedLetterError } from "./letter-shape.ts";

/** Deeper than this is no letter. */
const MAX_DEPTH = 12;
const HEAD_BYTES = 5;
/** The first byte. Another one is of another version. */
const FORMAT = 1;

/**
 * Plain data as bytes: objects, lists, texts, finite numbers, flags as JSON; what JSON has not beside it. Members that are `undefined` are left out.
 *
 * ```text
 * 01 | length of the text, 4 bytes, little-endian | text, UTF-8 | bytes …
 *
 * Infinity     {"$i":1}      -Infinity   {"$i":-1}
 * 12n          {"$n":"12"}
 * 3 bytes      {"$b":3}      the next 3 of those after the text
 * ```
 *
 * No object of a letter has a member that begins with `$`.
 */
export function encodeLetterBytes(content: unknown): Buffer {
  const parts: Uint8Array[] = [];
  const json = Buffer.from(JSON.stringify(pack(content, parts)), "utf8");
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head[0] = FORMAT;
  head.writeUInt32LE(json.length, 1);
  return Buffer.concat([head, json, ...parts]);
}

/**
 * The other way round. Bytes in it are copies of their own, so that they may be kept.
 *
 * @throws MalformedLetterError for anything that was not made by {@link encodeLetterBytes}
 */
export function decodeLetterBytes(letter: Buffer): unknown {
  if (letter.length < HEAD_BYTES || letter[0] !== FORMAT) throw new MalformedLetterError("it is no letter");
  const end = HEAD_BYTES + letter.readUInt32LE(1);
  if (end > letter.length) throw new MalformedLetterError("its text is cut off");
  let parsed: unknown;
  try {
    parsed = JSON.parse(letter.toString("utf8", HEAD_BYTES, end));
  } catch (error) {
    throw new MalformedLetterError(`its text cannot be read: ${String(error)}`);
  }
  const rest = { letter, at: end };
  const content = unpack(parsed, rest, 0);
  if (rest.at !== letter.length) throw new MalformedLetterError("it has bytes that belong to nothing");
  return content;
}

function pack(value: unknown, parts: Uint8Array[]): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : { $i: value > 0 ? 1 : -1 };
  if (typeof value === "bigint") return { $n: value.toString() };
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) {
    parts.push(value);
    return { $b: value.byteLength };
  }
  if (Array.isArray(value)) return value.map((item) => pack(item, parts));
  const packed: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) if (member !== undefined) packed[name] = pack(member, parts);
  return packed;
}

function unpack(value: unknown, rest: { readonly letter: Buffer; at: number }, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw new MalformedLetterError("it is too deep");
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) value[index] = unpack(value[index], rest, depth + 1);
    return value;
  }
  const members = value as Record<string, unknown>;
  for (const name of Object.keys(members)) {
    if (name.charCodeAt(0) === DOLLAR) return unpackMarked(name, members[name], rest);
    if (name === "__proto__") throw new MalformedLetterError("it names a prototype");
    members[name] = unpack(members[name], rest, depth + 1);
  }
  return members;
}

function unpackMarked(mark: string, value: unknown, rest: { readonly letter: Buffer; at: number }): unknown {
  if (mark === "$i") return value === 1 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  if (mark === "$n" && typeof value === "string" && INTEGER.test(value)) return BigInt(value);
  if (mark !== "$b" || !Number.isSafeInteger(value) || (value as number) < 0) {
    throw new MalformedLetterError(`${mark} means nothing`);
  }
  const from = rest.at;
  rest.at = from + (value as number);
  if (rest.at > rest.letter.length) throw new MalformedLetterError("its bytes are cut off");
  return new Uint8Array(rest.letter.subarray(from, rest.at));
}

const DOLLAR = 0x24;
/** No more digits than counters may have: parsing longer ones takes time that grows with their square. */
const INTEGER = /^-?\d{1,24}$/;
