import { SerializationError } from "../foundation/errors.ts";

/** Deepest nesting of arrays and objects that the node takes or gives; beyond it the platform's own recursion may end. */
export const MAX_JSON_DEPTH = 500;

/**
 * Refuses a document that is nested too deeply.
 *
 * @throws SerializationError beyond {@link MAX_JSON_DEPTH}
 */
export function assertJsonDepth(value: unknown): void {
  isExactJson(value);
}

/**
 * Whether JSON says a value exactly: reading its text back gives an equal value.
 * O(size of the value).
 *
 * @throws SerializationError for a cycle or nesting beyond {@link MAX_JSON_DEPTH}
 */
export function isExactJson(value: unknown, depth = 0): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean";
  if (value === null) return true;
  assertDepth(depth);
  if (Array.isArray(value)) {
    // Every element is looked at even after the first inexact one, so that the depth is always checked.
    let exact = true;
    for (const element of value as unknown[]) exact = isExactJson(element, depth + 1) && exact;
    return exact;
  }
  if (!isPlainObject(value)) return false;
  let exact = true;
  for (const key of Object.keys(value))
    exact = isExactJson((value as Record<string, unknown>)[key], depth + 1) && exact;
  return exact;
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function assertDepth(depth: number): void {
  if (depth < MAX_JSON_DEPTH) return;
  throw new SerializationError(
    "$",
    `The value is nested more than ${MAX_JSON_DEPTH} levels deep or contains itself, so JSON cannot carry it.`,
  );
}

/**
 * The nearest thing that JSON can say, for people who look at a value: a date as ISO text, a map as pairs, a set as an
 * array, a bigint as decimal text, bytes as base64, `undefined`, functions and NaN as `null`, an instance as its fields.
 *
 * @throws SerializationError for a cycle or nesting beyond {@link MAX_JSON_DEPTH}
 */
export function toNearestJson(value: unknown, depth = 0): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return null;
  if (typeof value !== "object" || value === null) return value ?? null;
  assertDepth(depth);
  const inner = (part: unknown): unknown => toNearestJson(part, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  return fromBuiltIn(value, inner) ?? fromFields(value, inner);
}

/** The JSON of the platform's own classes; `undefined` for any other object. */
function fromBuiltIn(value: object, inner: (part: unknown) => unknown): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof Map) return [...value].map(([key, part]) => [inner(key), inner(part)]);
  if (value instanceof Set) return [...value].map(inner);
  if (value instanceof RegExp) return String(value);
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  if (value instanceof Uint8Array || value instanceof DataView) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, inner);
  return undefined;
}

function fromFields(value: object, inner: (part: unknown) => unknown): unknown {
  // fromEntries defines the fields, so a field named __proto__ stays a field.
  return Object.fromEntries(Object.keys(value).map((key) => [key, inner((value as Record<string, unknown>)[key])]));
}
