import { Buffer } from "node:buffer";
import { type Draw, pick } from "./fuzz-draw.ts";
import type { Tree } from "./hostile-trees.ts";

/** Whole parts that a tree of JSON has not: extensions, floats, integers of 64 bits, `undefined`, keys that are no texts. */
const ODD_PARTS: readonly (readonly number[])[] = [
  [0xd4, 0, 0],
  [0xd6, 0xff, 1, 2, 3, 4],
  [0xd7, 0xff, 1, 2, 3, 4, 5, 6, 7, 8],
  [0xc7, 12, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  [0xca, 0x7f, 0xc0, 0, 0],
  [0xcb, 0xff, 0xf8, 0, 0, 0, 0, 0, 1],
  [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
  [0x82, 0x90, 1, 0x80, 2],
  [0x81, 0xc0, 1],
  [0x81, 0xc4, 1, 1, 2],
  [0x81, 0xd6, 0xff, 1, 2, 3, 4, 1],
  [0x81, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0, 1],
  [0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2],
  [0xa3, 0xed, 0xa0, 0x80],
  [0xa2, 0xc3, 0x28],
  [0xd9, 1, 0xff],
  [0xd4, 0x72, 0x40],
  [0xd6, 0x69, 0, 0, 0, 1],
  [0xc7, 0, 0x65],
  [0x40],
  [0x72],
  [0xc1],
];

/** Writes a tree as msgpack: in all the forms that a length may have, and now and then with one that is not true. */
export function writeHostileMsgpack(tree: Tree, draw: Draw): Buffer {
  const chunks: Buffer[] = [];
  write(tree, draw, chunks);
  return Buffer.concat(chunks);
}

function write(tree: Tree, draw: Draw, chunks: Buffer[]): void {
  if (draw(24) === 0) {
    chunks.push(Buffer.from(pick(ODD_PARTS, draw)));
  } else if (tree === null) chunks.push(Buffer.of(0xc0));
  else if (typeof tree === "boolean") chunks.push(Buffer.of(tree ? 0xc3 : 0xc2));
  else if (typeof tree === "number") chunks.push(numberBytes(tree, draw));
  else if (typeof tree === "string") {
    const bytes = Buffer.from(tree);
    chunks.push(head(bytes.length, { fix: 0xa0, fixBelow: 32, wide: [0xd9, 0xda, 0xdb] }, draw), bytes);
  } else if (Buffer.isBuffer(tree))
    chunks.push(head(tree.length, { fixBelow: 0, fix: 0, wide: [0xc4, 0xc5, 0xc6] }, draw), tree);
  else if (Array.isArray(tree)) {
    chunks.push(head(tree.length, { fix: 0x90, fixBelow: 16, wide: [0xdc, 0xdc, 0xdd] }, draw));
    for (const part of tree as readonly Tree[]) write(part, draw, chunks);
  } else {
    const entries = Object.entries(tree as { readonly [name: string]: Tree });
    chunks.push(head(entries.length, { fix: 0x80, fixBelow: 16, wide: [0xde, 0xde, 0xdf] }, draw));
    for (const [name, part] of entries) {
      write(name, draw, chunks);
      write(part, draw, chunks);
    }
  }
}

interface HeadForms {
  readonly fix: number;
  readonly fixBelow: number;
  readonly wide: readonly [number, number, number];
}

function head(length: number, { fix, fixBelow, wide }: HeadForms, draw: Draw): Buffer {
  const told = draw(40) === 0 ? pick([0, length + 1, length + 7, 65_535, 2 ** 31, 2 ** 32 - 1], draw) : length;
  const form = draw(8);
  if (told < fixBelow && form > 2) return Buffer.of(fix | told);
  if (told < 256 && form !== 1 && wide[0] !== wide[1]) return Buffer.of(wide[0], told);
  if (told < 65_536 && form !== 2) return Buffer.of(wide[1], told >> 8, told & 255);
  return Buffer.of(wide[2], told >>> 24, (told >>> 16) & 255, (told >>> 8) & 255, told & 255);
}

function numberBytes(value: number, draw: Draw): Buffer {
  if (Number.isInteger(value) && value >= 0 && value < 128) return Buffer.of(value);
  const bytes = Buffer.alloc(9);
  if (draw(4) === 0) {
    bytes[0] = 0xca;
    bytes.writeFloatBE(value, 1);
    return bytes.subarray(0, 5);
  }
  bytes[0] = 0xcb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}
