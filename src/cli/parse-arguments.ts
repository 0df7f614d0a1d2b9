import { parseArgs } from "node:util";
import { findNearestName } from "../config/nearest-name.ts";
import { formatByteSize, parseByteSize } from "../foundation/byte-size.ts";
import { parseDuration } from "../foundation/duration.ts";
import { InvalidArgumentError } from "../foundation/errors.ts";
import type { Command } from "./command.ts";
import { GENERAL_OPTIONS } from "./common-options.ts";
import type { OptionSpec } from "./option-spec.ts";
import type { ParsedArguments } from "./parsed-arguments.ts";

/** An error in the command line itself; ends with exit code 2. */
export function usageError(message: string): InvalidArgumentError {
  return new InvalidArgumentError("GCX_ARGUMENT_OPTION", "command line", message);
}

/**
 * Reads the arguments of a command.
 *
 * @throws InvalidArgumentError for an unknown option (naming the nearest), a missing or needless value, too many or too
 * few positional arguments
 */
export function parseArguments(command: Command, args: readonly string[]): ParsedArguments {
  const specs = [...command.options, ...GENERAL_OPTIONS];
  const options = Object.fromEntries(
    specs.map((spec) => [
      spec.name,
      {
        type: spec.value === undefined ? "boolean" : "string",
        ...(spec.short === undefined ? {} : { short: spec.short }),
      },
    ]),
  ) as Record<string, { type: "string" | "boolean"; short?: string }>;
  // Not strict: the checks below say more than the platform's, and take negative numbers as values.
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind === "option") values.set(token.name, checkOption(command, specs, token));
  }
  if (!values.has("help")) checkPositionals(command, positionals);
  return {
    positionals,
    has: (name) => values.has(name),
    text: (name) => {
      const value = values.get(name);
      return value === true ? undefined : value;
    },
  };
}

/** What may be the value of an option that needs none. */
const OPTIONAL_VALUE = /^\d+(?:\.\d+)?(?:ms|s|m|h)?$/;

/**
 * Writes options that may stand without a value as `--name=value`, so that nothing takes the next argument for it. To be done before the command's name is taken out:
 * what follows it then is no value, as in `--watch get 42`.
 */
export function joinOptionalValues(args: readonly string[], specs: readonly OptionSpec[]): string[] {
  const optional = new Map<string, OptionSpec>();
  for (const spec of specs) {
    if (spec.bareValue === undefined) continue;
    optional.set(`--${spec.name}`, spec);
    if (spec.short !== undefined) optional.set(`-${spec.short}`, spec);
  }
  const joined: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] as string;
    if (argument === "--") return [...joined, ...args.slice(index)];
    const spec = optional.get(argument);
    if (spec === undefined) {
      joined.push(argument);
      continue;
    }
    const next = args[index + 1] ?? "";
    const isGiven = OPTIONAL_VALUE.test(next);
    joined.push(`--${spec.name}=${isGiven ? next : spec.bareValue}`);
    if (isGiven) index += 1;
  }
  return joined;
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function checkOption(command: Command, specs: readonly OptionSpec[], token: OptionToken): string | true {
  const spec = specs.find((candidate) => candidate.name === token.name);
  if (spec === undefined) throw unknownOption(command, specs, token.rawName);
  if (spec.value === undefined) {
    if (token.value !== undefined) throw usageError(`${token.rawName} takes no value.`);
    return true;
  }
  const looksLikeOption = token.inlineValue !== true && /^-(?!\d|$)/.test(token.value ?? "");
  if (token.value === undefined || looksLikeOption) {
    const shown = spec.isSecret === true ? spec.value : token.value;
    const hint = looksLikeOption ? ` If the value begins with a dash, write ${token.rawName}=${shown}.` : "";
    throw usageError(`${token.rawName} needs a value (${spec.value}).${hint}`);
  }
  return token.value;
}

function unknownOption(command: Command, specs: readonly OptionSpec[], rawName: string): InvalidArgumentError {
  if (/^-\d/.test(rawName))
    return usageError(`Write values that begin with a dash after --: gocachex ${command.name} … -- ${rawName}…`);
  const nearest = findNearestName(
    rawName.replace(/^-+/, ""),
    specs.map((spec) => spec.name),
  );
  const hint = nearest === undefined ? "" : ` Did you mean --${nearest}?`;
  return usageError(`Unknown option ${rawName}.${hint} See gocachex ${command.name} --help.`);
}

