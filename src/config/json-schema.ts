import { CACHE_FIELDS } from "./cache-config.ts";
import type { Field, Fields } from "./field.ts";
import { toSnakeCase } from "./field-name.ts";
import { describeField } from "./field-text.ts";
import { describeFieldValue, type JsonSchema } from "./json-schema-value.ts";
import { TIER_FIELDS } from "./sections/tier-config.ts";

const PLUGIN_OPTIONS: JsonSchema = {
  type: "object",
  description: "Options of the plug-in backend of this name.",
};

/**
 * The JSON Schema (draft 2020-12) of a configuration file, for editors and other tools. It has both spellings of every
 * field, and Go's empty values where existing files have them. `validateConfig` is stricter: it also knows which fields
 * cannot stand together.
 */
export function configJsonSchema(): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};
  const root = describeSection(CACHE_FIELDS, "", definitions, true);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "GoCacheX configuration",
    description: "A configuration of GoCacheX, with camelCase names or the snake_case names of existing files.",
    ...root,
    properties: {
      $schema: { type: "string", description: "Where this schema is, for editors." },
      ...(root["properties"] as JsonSchema),
    },
    $defs: definitions,
  };
}

function describeSection(
  fields: Fields,
  path: string,
  definitions: Record<string, JsonSchema>,
  takesPlugins: boolean,
): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const [name, field] of Object.entries(fields)) {
    // Objects come from code; a file has no way to write one.
    if (field.kind === "instance") continue;
    const snake = toSnakeCase(name);
    const reference = referToSection(field, `${path}${path === "" ? name : capitalize(name)}`, definitions);
    const isSameInBoth = snake === name;
    properties[name] = describeProperty(field, reference, isSameInBoth, describeField(field));
    if (isSameInBoth) continue;
    properties[snake] = describeProperty(
      field,
      reference,
      true,
      `As ${name}, in existing files. ${describeField(field)}`,
    );
  }
  return { type: "object", properties, additionalProperties: takesPlugins ? PLUGIN_OPTIONS : false };
}

function describeProperty(
  field: Field,
  reference: JsonSchema | undefined,
  mayBeGo: boolean,
  description: string,
): JsonSchema {
  const value = reference ?? describeFieldValue(field, mayBeGo);
  return { description, ...(field.default === undefined ? {} : { default: field.default }), ...value };
}

/** Puts a section's schema among the definitions, once, and refers to it. */
function referToSection(field: Field, path: string, definitions: Record<string, JsonSchema>): JsonSchema | undefined {
  if (field.kind !== "section" && field.kind !== "section-list") return undefined;
  const name = nameOfDefinition(field.fields, path);
  if (!Object.hasOwn(definitions, name)) {
    definitions[name] = {};
    definitions[name] = describeSection(field.fields, name, definitions, field.holdsPluginOptions === true);
  }
  const reference = { $ref: `#/$defs/${name}` };
  return field.kind === "section" ? reference : { type: "array", maxItems: field.maxLength, items: reference };
}

/** Sections that stand in several places have one definition. */
function nameOfDefinition(fields: Fields, path: string): string {
  if (fields === TIER_FIELDS) return "tier";
  const shared = Object.entries(CACHE_FIELDS).find(([, field]) => field.kind === "section" && field.fields === fields);
  return shared?.[0] ?? path;
}

function capitalize(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
