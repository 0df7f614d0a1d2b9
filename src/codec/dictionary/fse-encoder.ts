import { BitWriter } from "./bit-writer.ts";
import { type NormalizedCounts, spreadSymbols } from "./fse-counts.ts";

/** How an encoder goes on from a symbol to the next state. */
interface Transition {
  readonly deltaBitCount: number;
  readonly deltaFindState: number;
}

interface EncodingTable {
  readonly tableLog: number;
  readonly nextStates: Uint16Array;
  readonly transitions: readonly Transition[];
}

/**
 * Encodes symbols with two states that take turns, as zstd has the weights of its Huffman trees. O(symbols + table)
 *
 * The construction is that of zstd's `FSE_buildCTable` and `FSE_compress_usingCTable`
 * (https://github.com/facebook/zstd/blob/dev/lib/compress/fse_compress.c); format: RFC 8878, section 4.2.1.2.
 *
 * @param symbols at least two
 */
export function encodeFse(symbols: ArrayLike<number>, counts: NormalizedCounts): Uint8Array {
  const table = buildTable(counts);
  const writer = new BitWriter();
  // Readers go backwards through the bits, so the last symbol is written first. The state of a symbol depends on whether its index is even.
  const states: [number, number] = [-1, -1];
  for (let index = symbols.length - 1; index >= 0; index -= 1) {
    const turn = (index & 1) as 0 | 1;
    const symbol = symbols[index] as number;
    states[turn] = states[turn] < 0 ? firstState(table, symbol) : nextState(writer, table, states[turn], symbol);
  }
  writer.write(states[1], table.tableLog);
  writer.write(states[0], table.tableLog);
  // Where the bits end.
  writer.write(1, 1);
  return writer.finish();
}

function firstState({ nextStates, transitions }: EncodingTable, symbol: number): number {
  const { deltaBitCount, deltaFindState } = transitions[symbol] as Transition;
  const bitCount = (deltaBitCount + (1 << 15)) >>> 16;
  const value = (bitCount << 16) - deltaBitCount;
  return nextStates[(value >>> bitCount) + deltaFindState] as number;
}

function nextState(writer: BitWriter, table: EncodingTable, state: number, symbol: number): number {
  const { deltaBitCount, deltaFindState } = table.transitions[symbol] as Transition;
  const bitCount = (state + deltaBitCount) >>> 16;
  writer.write(state, bitCount);
  return table.nextStates[(state >>> bitCount) + deltaFindState] as number;
}

function buildTable({ tableLog, counts }: NormalizedCounts): EncodingTable {
  const places = 2 ** tableLog;
  const symbolAt = spreadSymbols(counts, places);
  const starts: number[] = [];
  let total = 0;
  for (const count of counts) {
    starts.push(total);
    total += Math.abs(count);
  }
  const nextStates = new Uint16Array(places);
  for (let place = 0; place < places; place += 1) {
    const symbol = symbolAt[place] as number;
    const start = starts[symbol] as number;
    nextStates[start] = places + place;
    starts[symbol] = start + 1;
  }
  return { tableLog, nextStates, transitions: transitionsOf(counts, tableLog) };
}

function transitionsOf(counts: readonly number[], tableLog: number): Transition[] {
  let total = 0;
  return counts.map((count) => {
    const places = Math.abs(count);
    const bitCount = places <= 1 ? tableLog : tableLog - (31 - Math.clz32(places - 1));
    const transition = { deltaBitCount: (bitCount << 16) - (places << bitCount), deltaFindState: total - places };
    total += places;
    return transition;
  });
}
