/** A JSON Schema as far as the node's document uses them. */
export type CheckedSchema = Readonly<Record<string, unknown>>;

/** Keywords that are looked at; any other fails the check, so that none is believed to be checked and is not. */
const KNOWN = new Set([
  "$ref",
  "type",
  "enum",
  "const",
  "anyOf",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "minItems",
  "maxItems",
  "minLength",
  "minimum",
  "maximum",
  "pattern",
  "description",
  "default",
]);

/**
 * What is wrong with a value by a schema, as `place: reason`; nothing when all is well.
 *
 * @param schemas what `$ref` names
 */
export function schemaFaults(
  value: unknown,
  schema: CheckedSchema,
  schemas: Readonly<Record<string, CheckedSchema>>,
  place = "$",
): string[] {
  const unknown = Object.keys(schema).filter((keyword) => !KNOWN.has(keyword));
  if (unknown.length > 0) return [`${place}: unknown keywords ${unknown.join(", ")}`];
  const { $ref, anyOf } = schema as { $ref?: string; anyOf?: readonly CheckedSchema[] };
  if ($ref !== undefined) {
    const target = schemas[$ref.replace("#/components/schemas/", "")];
    return target === undefined ? [`${place}: ${$ref} is not there`] : schemaFaults(value, target, schemas, place);
  }
  if (anyOf !== undefined && !anyOf.some((one) => schemaFaults(value, one, schemas, place).length === 0))
    return [`${place}: fits none of ${JSON.stringify(anyOf)}`];
  return [
    ...plainFaults(value, schema, place),
    ...objectFaults(value, schema, schemas, place),
    ...arrayFaults(value, schema, schemas, place),
  ];
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  array: Array.isArray,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
};

function plainFaults(value: unknown, schema: CheckedSchema, place: string): string[] {
  const { type, minimum, maximum, pattern, minLength } = schema as Record<string, never>;
  const faults: string[] = [];
  const expect = (isFine: boolean | undefined, reason: string): void => {
    if (isFine === false) faults.push(`${place}: ${reason}`);
  };
  if (type !== undefined) expect(TYPES[type]?.(value) ?? false, `is no ${String(type)}`);
  if ("const" in schema) expect(value === schema["const"], `is not ${JSON.stringify(schema["const"])}`);
  if ("enum" in schema) expect((schema["enum"] as unknown[]).includes(value), "is none of the enumerated");
  if (typeof value === "number") {
    if (minimum !== undefined) expect(value >= minimum, `is below ${String(minimum)}`);
    if (maximum !== undefined) expect(value <= maximum, `is above ${String(maximum)}`);
  }
  if (typeof value === "string") {
    if (pattern !== undefined) expect(new RegExp(pattern, "u").test(value), `does not match ${String(pattern)}`);
    if (minLength !== undefined) expect(value.length >= minLength, "is too short");
  }
  return faults;
}

function objectFaults(
  value: unknown,
  schema: CheckedSchema,
  schemas: Readonly<Record<string, CheckedSchema>>,
  place: string,
): string[] {
  if (!TYPES["object"]?.(value)) return [];
  const fields = value as Record<string, unknown>;
  const properties = (schema["properties"] ?? {}) as Record<string, CheckedSchema>;
  const required = (schema["required"] ?? []) as string[];
  return [
    ...required.filter((name) => !(name in fields)).map((name) => `${place}: lacks ${name}`),
    ...Object.entries(fields).flatMap(([name, field]) => {
      const property = properties[name];
      if (property !== undefined) return schemaFaults(field, property, schemas, `${place}.${name}`);
      return schema["additionalProperties"] === false ? [`${place}: has the undocumented ${name}`] : [];
    }),
  ];
}

function arrayFaults(
  value: unknown,
  schema: CheckedSchema,
  schemas: Readonly<Record<string, CheckedSchema>>,
  place: string,
): string[] {
  if (!Array.isArray(value)) return [];
  const {
    items,
    minItems = 0,
    maxItems = Number.POSITIVE_INFINITY,
  } = schema as {
    items?: CheckedSchema;
    minItems?: number;
    maxItems?: number;
  };
  const faults = value.length < minItems || value.length > maxItems ? [`${place}: has ${value.length} elements`] : [];
  if (items === undefined) return faults;
  return [
    ...faults,
    ...value.flatMap((element: unknown, index) => schemaFaults(element, items, schemas, `${place}[${index}]`)),
  ];
}
