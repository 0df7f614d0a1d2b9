import { crc32, deflateSync } from "node:zlib";

const SIGNATURE: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Eight bits for each of red, green and blue. */
const BIT_DEPTH = 8;
const TRUE_COLOUR = 2;
/** Charts are mostly one colour, of which a row as it is packs better than what differs from the row above: by a third. */
const NO_FILTER = 0;
const RGB_BYTES = 3;

/**
 * Writes an image as a PNG file (https://www.w3.org/TR/png-3/): signature, size, resolution, pixels, end.
 *
 * ```text
 * chunk = length of data (4 bytes, big-endian), type (4 letters), data, CRC-32 of type and data
 * pixels = zlib of rows: filter type (1 byte), then red, green, blue of each pixel
 * ```
 *
 * @param rgb red, green and blue of each pixel, row by row
 * @param pixelsPerMetre how large it is meant to be shown: 2,835 for 72 to an inch
 */
export function encodePng(width: number, height: number, rgb: Uint8Array, pixelsPerMetre: number): Uint8Array {
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size.set([BIT_DEPTH, TRUE_COLOUR, 0, 0, 0], 8);
  const resolution = Buffer.alloc(9);
  resolution.writeUInt32BE(pixelsPerMetre, 0);
  resolution.writeUInt32BE(pixelsPerMetre, 4);
  resolution[8] = 1;
  const pixels = deflateSync(rowsOf(width * RGB_BYTES, height, rgb), { level: 9 });
  return Buffer.concat([
    Buffer.from(SIGNATURE),
    chunk("IHDR", size),
    chunk("pHYs", resolution),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function rowsOf(rowBytes: number, height: number, rgb: Uint8Array): Buffer {
  const rows = Buffer.alloc((rowBytes + 1) * height);
  for (let row = 0; row < height; row += 1) {
    const place = row * (rowBytes + 1);
    rows[place] = NO_FILTER;
    rows.set(rgb.subarray(row * rowBytes, (row + 1) * rowBytes), place + 1);
  }
  return rows;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(typed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}
