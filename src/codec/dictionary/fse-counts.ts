import { BitWriter } from "./bit-writer.ts";

/*
 * Normalized counts of finite state entropy: how many of the `2 ** tableLog` places of a table each symbol has. -1 is a symbol that is rarer than
 * one place and gets one nevertheless. Format: RFC 8878, section 4.1.1, https://www.rfc-editor.org/rfc/rfc8878#section-4.1.1
 */

/** Counts of symbols 0, 1, … scaled to a table. */
export interface NormalizedCounts {
  readonly tableLog: number;
  readonly counts: readonly number[];
}

const MIN_TABLE_LOG = 5;

/**
 * Scales counts so that they sum up to the size of the table. O(symbols · log)
 *
 * @param counts at least two of them above zero, and no more above zero than the table has places
 * @param hasRare whether a symbol may have -1
 */
export function normalizeCounts(counts: ArrayLike<number>, tableLog: number, hasRare: boolean): NormalizedCounts {
  const places = 2 ** tableLog;
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  const rareBelow = Math.floor(total / places);
  const scaled = Array.from(counts, (count) => {
    if (count === 0) return 0;
    if (hasRare && count <= rareBelow) return -1;
    return Math.max(1, Math.round((count * places) / total));
  });
  let missing = places - scaled.reduce((sum, count) => sum + Math.abs(count), 0);
  // What rounding left over goes to the most frequent, where a place is worth least; what it took too much comes from there.
  while (missing !== 0) {
    const largest = scaled.indexOf(Math.max(...scaled));
    const step = missing > 0 ? missing : -Math.min(-missing, Math.max(1, (scaled[largest] as number) >> 2));
    scaled[largest] = (scaled[largest] as number) + step;
    missing -= step;
  }
  return { tableLog, counts: scaled };
}

/** Writes normalized counts as the format has them. */
export function writeCounts({ tableLog, counts }: NormalizedCounts): Uint8Array {
  const writer = new BitWriter();
  writer.write(tableLog - MIN_TABLE_LOG, 4);
  let remaining = 2 ** tableLog + 1;
  let threshold = 2 ** tableLog;
  let width = tableLog + 1;
  let symbol = 0;
  while (remaining > 1 && symbol < counts.length) {
    const count = counts[symbol] as number;
    symbol += 1;
    const limit = 2 * threshold - 1 - remaining;
    remaining -= Math.abs(count);
    // Low values take one bit less; those from `threshold` on are moved above what the short form can hold.
    const value = count + 1 >= threshold ? count + 1 + limit : count + 1;
    writer.write(value, value < limit ? width - 1 : width);
    if (count === 0) symbol = writeZeros(writer, counts, symbol);
    while (remaining < threshold) {
      width -= 1;
      threshold /= 2;
    }
  }
  return writer.finish();
}

/** Writes how many more zeros follow a zero, two bits at a time. @returns the symbol after them */
function writeZeros(writer: BitWriter, counts: readonly number[], start: number): number {
  let end = start;
  while (end < counts.length && counts[end] === 0) end += 1;
  let left = end - start;
  for (; left >= 3; left -= 3) writer.write(3, 2);
  writer.write(left, 2);
  return end;
}

/** Counts that were read, and how many bytes they took. */
export interface ReadCounts extends NormalizedCounts {
  readonly lengthBytes: number;
}

/**
 * Reads normalized counts.
 *
 * @param maxTableLog what the format allows where they stand
 * @param maxSymbol the largest symbol that there is
 * @returns `undefined` when there are none
 */
export function readCounts(bytes: Uint8Array, maxTableLog: number, maxSymbol: number): ReadCounts | undefined {
  const bits = new BitReader(bytes);
  const tableLog = bits.read(4) + MIN_TABLE_LOG;
  if (tableLog > maxTableLog) return undefined;
  const counts: number[] = [];
  let remaining = 2 ** tableLog + 1;
  let threshold = 2 ** tableLog;
  let width = tableLog + 1;
  while (remaining > 1 && counts.length <= maxSymbol && !bits.isBeyondEnd) {
    const limit = 2 * threshold - 1 - remaining;
    const short = bits.read(width - 1);
    let value = short;
    if (short >= limit) {
      value += bits.read(1) * 2 ** (width - 1);
      if (value >= threshold) value -= limit;
    }
    const count = value - 1;
    remaining -= Math.abs(count);
    counts.push(count);
    if (count === 0) readZeros(bits, counts, maxSymbol);
    while (remaining < threshold && threshold > 1) {
      width -= 1;
      threshold /= 2;
    }
  }
  const isWhole = remaining === 1 && counts.length <= maxSymbol + 1 && !bits.isBeyondEnd;
  return isWhole ? { tableLog, counts, lengthBytes: bits.lengthBytes } : undefined;
}

function readZeros(bits: BitReader, counts: number[], maxSymbol: number): void {
  let zeros = 3;
  while (zeros === 3 && counts.length <= maxSymbol) {
    zeros = bits.read(2);
    for (let zero = 0; zero < zeros; zero += 1) counts.push(0);
  }
}

/** Which symbol each place of a table stands for: rare ones at its end, the others in steps that reach every place. */
export function spreadSymbols(counts: readonly number[], places: number): Uint8Array {
  const symbolAt = new Uint8Array(places);
  let last = places - 1;
  for (const [symbol, count] of counts.entries()) {
    if (count !== -1) continue;
    symbolAt[last] = symbol;
    last -= 1;
  }
  const step = (places >>> 1) + (places >>> 3) + 3;
  let place = 0;
  for (const [symbol, count] of counts.entries()) {
    for (let left = count; left > 0; left -= 1) {
      symbolAt[place] = symbol;
      do place = (place + step) & (places - 1);
      while (place > last);
    }
  }
  return symbolAt;
}

/** Reads bits, the lowest first; zeros behind the end. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isBeyondEnd(): boolean {
    return this.#at > this.#bytes.length * 8;
  }

  get lengthBytes(): number {
    return Math.ceil(this.#at / 8);
  }

  read(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit += 1) {
      const byte = this.#bytes[this.#at >>> 3] ?? 0;
      value |= ((byte >>> (this.#at & 7)) & 1) << bit;
      this.#at += 1;
    }
    return value;
  }
}
