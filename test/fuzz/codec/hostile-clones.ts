import { Buffer } from "node:buffer";
import { type Draw, pick } from "./fuzz-draw.ts";

const text = (value: string): readonly number[] => [0x22, value.length, ...Buffer.from(value, "latin1")];

/** Whole parts of a structured clone, some of them wrong. */
const PARTS: readonly (readonly number[])[] = [
  [0x5f],
  [0x30],
  [0x54],
  [0x46],
  [0x2d],
  [0x78],
  [0x79],
  [0x49, 0x0a],
  [0x49, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x55, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x4e, 0, 0, 0, 0, 0, 0, 0xf8, 0xff],
  [0x4e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf7, 0xff],
  [0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f],
  [0x44, 1, 2, 3, 4, 5, 6, 7, 8],
  [0x6e, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
  [0x5a, 0x10, 1, 2, 3, 4, 5, 6, 7, 8],
  [0x5a, 0x11, 0, 0, 0, 0, 0, 0, 0, 0],
  [0x5a, 0x01],
  [0x5a, 3],
  [0x7a, 0x10, 1, 2, 3, 4, 5, 6, 7, 8],
  text("a"),
  text("__proto__"),
  text("constructor"),
  text("length"),
  [0x63, 2, 0x61, 0],
  [0, 0x63, 2, 0, 0xd8],
  [0x63, 1, 0x61],
  [0x53, 2, 0xc3, 0x28],
  [0x73, ...text("boxed")],
  [0x52, ...text("a+"), 3],
  [0x52, ...text("("), 0],
  [0x52, ...text("a"), 0x50],
  [0x52, ...text("a"), 0xff, 0xff, 0x03],
  [0x42, 8, 1, 2, 3, 4, 5, 6, 7, 8],
  [0x42, 0],
  [0x42, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x56, 0x42, 0, 8, 0],
  [0x42, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x56, 0x46, 4, 4, 0],
  [0x42, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x56, 0x3f, 0, 9, 1],
  [0x5c, 10, 3, 1, 2, 3],
  [0x5c, 2, 0],
  [0x5c, 9, 8, 1, 2, 3, 4, 5, 6, 7, 8],
  [0x5c, 9, 7, 1, 2, 3, 4, 5, 6, 7],
  [0x5c, 13, 1, 1],
  [0x5c, 1, 1, 1],
  [0x72, 0x6d, ...text("m"), 0x73, ...text("s"), 0x2e],
  [0x72, 0x54, 0x2e],
  [0x72, 0x45, 0x63, 0x30, 0x2e],
  [0x72, 0x51, 0x2e],
  [0x5e, 0],
  [0x5e, 1],
  [0x5e, 0x7f],
  [0x5e, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x75, 0],
  [0x77, 0],
  [0x74, 0],
  [0x70, 0],
  [0x6d, 0, 0],
  [0x3f, 0],
  [0x21],
];

const KEYS: readonly (readonly number[])[] = [
  text("a"),
  text("__proto__"),
  text("length"),
  text("constructor"),
  text("toString"),
  [0x49, 2],
  [0x55, 0xfe, 0xff, 0xff, 0xff, 0x0f],
  [0x4e, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
  [0x5e, 0],
  [0x30],
];

/** A structured clone of any of the platform's versions, made part by part, wrong somewhere or nowhere. */
export function hostileClone(draw: Draw): Buffer {
  const bytes: number[] = [0xff, pick([15, 15, 15, 15, 15, 15, 14, 13, 12, 16, 0], draw)];
  part(bytes, draw, 4);
  if (draw(20) === 0) bytes.push(draw(256));
  return Buffer.from(bytes);
}

function part(bytes: number[], draw: Draw, depth: number): void {
  if (depth === 0 || draw(3) === 0) {
    bytes.push(...pick(PARTS, draw));
    return;
  }
  const count = draw(4);
  const told = draw(20) === 0 ? pick([0, count + 1, 127], draw) : count;
  switch (draw(6)) {
    case 0:
      bytes.push(0x6f);
      members(bytes, draw, { count, depth, end: [0x7b, told] });
      return;
    case 1:
      bytes.push(0x3b);
      for (let index = 0; index < count * 2; index += 1) part(bytes, draw, depth - 1);
      bytes.push(0x3a, told * 2);
      return;
    case 2:
      bytes.push(0x27);
      for (let index = 0; index < count; index += 1) part(bytes, draw, depth - 1);
      bytes.push(0x2c, told);
      return;
    case 3:
      bytes.push(0x41, told);
      for (let index = 0; index < count; index += 1) part(bytes, draw, depth - 1);
      members(bytes, draw, { count: draw(2), depth, end: [0x24, draw(2), told] });
      return;
    case 4: {
      const length = draw(8) === 0 ? [0xff, 0xff, 0x03] : [draw(100)];
      bytes.push(0x61, ...length);
      members(bytes, draw, { count, depth, end: [0x40, told, ...length] });
      return;
    }
    default:
      bytes.push(0x72, pick([0x45, 0x52, 0x46, 0x53, 0x54, 0x55], draw), 0x6d, ...text("message"), 0x63);
      part(bytes, draw, depth - 1);
      bytes.push(0x2e);
  }
}

interface Members {
  readonly count: number;
  readonly depth: number;
  readonly end: readonly number[];
}

function members(bytes: number[], draw: Draw, { count, depth, end }: Members): void {
  for (let index = 0; index < count; index += 1) {
    if (draw(12) === 0) part(bytes, draw, 0);
    else bytes.push(...pick(KEYS, draw));
    part(bytes, draw, depth - 1);
  }
  bytes.push(...end);
}
