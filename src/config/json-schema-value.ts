import type { DurationField, EnumField, Field, IntegerField, NumberField, SizeField, TextField } from "./field.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What `parseDuration` reads. */
const DURATION_TEXT = "^\\s*(?:0|(?:(?:\\d+(?:\\.\\d+)?|\\.\\d+)(?:ns|us|µs|μs|ms|s|m|h|d|w))+)\\s*$";
/** What `parseByteSize` reads. */
const SIZE_TEXT = "^\\s*\\d+(?:\\.\\d+)?\\s*(?:[kKmMgGtT](?:[iI]?[bB])?|[bB])?\\s*$";

/** What Go writes for fields that nobody set. */
const GO_ZEROS: Readonly<Partial<Record<Field["kind"], readonly unknown[]>>> = {
  integer: [0],
  number: [0],
  duration: [0, ""],
  size: [""],
  text: [""],
  enum: [""],
  "text-list": [null],
  "text-map": [null],
};

/**
 * The schema of a field's value; sections have definitions of their own.
 *
 * @param mayBeGo the key may stand in a file of the Go library: its empty values and its nanoseconds are allowed as well
 */
export function describeFieldValue(field: Field, mayBeGo: boolean): JsonSchema {
  const choices = describeChoices(field, mayBeGo);
  const zeros = mayBeGo ? GO_ZEROS[field.kind] : undefined;
  if (zeros !== undefined) choices.push({ enum: zeros });
  return choices.length === 1 ? (choices[0] as JsonSchema) : { anyOf: choices };
}

function describeChoices(field: Field, mayBeGo: boolean): JsonSchema[] {
  switch (field.kind) {
    case "boolean":
      return field.word === undefined ? [{ type: "boolean" }] : [{ type: "boolean" }, { const: field.word }];
    case "integer":
      return describeInteger(field, mayBeGo);
    case "ratio":
      return [{ type: "number", minimum: 0, maximum: 1 }];
    case "number":
      return describeNumber(field);
    case "text":
      return [describeText(field)];
    case "enum":
      return describeEnum(field);
    case "duration":
      return describeDuration(field, mayBeGo);
    case "size":
      return describeSize(field);
    case "text-list":
      return [
        {
          type: "array",
          maxItems: field.maxLength,
          items: { type: "string", minLength: 1, ...(field.pattern && { pattern: field.pattern.source }) },
        },
      ];
    case "text-map":
      return [{ type: "object", additionalProperties: { type: "string" } }];
    default:
      return [{ type: "object" }];
  }
}

function describeInteger(field: IntegerField, mayBeGo: boolean): JsonSchema[] {
  const choices: JsonSchema[] = [{ type: "integer", minimum: field.min, maximum: field.max }];
  if (field.unlimited === true) choices.push({ const: false });
  if (mayBeGo && field.goMinusOne !== undefined) choices.push({ const: -1 });
  return choices;
}

function describeNumber({ below, off }: NumberField): JsonSchema[] {
  const range = { type: "number", exclusiveMinimum: 0, ...(below !== undefined && { exclusiveMaximum: below }) };
  return off === true ? [range, { const: false }] : [range];
}

function describeText(field: TextField): JsonSchema {
  const lengths = { minLength: field.minLength, maxLength: field.maxLength };
  return { type: "string", ...lengths, ...(field.pattern && { pattern: field.pattern.source }) };
}

function describeEnum(field: EnumField): JsonSchema[] {
  const choices: JsonSchema[] = [{ enum: field.values }];
  if (field.other !== undefined) choices.push({ type: "string", pattern: field.other.source });
  return choices;
}

/** The unit of a number depends on the whole document, which a schema cannot see: nanoseconds have no upper bound here. */
function describeDuration(field: DurationField, mayBeGo: boolean): JsonSchema[] {
  const milliseconds = { type: "number", minimum: field.minMs, maximum: field.maxMs };
  const choices: JsonSchema[] = [
    { type: "string", pattern: DURATION_TEXT },
    mayBeGo ? { type: "number", minimum: field.minMs } : milliseconds,
  ];
  if (field.never === true || field.off === true) choices.push({ const: false });
  if (mayBeGo && field.goMinusOne !== undefined) choices.push({ const: -1 });
  return choices;
}

function describeSize(field: SizeField): JsonSchema[] {
  const choices: JsonSchema[] = [
    { type: "string", pattern: SIZE_TEXT },
    { type: "integer", minimum: field.minBytes, maximum: field.maxBytes },
  ];
  if (field.unlimited === true) choices.push({ const: false });
  return choices;
}
