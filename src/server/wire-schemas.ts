import { type JsonSchema, objectSchema, schemaRef } from "./json-schema.ts";

/** Milliseconds, duration text or `infinity`, as people write a TTL. */
export const TTL_IN: JsonSchema = {
  description: 'Duration ("5m", "1h30m"), milliseconds, or "infinity".',
  anyOf: [{ type: "string" }, { type: "number", minimum: 0 }],
};

/** A remaining TTL in an answer. */
export const TTL_OUT: JsonSchema = {
  description: "Remaining milliseconds, or infinity.",
  anyOf: [{ type: "integer", minimum: 0 }, { const: "infinity" }],
};

const TAGS: JsonSchema = { type: "array", items: { type: "string" }, maxItems: 128 };
const VERSION: JsonSchema = { type: "integer", minimum: 0 };
const KIND: JsonSchema = { enum: ["json", "bytes", "bigint"] };
const VALUE: JsonSchema = { description: "bytes: base64; bigint: decimal text; else the JSON value itself." };
/** Keys of a batch. */
export const KEYS: JsonSchema = { type: "array", items: { type: "string" }, minItems: 1 };
/** A whole number, as decimal text where JSON numbers do not reach. */
export const WHOLE_NUMBER: JsonSchema = { anyOf: [{ type: "integer" }, { type: "string", pattern: "^-?\\d{1,20}$" }] };

/** A value to write, in a document. */
const WRITE_FIELDS: Readonly<Record<string, JsonSchema>> = { key: { type: "string" }, value: VALUE, type: KIND };

/** Documents that several routes share, by their name among the document's components. */
export const SHARED_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Problem: objectSchema({
    type: { type: "string", pattern: "^urn:gocachex:error:GCX_[A-Z_]+$" },
    title: { type: "string" },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string" },
    code: { type: "string", pattern: "^GCX_[A-Z_]+$" },
  }),
  FoundValue: objectSchema({ key: { type: "string" }, value: VALUE, type: KIND, exact: { type: "boolean" } }),
  Entry: objectSchema({
    key: { type: "string" },
    value: VALUE,
    type: KIND,
    exact: { type: "boolean" },
    version: VERSION,
    ttl: TTL_OUT,
    tags: TAGS,
    tier: { type: "string" },
  }),
  WriteItem: objectSchema(WRITE_FIELDS, ["key", "value"]),
  TransactionWrite: objectSchema({ ...WRITE_FIELDS, ttl: TTL_IN, tags: TAGS }, ["key", "value"]),
  VersionCheck: objectSchema({ key: { type: "string" }, version: VERSION }),
  Lease: objectSchema({
    lease: { type: "string" },
    token: { type: "integer", minimum: 1 },
    validForMs: { type: "integer", minimum: 0 },
  }),
  Stats: { type: "object", required: ["hits", "misses", "sets", "deletes", "evictions", "keyCount", "hitRatio"] },
  Health: {
    type: "object",
    required: ["status", "checks"],
    properties: {
      status: { enum: ["up", "degraded", "down"] },
      checks: {
        type: "array",
        items: {
          type: "object",
          required: ["name", "status", "latencyMs"],
          properties: {
            name: { type: "string" },
            status: { enum: ["up", "degraded", "down"] },
            latencyMs: { type: "number" },
            message: { type: "string" },
          },
        },
      },
    },
  },
};

/** What a write answers. */
export const WRITTEN: JsonSchema = objectSchema({ key: { type: "string" }, version: VERSION, epoch: {} }, [
  "key",
  "version",
]);

/** A tags field of a body. */
export const TAGS_IN: JsonSchema = TAGS;

/** Several of one shared schema. */
export function listOf(name: string): JsonSchema {
  return { type: "array", items: schemaRef(name) };
}
