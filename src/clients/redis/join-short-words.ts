import { Buffer, isAscii } from "node:buffer";
import type { RedisArgument } from "./redis-client.ts";

/** Longest bytes that are sent as text. At 1,000 making the text of a lone value costs more than it saves. */
const MAX_TEXT_BYTES = 512;

/** What the platform has, and its types do not. */
interface Latin1Buffer extends Buffer {
  latin1Slice(start: number, end: number): string;
}

/**
 * The words of a command with short ASCII bytes as texts; the same array when there are none. What leaves is the same, byte for byte.
 * The first short bytes that are not ASCII end the search: the values of a command are mostly alike.
 *
 * The library joins neighbouring texts into one chunk, but bytes stand in a chunk of their own between two others, and a chunk costs the
 * socket as much as a small command. Values of a cache are mostly JSON, and that is mostly ASCII. Measured, commands by CPU time: 32 values
 * of 100 bytes in one command 1.3 to 1.5 times as many, a lone one 1.06 to 1.1 times.
 */
export function joinShortWords(words: readonly RedisArgument[]): readonly RedisArgument[] {
  let joined: RedisArgument[] | undefined;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (typeof word === "string" || !(word instanceof Buffer) || word.length > MAX_TEXT_BYTES) continue;
    if (isSurelyBinary(word) || !isAscii(word)) break;
    joined ??= words.slice();
    joined[index] = (word as Latin1Buffer).latin1Slice(0, word.length);
  }
  return joined ?? words;
}

/** Three bytes tell of most bytes that are no text; asking the platform about all of them costs a fiftieth of a command. */
function isSurelyBinary(bytes: Buffer): boolean {
  const { length } = bytes;
  return length > 0 && ((bytes[0] as number) | (bytes[length >> 1] as number) | (bytes[length - 1] as number)) > 127;
}
