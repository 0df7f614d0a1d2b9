type Schema = Readonly<Record<string, unknown>>;

/**
 * Checks a document against the part of JSON Schema that the published schema uses. A keyword it does not know is a
 * violation, so that it can never be more lenient than a real validator by accident.
 */
export function findSchemaViolations(root: Schema, document: unknown): readonly string[] {
  return check(root, document, "$", root);
}

const ANNOTATIONS: ReadonlySet<string> = new Set(["$schema", "title", "description", "default", "$defs"]);

type Check = (argument: never, value: unknown, path: string, root: Schema, schema: Schema) => readonly string[];

const fail = (isRight: boolean, path: string, keyword: string): readonly string[] =>
  isRight ? [] : [`${path}: ${keyword}`];

const KEYWORDS: Readonly<Record<string, Check>> = {
  $ref: (reference: string, value, path, root) => check(resolve(root, reference), value, path, root),
  anyOf: (choices: readonly Schema[], value, path, root) =>
    fail(
      choices.some((choice) => check(choice, value, path, root).length === 0),
      path,
      "anyOf",
    ),
  type: (type: string, value, path) => fail(hasType(type, value), path, `type ${type}`),
  enum: (values: readonly unknown[], value, path) => fail(values.includes(value), path, "enum"),
  const: (wanted: unknown, value, path) => fail(wanted === value, path, "const"),
  minimum: (limit: number, value, path) => fail(typeof value !== "number" || value >= limit, path, "minimum"),
  maximum: (limit: number, value, path) => fail(typeof value !== "number" || value <= limit, path, "maximum"),
  exclusiveMinimum: (limit: number, value, path) =>
    fail(typeof value !== "number" || value > limit, path, "exclusiveMinimum"),
  exclusiveMaximum: (limit: number, value, path) =>
    fail(typeof value !== "number" || value < limit, path, "exclusiveMaximum"),
  minLength: (limit: number, value, path) =>
    fail(typeof value !== "string" || value.length >= limit, path, "minLength"),
  maxLength: (limit: number, value, path) =>
    fail(typeof value !== "string" || value.length <= limit, path, "maxLength"),
  pattern: (source: string, value, path) =>
    fail(typeof value !== "string" || new RegExp(source, "u").test(value), path, "pattern"),
  maxItems: (limit: number, value, path) => fail(!Array.isArray(value) || value.length <= limit, path, "maxItems"),
  items: (schema: Schema, value, path, root) =>
    Array.isArray(value) ? value.flatMap((item, index) => check(schema, item, `${path}[${index}]`, root)) : [],
  properties: (schemas: Readonly<Record<string, Schema>>, value, path, root) =>
    isObject(value)
      ? Object.entries(value).flatMap(([key, item]) =>
          Object.hasOwn(schemas, key) ? check(schemas[key] as Schema, item, `${path}.${key}`, root) : [],
        )
      : [],
  additionalProperties: (schema: Schema | false, value, path, root, parent) =>
    isObject(value)
      ? Object.entries(value)
          .filter(([key]) => !Object.hasOwn((parent["properties"] ?? {}) as object, key))
          .flatMap(([key, item]) =>
            schema === false ? [`${path}.${key}: unknown`] : check(schema, item, `${path}.${key}`, root),
          )
      : [],
};

function check(schema: Schema, value: unknown, path: string, root: Schema): readonly string[] {
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    if (ANNOTATIONS.has(keyword)) return [];
    const run = KEYWORDS[keyword];
    return run === undefined
      ? [`${path}: the check does not know ${keyword}`]
      : run(argument as never, value, path, root, schema);
  });
}

function resolve(root: Schema, reference: string): Schema {
  const name = reference.replace("#/$defs/", "");
  return (root["$defs"] as Readonly<Record<string, Schema>>)[name] as Schema;
}

function hasType(type: string, value: unknown): boolean {
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
