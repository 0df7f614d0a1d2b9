import { type NormalizedCounts, spreadSymbols } from "./fse-counts.ts";

/**
 * Decodes what `encodeFse` writes: symbols of two states that take turns, from the last bit backwards, until the bits are used up. Format: RFC 8878,
 * section 4.2.1.2.
 *
 * @returns `undefined` when there is no end mark, or there are more than `maxSymbols`
 */
export function decodeFse(bytes: Uint8Array, counts: NormalizedCounts, maxSymbols: number): number[] | undefined {
  const lastByte = bytes.at(-1) ?? 0;
  if (lastByte === 0) return undefined;
  const table = buildTable(counts);
  let bitsLeft = bytes.length * 8 - (Math.clz32(lastByte) - 24) - 1;
  /** Bits before the beginning are zeros. */
  const read = (count: number): number => {
    let value = 0;
    for (let bit = 0; bit < count; bit += 1) {
      bitsLeft -= 1;
      const bitValue = bitsLeft < 0 ? 0 : ((bytes[bitsLeft >>> 3] as number) >>> (bitsLeft & 7)) & 1;
      value = value * 2 + bitValue;
    }
    return value;
  };
  const states: [number, number] = [read(counts.tableLog), read(counts.tableLog)];
  if (bitsLeft < 0) return undefined;
  const symbols: number[] = [];
  for (let turn: 0 | 1 = 0; symbols.length < maxSymbols; turn = (1 - turn) as 0 | 1) {
    const { symbol, bitCount, base } = table[states[turn]] as Place;
    symbols.push(symbol);
    states[turn] = base + read(bitCount);
    if (bitsLeft >= 0) continue;
    symbols.push((table[states[1 - turn] as number] as Place).symbol);
    return symbols.length <= maxSymbols ? symbols : undefined;
  }
  return undefined;
}

/** What a state stands for, and how the next one is found. */
interface Place {
  readonly symbol: number;
  readonly bitCount: number;
  readonly base: number;
}

function buildTable({ tableLog, counts }: NormalizedCounts): Place[] {
  const places = 2 ** tableLog;
  const next = counts.map(Math.abs);
  return Array.from(spreadSymbols(counts, places), (symbol) => {
    const state = next[symbol] as number;
    next[symbol] = state + 1;
    const bitCount = tableLog - (31 - Math.clz32(state));
    return { symbol, bitCount, base: (state << bitCount) - places };
  });
}
