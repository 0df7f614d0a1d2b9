/** Where a text stops being JSON; counted from 1, as editors do. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

const WHITESPACE = /[ \t\r\n]*/y;
const TOKEN =
  /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})|[\x7f-\x9f])*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/uy;

/**
 * What may come next. `value!`: a value and no end (after a comma or colon).
 *
 * ```text
 * value -> after     first -> after | end of list     key -> colon -> value     firstKey -> key | end of object
 * ```
 */
type Expected = "value" | "first" | "key" | "firstKey" | "colon" | "after";

/**
 * Finds the first place where a text breaks the JSON grammar. The platform's own message is of no use for this: it does
 * not always name a position, and it quotes the text, which may hold a password.
 *
 * Keeps a stack of its own, so that a text nested a million deep is no danger. O(length).
 *
 * @returns `undefined` when the text is JSON
 */
export function findJsonError(text: string): TextPosition | undefined {
  const open: string[] = [];
  let expected: Expected = "value";
  let offset = skipWhitespace(text, 0);
  while (offset < text.length) {
    TOKEN.lastIndex = offset;
    const token = TOKEN.exec(text)?.[0];
    const next: Expected | undefined = token === undefined ? undefined : advance(expected, token, open);
    if (token === undefined || next === undefined) return toPosition(text, offset);
    expected = next;
    offset = skipWhitespace(text, offset + token.length);
  }
  return expected === "after" && open.length === 0 ? undefined : toPosition(text, text.length);
}

/** The state after a token, or `undefined` when it may not stand here. Keeps `open` in step. */
function advance(expected: Expected, token: string, open: string[]): Expected | undefined {
  switch (expected) {
    case "colon":
      return token === ":" ? "value" : undefined;
    case "key":
      return token.startsWith('"') ? "colon" : undefined;
    case "firstKey":
      return token === "}" ? close(token, open) : advance("key", token, open);
    case "first":
      return token === "]" ? close(token, open) : advance("value", token, open);
    case "after":
      return token === "," ? afterComma(open) : close(token, open);
    case "value":
      return startValue(token, open);
  }
}

function startValue(token: string, open: string[]): Expected | undefined {
  if (token === "{" || token === "[") {
    open.push(token);
    return token === "{" ? "firstKey" : "first";
  }
  return "}],:".includes(token) ? undefined : "after";
}

function afterComma(open: readonly string[]): Expected | undefined {
  if (open.length === 0) return undefined;
  return open.at(-1) === "{" ? "key" : "value";
}

function close(token: string, open: string[]): Expected | undefined {
  const wanted = token === "}" ? "{" : token === "]" ? "[" : undefined;
  if (wanted === undefined || open.at(-1) !== wanted) return undefined;
  open.pop();
  return "after";
}

function skipWhitespace(text: string, offset: number): number {
  WHITESPACE.lastIndex = offset;
  return offset + (WHITESPACE.exec(text)?.[0].length ?? 0);
}

function toPosition(text: string, offset: number): TextPosition {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: (lines.at(-1) as string).length + 1 };
}
