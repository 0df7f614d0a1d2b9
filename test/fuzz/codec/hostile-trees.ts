import { Buffer } from "node:buffer";
import { BYTES_CLASS_NAMES, TAGS } from "../../../src/codec/serializers/tags.ts";
import { type Draw, pick } from "./fuzz-draw.ts";

/** What `JSON.stringify` and {@link writeHostileMsgpack} take; `Raw` is text that is no JSON. */
export type Tree = null | boolean | number | string | Buffer | readonly Tree[] | { readonly [name: string]: Tree };

const TAG_NAMES = Object.values(TAGS);
const NAMES = [
  ...["a", "b", "", "0", "1", "length", "__proto__", "constructor", "prototype", "toString", "toJSON", "then"],
  ...["$", "$x", "$dates", "4294967294", "4294967295", "stack", "cause", "message", "buffer", "byteLength"],
];
const LEAVES: readonly Tree[] = [
  ...[
    null,
    true,
    false,
    0,
    1,
    -1,
    1.5,
    -0.5,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53,
    -(2 ** 53),
    1e308,
    5e-324,
    8.64e15,
    8.7e15,
  ],
  ...[
    "",
    "NaN",
    "-0",
    "Infinity",
    "0",
    "-1",
    "12345678901234567890",
    "0x10",
    " 1",
    "1n",
    "9".repeat(400),
    "AAAA",
    "AAAAAAAAAAA=",
    "=",
    "g",
  ],
  ...[
    "giy",
    "gg",
    "dgimsuvy",
    "uv",
    "(",
    "[",
    "(?<a>.)(?<a>.)",
    "(a+)+b",
    "\\u{110000}",
    "Error",
    "TypeError",
    "Object",
    "Function",
    "Buffer",
  ],
];

/** A tree with tags, some as they should be, most of them wrong somewhere. */
export function hostileTree(draw: Draw, depth: number): Tree {
  if (depth === 0 || draw(4) === 0) return pick(LEAVES, draw);
  const choice = draw(8);
  if (choice < 2) return Array.from({ length: draw(4) }, () => hostileTree(draw, depth - 1));
  if (choice === 2) return hostileObject(draw, depth);
  const name = pick(TAG_NAMES, draw);
  return named([[name, draw(3) === 0 ? hostileTree(draw, depth - 1) : likelyContent(name, draw, depth - 1)]]);
}

function hostileObject(draw: Draw, depth: number): Tree {
  const pairs = Array.from({ length: draw(4) }, (): [string, Tree] => [
    draw(3) === 0 ? pick(TAG_NAMES, draw) : pick(NAMES, draw),
    hostileTree(draw, depth - 1),
  ]);
  return named(pairs);
}

function named(pairs: readonly (readonly [string, Tree])[]): Tree {
  const target = {};
  for (const [name, value] of pairs)
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  return target;
}

/** What the tag's reader expects, with parts that may be anything. */
function likelyContent(name: string, draw: Draw, depth: number): Tree {
  const part = (): Tree => hostileTree(draw, Math.max(0, depth - 1));
  const parts = (): Tree => Array.from({ length: draw(3) }, part);
  const pairs = (key: () => Tree): Tree =>
    Array.from({ length: draw(3) }, () => (draw(12) === 0 ? parts() : [key(), part()]));
  const anyName = (): Tree => (draw(8) === 0 ? part() : pick(NAMES, draw));
  switch (name) {
    case TAGS.map:
      return pairs(part);
    case TAGS.set:
      return parts();
    case TAGS.bare:
    case TAGS.entries:
      return pairs(anyName);
    case TAGS.bytes:
      return [draw(8) === 0 ? part() : pick(BYTES_CLASS_NAMES, draw), bytesOf(draw)];
    case TAGS.text:
      return bytesOf(draw);
    case TAGS.error:
      return [
        pick(["Error", "TypeError", "AggregateError", "Error"], draw),
        draw(80),
        ...Array.from({ length: draw(4) }, part),
      ];
    case TAGS.array:
      return [pick([0, 1, 5, 2 ** 32 - 1, 2 ** 32, -1, 1.5, 2 ** 31], draw), pairs(() => draw(6)), pairs(anyName)];
    case TAGS.regExp:
      return [pick(LEAVES, draw), pick(["", "g", "giy", "uv", "x"], draw), pick([0, 1, -1, 1e308], draw)];
    case TAGS.plain:
      return hostileObject(draw, depth);
    case TAGS.ref:
      return pick([0, 1, 2, 3, -1, 0.5, 1e9], draw);
    default:
      return pick(LEAVES, draw);
  }
}

function bytesOf(draw: Draw): Tree {
  return draw(2) === 0 ? pick(["", "AA==", "AAAAAAAAAAA=", "!!!!", "AAA"], draw) : Buffer.alloc(draw(20), draw(256));
}

/** The tree as JSON; bytes become text. */
export function writeHostileJson(tree: Tree, draw: Draw): Buffer {
  const text = JSON.stringify(tree, (_name, value: unknown) => {
    const isBytes = typeof value === "object" && value !== null && (value as { type?: unknown }).type === "Buffer";
    return isBytes ? Buffer.from((value as { data: number[] }).data).toString("base64") : value;
  });
  if (draw(10) > 0) return Buffer.from(text);
  const at = draw(text.length);
  const token = pick([",", "[", "]", "{", "}", ":", "1e999", "-", '"', "\\ud800", "null", "\u0000", "\ufeff"], draw);
  return Buffer.from(text.slice(0, at) + token + text.slice(at + draw(3)));
}
