import { Buffer } from "node:buffer";

/** From the first instant of Go, 1 January of the year 1, to the first of JavaScript, 1970. */
const GO_TO_UNIX_SECONDS = 62_135_596_800;
const UPPER = 2 ** 32;
const HEX = 16;
const MINUTES_OF_DAY = 24 * 60;
/** The platform's bigints end at 2^30 bits. */
const MAX_BIG_INT_BYTES = 2 ** 26;

/**
 * The bytes of `time.Time.GobEncode`, in UTC:
 *
 * ```
 *  0         1                    9                  13
 *  ├ version ┼ seconds since ─────┼ nanoseconds ─────┼ zone's minutes ─┤   version 2 has one byte more: the zone's seconds
 *  │ 1       │ year 1, i64 BE     │ u32 BE           │ i16 BE, −1: UTC │
 * ```
 *
 * @param timeMs of a valid `Date`
 */
export function encodeGoTime(timeMs: number): Uint8Array {
  const seconds = Math.floor(timeMs / 1_000);
  const total = seconds + GO_TO_UNIX_SECONDS;
  const bytes = Buffer.allocUnsafe(15);
  bytes[0] = 1;
  bytes.writeInt32BE(Math.floor(total / UPPER), 1);
  bytes.writeUInt32BE(total - Math.floor(total / UPPER) * UPPER, 5);
  bytes.writeUInt32BE((timeMs - seconds * 1_000) * 1_000_000, 9);
  bytes.writeInt16BE(-1, 13);
  return bytes;
}

/**
 * Milliseconds since 1970, rounded down; the zone is where somebody looked at a clock, not part of the instant. Go knows instants
 * beyond those of `Date`. `undefined` when the bytes are not a `time.Time`'s: another type may have written them.
 */
export function decodeGoTime(bytes: Buffer): number | undefined {
  const version = bytes[0];
  const isKnown = (version === 1 && bytes.length === 15) || (version === 2 && bytes.length === 16);
  if (!isKnown) return undefined;
  const nanoseconds = bytes.readUInt32BE(9);
  if (nanoseconds >= 1e9 || Math.abs(bytes.readInt16BE(13)) > MINUTES_OF_DAY) return undefined;
  const seconds = bytes.readInt32BE(1) * UPPER + bytes.readUInt32BE(5) - GO_TO_UNIX_SECONDS;
  return seconds * 1_000 + Math.floor(nanoseconds / 1e6);
}

/** The bytes of `big.Int.GobEncode`: 2, or 3 when negative, then the magnitude, the highest byte first; zero has none. */
export function encodeGoBigInt(value: bigint): Uint8Array {
  const hex = value === 0n ? "" : (value < 0n ? -value : value).toString(HEX);
  return Buffer.from((value < 0n ? "03" : "02") + (hex.length % 2 === 0 ? hex : `0${hex}`), "hex");
}

/** `undefined` when the bytes are not a `big.Int`'s, whose magnitude has no zero byte in front. */
export function decodeGoBigInt(bytes: Buffer): bigint | undefined {
  const sign = bytes[0];
  const isKnown = sign === 2 || (sign === 3 && bytes.length > 1);
  if (!isKnown || bytes[1] === 0 || bytes.length > MAX_BIG_INT_BYTES) return undefined;
  if (bytes.length === 1) return 0n;
  const magnitude = BigInt(`0x${bytes.toString("hex", 1)}`);
  return sign === 3 ? -magnitude : magnitude;
}
