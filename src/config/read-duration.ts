import { parseDuration } from "../foundation/duration.ts";
import type { DocumentStyle } from "./document.ts";
import type { DurationField } from "./field.ts";
import type { Verdict } from "./reading.ts";

const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/**
 * Checks a duration. Text stays as it was written; a number becomes milliseconds, whatever its unit was in the document.
 */
export function readDuration(field: DurationField, given: unknown, style: DocumentStyle): Verdict {
  if (field.never === true && (given === false || given === Number.POSITIVE_INFINITY)) return { value: given };
  if (field.off === true && given === false) return { value: given };
  if (typeof given === "string") return readDurationText(field, given);
  if (typeof given !== "number" || Number.isNaN(given)) return { hint: "" };
  if (style === "mixed") {
    return {
      hint:
        "This document has camelCase and snake_case keys, so a number could be milliseconds or Go nanoseconds. " +
        'Write text with a unit, such as "5m", or use one style of keys.',
    };
  }
  if (style === "camelCase")
    return isInRange(field, given) ? { value: given } : { hint: hintForMilliseconds(field, given) };
  if (given === -1 && field.goMinusOne !== undefined) return { value: field.goMinusOne };
  const durationMs = given / NANOSECONDS_PER_MILLISECOND;
  if (isInRange(field, durationMs)) return { value: durationMs };
  return {
    hint: 'Numbers in a document with snake_case keys are Go nanoseconds. Write text with a unit, such as "5m".',
  };
}

function readDurationText(field: DurationField, text: string): Verdict {
  const durationMs = parseDuration(text);
  if (durationMs === undefined) {
    return {
      hint: /^\s*\d+\s*$/.test(text)
        ? `Add a unit, such as "${text.trim().slice(0, 20)}ms".`
        : 'Write it like "250ms", "30s", "5m" or "1h30m".',
    };
  }
  return isInRange(field, durationMs) ? { value: text } : { hint: "" };
}

function hintForMilliseconds(field: DurationField, givenMs: number): string {
  if (givenMs < field.minMs || !isInRange(field, givenMs / NANOSECONDS_PER_MILLISECOND))
    return "Numbers are milliseconds.";
  return 'Numbers are milliseconds; write a number of Go nanoseconds as text with a unit, such as "5m".';
}

function isInRange(field: DurationField, durationMs: number): boolean {
  return durationMs >= field.minMs && durationMs <= field.maxMs;
}
