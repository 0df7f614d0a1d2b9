import type { ErrorCode } from "../foundation/error-codes.ts";
import { ConfigError } from "../foundation/errors.ts";

/** One thing that is wrong with a configuration. */
export interface Problem {
  readonly code: ErrorCode;
  /** Dotted camelCase path of the field, `""` when it is not about one. */
  readonly field: string;
  /** A sentence or more: where, what was given, what is allowed, the remedy. */
  readonly message: string;
}

/** How many problems one message lists; more would bury the first ones. */
export const MAX_PROBLEMS_SHOWN = 10;
const MAX_TEXT_SHOWN = 40;

/**
 * Throws one error for all problems; does nothing when there are none.
 *
 * @param source where the configuration came from, for example `File "cache.json"`; `""` when the caller knows
 * @throws ConfigError with the first problem's code and field
 */
export function throwProblems(problems: readonly Problem[], source = ""): void {
  const [first] = problems;
  if (first === undefined) return;
  const prefix = source === "" ? "" : `${source}: `;
  if (problems.length === 1) throw new ConfigError(first.code, first.field, prefix + first.message);
  const shown = problems.slice(0, MAX_PROBLEMS_SHOWN).map((problem) => `- ${problem.message}`);
  const restCount = problems.length - shown.length;
  if (restCount > 0) shown.push(`- and ${restCount} more.`);
  const message = `${prefix}${problems.length} problems in the configuration:\n${shown.join("\n")}`;
  throw new ConfigError(first.code, first.field, message);
}

/** What a user gave, short, to follow "got". Never more of an object than that it is one, and nothing that looks like a credential. */
export function describeGiven(value: unknown): string {
  switch (typeof value) {
    case "string":
      return describeText(value);
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
    case "bigint":
      return "a bigint";
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? "a list" : "an object";
    default:
      return `a ${typeof value}`;
  }
}

/** Addresses and URLs carry credentials before an `@`. */
function describeText(text: string): string {
  if (text.includes("@")) return 'a text with "@" (not shown, it may hold a password)';
  return text.length > MAX_TEXT_SHOWN ? `${JSON.stringify(text.slice(0, MAX_TEXT_SHOWN))}…` : JSON.stringify(text);
}

/** A key of a document, for messages: short, and always quoted when it is no plain name. */
export function describeKey(key: string): string {
  const short = key.length > MAX_TEXT_SHOWN ? `${key.slice(0, MAX_TEXT_SHOWN)}…` : key;
  return /^[A-Za-z_$][\w$-]*$/.test(short) ? short : JSON.stringify(short);
}