function checkPositionals(command: Command, given: readonly string[]): void {
  const [min, max] = command.positionals;
  if (given.length >= min && given.length <= max) return;
  const what = given.length < min ? missingWords(command, given.length) : excessWords(command, given[max] as string);
  const usage = command.usage.map((line) => `gocachex ${line}`).join("  or  ");
  throw usageError(`${what} Usage: ${usage}. See gocachex ${command.name} --help.`);
}

function missingWords({ positionals: [min], positionalNames }: Command, givenCount: number): string {
  const missing = positionalNames.slice(givenCount, min);
  return `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing.`;
}

function excessWords({ name, positionalNames }: Command, excess: string): string {
  const taken = positionalNames.length === 0 ? "no argument" : positionalNames.join(" and ");
  const hint = positionalNames.includes("VALUE") ? " Quote a value that has spaces." : "";
  return `${name} takes ${taken}; ${JSON.stringify(excess.slice(0, 40))} is too much.${hint}`;
}

/**
 * The value of an option that is a whole number within bounds.
 *
 * @throws InvalidArgumentError
 */
export function integerOption(args: ParsedArguments, name: string, min: number, max: number): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw usageError(`--${name} must be a whole number from ${min} to ${max}.`);
}

const MIN_INT64: bigint = -(2n ** 63n);
const MAX_INT64: bigint = 2n ** 63n - 1n;

/**
 * The value of an option that is a whole number of 64 bits, which is what counters hold.
 *
 * @throws InvalidArgumentError
 */
export function bigintOption(args: ParsedArguments, name: string): bigint | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const value = /^[-+]?\d{1,20}$/.test(text) ? BigInt(text.replace("+", "")) : undefined;
  if (value !== undefined && value >= MIN_INT64 && value <= MAX_INT64) return value;
  throw usageError(`--${name} must be a whole number of 64 bits, from ${MIN_INT64} to ${MAX_INT64}.`);
}

/**
 * The value of an option that is a number within bounds, for example a share.
 *
 * @throws InvalidArgumentError
 */
export function numberOption(args: ParsedArguments, name: string, min: number, max: number): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usageError(`--${name} must be a number from ${min} to ${max}.`);
}

/**
 * The value of an option that is a number of seconds, or a duration with its unit, in ms.
 *
 * @throws InvalidArgumentError for less than 50 ms and more than a day
 */
export function secondsOption(args: ParsedArguments, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const durationMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : parseDuration(text);
  if (durationMs !== undefined && durationMs >= 50 && durationMs <= 86_400_000) return durationMs;
  throw usageError(`--${name} must be seconds, or a duration such as 500ms or 1m, from 50ms to 24h.`);
}

/**
 * The value of an option that is a size, in bytes.
 *
 * @throws InvalidArgumentError
 */
export function sizeOption(args: ParsedArguments, name: string, min: number, max: number): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const sizeBytes = parseByteSize(text);
  if (sizeBytes !== undefined && sizeBytes >= min && sizeBytes <= max) return sizeBytes;
  throw usageError(
    `--${name} must be a size such as 100B or 16KB, from ${formatByteSize(min)} to ${formatByteSize(max)}.`,
  );
}

/**
 * The value of an option that is one of some words.
 *
 * @throws InvalidArgumentError naming them
 */
export function choiceOption<Word extends string>(
  args: ParsedArguments,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const nearest = findNearestName(text, words);
  throw usageError(
    `--${name} must be one of ${words.join(", ")}.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`,
  );
}

/**
 * The value of an option that is a duration, in ms.
 *
 * @throws InvalidArgumentError
 */
export function durationOption(args: ParsedArguments, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const durationMs = /^\d+$/.test(text) ? Number(text) : parseDuration(text);
  if (durationMs !== undefined && durationMs >= 1 && durationMs <= 2_147_483_647) return durationMs;
  throw usageError(`--${name} must be a duration such as 500ms, 5s or 1m.`);
}
