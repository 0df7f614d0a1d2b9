import type { Field } from "./field.ts";

const TRUE_WORDS: ReadonlySet<string> = new Set(["true", "1", "yes", "on"]);
const OFF_WORDS: ReadonlySet<string> = new Set(["false", "no", "off"]);
const FALSE_WORDS: ReadonlySet<string> = new Set([...OFF_WORDS, "0"]);
const DECIMAL = /^-?\d+(?:\.\d+)?$/;

/**
 * Turns a variable's text into what a document would hold. What does not fit stays text, so that the field's own check
 * refuses it.
 *
 * Lists are separated by commas, maps are JSON or `key=value` pairs, lists of sections are JSON, durations without a
 * unit are milliseconds, `false`, `no` and `off` say "never" and "no limit".
 */
export function parseEnvironmentText(field: Field, text: string): unknown {
  const trimmed = text.trim();
  const word = trimmed.toLowerCase();
  switch (field.kind) {
    case "boolean":
      return TRUE_WORDS.has(word) ? true : FALSE_WORDS.has(word) ? false : text;
    case "integer":
    case "ratio":
    case "number":
    case "duration":
      return parseNumber(trimmed) ?? (OFF_WORDS.has(word) ? false : text);
    case "text-list":
      return trimmed
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
    case "text-map":
      return trimmed.startsWith("{") ? parseJson(trimmed) : parsePairs(trimmed);
    case "section-list":
      return parseJson(trimmed);
    case "size":
      // "0" is a number here, not "no".
      return OFF_WORDS.has(word) ? false : trimmed;
    case "enum":
      return trimmed;
    default:
      // Spaces may belong to a password.
      return text;
  }
}

function parseNumber(text: string): number | undefined {
  return DECIMAL.test(text) ? Number(text) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `a=1,b=2`; a value may hold further `=`. */
function parsePairs(text: string): unknown {
  const pairs: [string, string][] = [];
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    if (equals < 0) return text;
    pairs.push([part.slice(0, equals).trim(), part.slice(equals + 1).trim()]);
  }
  return Object.fromEntries(pairs);
}
