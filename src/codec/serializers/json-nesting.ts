import { CodecFault } from "../codec-fault.ts";

/** Texts up to this length are parsed first and looked at then, which is faster for them. */
export const LOOKED_AT_AFTERWARDS_LENGTH = 8_192;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`, `]` and `}`: the pairs differ in one bit. */
const OPENING = 0x5b;
const CLOSING = 0x5d;
const BRACE_BIT = 0x20;

/**
 * Refuses JSON that is nested deeper than `maxDepth`, before it is parsed: the platform takes 4 µs and some memory for each open bracket, so a few
 * megabytes of brackets would block for seconds. Texts that are no JSON may pass; the parser finds them. Some 0.6 ns a character. O(length)
 *
 * @throws CodecFault `too-large`
 */
export function assertJsonNesting(text: string, maxDepth: number): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at + 1);
      continue;
    }
    const bracket = code & ~BRACE_BIT;
    if (bracket === OPENING) {
      depth += 1;
      if (depth > maxDepth) throw new CodecFault("too-large", "a value that is nested too deeply");
    } else if (bracket === CLOSING) depth -= 1;
  }
}

/** The place of the quote that ends a string; the text's end when there is none. */
function endOfString(text: string, from: number): number {
  for (let at = from; ; at += 1) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
}
