import { formatByteSize } from "../foundation/byte-size.ts";
import { formatDuration } from "../foundation/duration.ts";
import type { DurationField, EnumField, Field, IntegerField, NumberField, TextField } from "./field.ts";

/** What a field may be, to follow "must be": used in messages, in the JSON Schema's descriptions and in the reference. */
export function describeAllowed(field: Field): string {
  switch (field.kind) {
    case "boolean":
      return field.word === undefined ? "true or false" : `true, false or "${field.word}"`;
    case "integer":
      return describeInteger(field);
    case "ratio":
      return "a number from 0 to 1";
    case "number":
      return describeNumber(field);
    case "text":
      return describeText(field);
    case "enum":
      return describeEnum(field);
    case "duration":
      return describeDuration(field);
    case "size": {
      const range = `a size from "${formatByteSize(field.minBytes)}" to "${formatByteSize(field.maxBytes)}"`;
      return field.unlimited === true ? `${range}, or false or Infinity for "no limit"` : range;
    }
    case "text-list":
      return `a list of texts${field.pattern === undefined ? "" : `, each ${field.pattern.doc}`}`;
    case "text-map":
      return "an object whose values are texts";
    case "section":
      return "an object";
    case "section-list":
      return `a list of up to ${field.maxLength} objects`;
    case "instance":
      return describeInstance(field.instance.doc, field.instance.methods);
  }
}

function describeInteger(field: IntegerField): string {
  const range = `a whole number from ${field.min} to ${field.max}`;
  return field.unlimited === true ? `${range}, or false or Infinity for "no limit"` : range;
}

function describeNumber({ below, off }: NumberField): string {
  const range = `a number above 0${below === undefined ? "" : ` and below ${below}`}`;
  return off === true ? `${range}, or false for "off"` : range;
}

function describeDuration(field: DurationField): string {
  const range = `a duration from "${formatDuration(field.minMs)}" to "${formatDuration(field.maxMs)}"`;
  if (field.never === true) return `${range}, or false or Infinity for "never"`;
  return field.off === true ? `${range}, or false for "off"` : range;
}

function describeText(field: TextField): string {
  return field.pattern?.doc ?? `a text of ${field.minLength} to ${field.maxLength} characters`;
}

/** The words, names and objects that an enum takes, with "or" before the last. */
export function describeEnum(field: EnumField): string {
  const choices = field.values.map((value) => `"${value}"`);
  if (field.other !== undefined) choices.push(field.other.doc);
  if (field.instance !== undefined) choices.push(describeInstance(field.instance.doc, field.instance.methods));
  return choices.length === 1 ? (choices[0] as string) : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

function describeInstance(doc: string, methods: readonly string[]): string {
  return methods.length === 0 ? `${doc} (from code only)` : `${doc} with ${methods.join(", ")} (from code only)`;
}

/** The default of a field for people, or `undefined` for sections and required fields. */
export function describeDefault(field: Field): string | undefined {
  if (field.defaultDoc !== undefined) return field.defaultDoc;
  if (field.default === undefined) return undefined;
  if (field.default === "") return "none";
  if (field.default === false && field.kind === "number") return "off";
  if (field.default === false && field.kind === "duration") return field.off === true ? "off" : "never";
  if (field.default === false && field.kind === "integer") return "no limit";
  return `\`${JSON.stringify(field.default)}\``;
}

/** Meaning, default and range of a field in sentences: the docstring of the interface, and the JSON Schema's description. */
export function describeField(field: Field): string {
  const sentences = [field.doc];
  const defaultText = describeDefault(field);
  if (defaultText !== undefined) sentences.push(`Default: ${defaultText}.`);
  if (hasRange(field)) sentences.push(`Range: ${describeAllowed(field)}.`);
  return sentences.join(" ");
}

/** Plain booleans and sections say nothing beyond their type. */
function hasRange(field: Field): boolean {
  if (field.kind === "boolean") return field.word !== undefined;
  return field.kind !== "section" && field.kind !== "text-map";
}
