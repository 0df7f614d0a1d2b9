import { Buffer } from "node:buffer";
import { type Draw, pick } from "./fuzz-draw.ts";

/** Numbers that decoders trip over, as their formats write them: lengths without end, the largest of each width, ends of lists. */
const NASTY: readonly (readonly number[])[] = [
  [0],
  [1],
  [0x7f],
  [0x80],
  [0xc1],
  [0xff],
  [0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x00],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0x7f, 0xff, 0xff, 0xff],
  [0xc6, 0xff, 0xff, 0xff, 0xff],
  [0xdb, 0, 0xff, 0xff, 0xff],
  [0xd4, 0x72, 0x40],
  [0xc7, 4, 0x62, 1, 2, 3, 4],
  [0xd6, 0x70, 0, 0, 0, 0],
  [0xd6, 0xff, 0, 0, 0, 0],
  [0xf8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x61, 0xff, 0xff, 0xff, 0x0f],
  [0x41, 0xff, 0xff, 0x7f],
  [0x5e, 0],
  [0x7b, 0],
  [0x24, 0, 0],
];

/** Flips single bits, in a copy. */
export function flipBits(bytes: Buffer, count: number, draw: Draw): Buffer {
  const copy = Buffer.from(bytes);
  for (let left = count; left > 0 && copy.length > 0; left -= 1) {
    const at = draw(copy.length);
    copy[at] = (copy[at] as number) ^ (1 << draw(8));
  }
  return copy;
}

/** Random bytes. */
export function randomBytes(length: number, draw: Draw): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at += 1) bytes[at] = draw(256);
  return bytes;
}

/** Changes bytes in one of the ways that bytes are changed in: cut, flipped, spliced, repeated, extended, overwritten. */
export function mutateBytes(bytes: Buffer, others: readonly Buffer[], draw: Draw): Buffer {
  const at = draw(bytes.length + 1);
  switch (draw(9)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return flipBits(bytes, 1 + draw(8), draw);
    case 2: {
      const other = pick(others, draw);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(draw(other.length + 1))]);
    }
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + draw(4))]);
    case 4: {
      const end = Math.min(bytes.length, at + draw(12));
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
    }
    case 5:
      return Buffer.concat([bytes, randomBytes(1 + draw(20), draw)]);
    case 6: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = draw(256);
      return copy;
    }
    default: {
      const nasty = Buffer.from(pick(NASTY, draw));
      return Buffer.concat([bytes.subarray(0, at), nasty, bytes.subarray(at + draw(2) * nasty.length)]);
    }
  }
}
