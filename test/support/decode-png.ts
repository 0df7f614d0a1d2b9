import { crc32, inflateSync } from "node:zlib";

/** An image out of a PNG file. */
export interface DecodedPng {
  readonly width: number;
  readonly height: number;
  /** `#rrggbb` of a pixel. */
  at(x: number, y: number): string;
}

const SIGNATURE = "89504e470d0a1a0a";

/** Reads a PNG file of eight bits for each of red, green and blue, as the specification says it. @throws Error for anything else, and for damage */
export function decodePng(file: Uint8Array): DecodedPng {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.toString("hex", 0, 8) !== SIGNATURE) throw new Error("It does not begin as a PNG file.");
  const chunks: { readonly type: string; readonly data: Buffer }[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const typed = bytes.subarray(at + 4, at + 8 + length);
    if (crc32(typed) !== bytes.readUInt32BE(at + 8 + length)) throw new Error("A chunk is damaged.");
    chunks.push({ type: typed.toString("latin1", 0, 4), data: typed.subarray(4) });
    at += length + 12;
  }
  const types = chunks.map(({ type }) => type);
  if (types[0] !== "IHDR" || types.at(-1) !== "IEND") throw new Error(`It has the chunks ${types.join(", ")}.`);
  const head = (chunks[0] as { data: Buffer }).data;
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  if (head.toString("hex", 8) !== "0802000000") throw new Error("It is of another kind.");
  const packed = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data));
  const rows = unfilter(inflateSync(packed), width * 3, height);
  return {
    width,
    height,
    at: (x, y) => {
      if (x < 0 || y < 0 || x >= width || y >= height) throw new RangeError(`${x}, ${y} is outside.`);
      const place = (Math.floor(y) * width + Math.floor(x)) * 3;
      return `#${rows.toString("hex", place, place + 3)}`;
    },
  };
}

function unfilter(filtered: Buffer, rowBytes: number, height: number): Buffer {
  if (filtered.length !== (rowBytes + 1) * height) throw new Error("It has too few or too many pixels.");
  const rows = Buffer.alloc(rowBytes * height);
  for (let row = 0; row < height; row += 1) {
    const from = row * (rowBytes + 1);
    const filter = filtered[from] as number;
    for (let at = 0; at < rowBytes; at += 1) {
      const left = at < 3 ? 0 : (rows[row * rowBytes + at - 3] as number);
      const above = row === 0 ? 0 : (rows[(row - 1) * rowBytes + at] as number);
      const guess = [0, left, above, (left + above) >> 1][filter];
      if (guess === undefined) throw new Error(`It has the filter ${filter}.`);
      rows[row * rowBytes + at] = (filtered[from + 1 + at] as number) + guess;
    }
  }
  return rows;
}
