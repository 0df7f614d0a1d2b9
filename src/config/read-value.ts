import { parseByteSize } from "../foundation/byte-size.ts";
import type {
  EnumField,
  Field,
  InstanceShape,
  IntegerField,
  NumberField,
  SectionField,
  SectionListField,
  SizeField,
  TextField,
  TextListField,
} from "./field.ts";
import { describeAllowed } from "./field-text.ts";
import { findNearestName } from "./nearest-name.ts";
import { isPlainObject } from "./plain-object.ts";
import { describeGiven } from "./problem.ts";
import { readDuration } from "./read-duration.ts";
import { type Place, placeOfItem, type Reading, type Verdict } from "./reading.ts";
import { matchesPattern } from "./text-pattern.ts";

/** Fields that hold one value; sections are walked by `read-section.ts`. */
export type ValueField = Exclude<Field, SectionField | SectionListField>;

const REFUSED: Verdict = { hint: "" };

/**
 * Checks one value and reports what is wrong with it.
 *
 * @returns the value as the library keeps it, or `undefined` when it was refused
 */
export function readValue(field: ValueField, given: unknown, place: Place, reading: Reading): unknown {
  if (field.kind === "text-list") return readTextList(field, given, place, reading);
  const verdict = judge(field, given, reading);
  if ("value" in verdict) return verdict.value;
  reportRefusal(field, given, place, reading, verdict.hint);
  return undefined;
}

/** Reports a value that is not allowed, without showing a credential. */
export function reportRefusal(field: Field, given: unknown, place: Place, reading: Reading, hint: string): void {
  const shown = field.secret === true ? "what was given is not shown" : `it is ${describeGiven(given)}`;
  const message = `${place.label} must be ${describeAllowed(field)}; ${shown}.${hint === "" ? "" : ` ${hint}`}`;
  reading.problems.push({ code: reading.invalidCode, field: place.path, message });
}

function judge(field: Exclude<ValueField, TextListField>, given: unknown, reading: Reading): Verdict {
  switch (field.kind) {
    case "boolean":
      if (typeof given === "boolean" || (given !== undefined && given === field.word)) return { value: given };
      return { hint: hintForQuotes(given, /^(?:true|false)$/) };
    case "integer":
      return judgeInteger(field, given, reading);
    case "ratio":
      return typeof given === "number" && given >= 0 && given <= 1 ? { value: given } : REFUSED;
    case "number":
      return judgeNumber(field, given);
    case "text":
      return judgeText(field, given);
    case "enum":
      return judgeEnum(field, given, reading);
    case "duration":
      return readDuration(field, given, reading.style);
    case "size":
      return judgeSize(field, given);
    case "text-map":
      return judgeTextMap(given);
    case "instance":
      return judgeInstance(field.instance, given, reading);
  }
}

function hintForQuotes(given: unknown, pattern: RegExp): string {
  return typeof given === "string" && pattern.test(given) ? "Write it without quotes." : "";
}

function judgeInteger(field: IntegerField, given: unknown, reading: Reading): Verdict {
  if (field.unlimited === true && (given === false || given === Number.POSITIVE_INFINITY)) return { value: given };
  if (typeof given !== "number") return { hint: hintForQuotes(given, /^-?\d+$/) };
  if (given === -1 && field.goMinusOne !== undefined && reading.style !== "camelCase")
    return { value: field.goMinusOne };
  return Number.isInteger(given) && given >= field.min && given <= field.max ? { value: given } : REFUSED;
}

function judgeNumber({ off, below = Number.POSITIVE_INFINITY }: NumberField, given: unknown): Verdict {
  if (off === true && given === false) return { value: given };
  if (typeof given !== "number") return { hint: hintForQuotes(given, /^\d+(?:\.\d+)?$/) };
  return given > 0 && given < below ? { value: given } : REFUSED;
}

function judgeText(field: TextField, given: unknown): Verdict {
  if (typeof given !== "string") return REFUSED;
  if (given.length < field.minLength || given.length > field.maxLength) return REFUSED;
  return field.pattern === undefined || matchesPattern(field.pattern, given) ? { value: given } : REFUSED;
}

function judgeEnum(field: EnumField, given: unknown, reading: Reading): Verdict {
  if (typeof given !== "string") {
    return field.instance === undefined ? REFUSED : judgeInstance(field.instance, given, reading);
  }
  if (field.values.includes(given)) return { value: given };
  if (field.other !== undefined && matchesPattern(field.other, given)) return { value: given };
  const nearest = findNearestName(given, field.values);
  return { hint: nearest === undefined ? "" : `Did you mean "${nearest}"?` };
}

function judgeInstance(shape: InstanceShape, given: unknown, reading: Reading): Verdict {
  if (shape.isFunction === true) return typeof given === "function" ? { value: given } : REFUSED;
  if (typeof given !== "object" || given === null || Array.isArray(given)) return REFUSED;
  if (reading.origin !== "code") return { hint: "An object can only be given in code." };
  const members = given as Readonly<Record<string, unknown>>;
  const missing = shape.methods.filter((method) => typeof members[method] !== "function");
  return missing.length === 0 ? { value: given } : { hint: `It has no function ${missing.join(", ")}.` };
}

function judgeSize(field: SizeField, given: unknown): Verdict {
  if (field.unlimited === true && (given === false || given === Number.POSITIVE_INFINITY)) return { value: given };
  const sizeBytes = typeof given === "string" ? parseByteSize(given) : given;
  if (typeof sizeBytes !== "number" || !Number.isInteger(sizeBytes))
    return { hint: 'Write it like "512KB", "100MB" or "2GB", or as a whole number of bytes.' };
  return sizeBytes >= field.minBytes && sizeBytes <= field.maxBytes ? { value: given } : { hint: "Numbers are bytes." };
}

function judgeTextMap(given: unknown): Verdict {
  if (!isPlainObject(given)) return REFUSED;
  const entries = Object.entries(given);
  if (entries.some(([name]) => name === "__proto__" || name === "")) return { hint: "A name in it is not allowed." };
  if (entries.some(([, text]) => typeof text !== "string")) return { hint: "A value in it is not a text." };
  return { value: Object.fromEntries(entries) };
}

/** Most characters of an item of a list, unless its field says otherwise. */
const MAX_ITEM_LENGTH = 4_096;

/** Reports each item by its own place. */
function readTextList(field: TextListField, given: unknown, place: Place, reading: Reading): unknown {
  if (!Array.isArray(given) || given.length > field.maxLength) {
    const hint =
      typeof given === "string"
        ? "Put it in brackets."
        : Array.isArray(given)
          ? `At most ${field.maxLength} items.`
          : "";
    reportRefusal(field, given, place, reading, hint);
    return undefined;
  }
  const itemField: TextField = {
    ...field,
    kind: "text",
    minLength: 1,
    maxLength: field.maxItemLength ?? MAX_ITEM_LENGTH,
  };
  // Array.from also visits holes, which are no texts.
  const items = Array.from(given, (item, index) => readValue(itemField, item, placeOfItem(place, index), reading));
  return items.includes(undefined) ? undefined : items;
}
