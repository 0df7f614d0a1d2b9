import { isExactJson, toNearestJson } from "./json-value.ts";

/**
 * How a value travels:
 *
 * | kind | body |
 * |---|---|
 * | `json` | the JSON text of the value |
 * | `bytes` | the bytes themselves (in an entry document: base64) |
 * | `bigint` | `{"value":"<decimal>","type":"bigint"}` (in an entry document: the decimal text) |
 */
export type WireKind = "json" | "bytes" | "bigint";

/** A value ready to be sent as JSON, or as bytes. */
export interface WireValue {
  readonly kind: WireKind;
  /** What goes into a JSON document; for `bytes` the bytes themselves. */
  readonly value: unknown;
  /** Whether the receiver gets an equal value; false when JSON could only come near (a `Date`, a `Map`, …). */
  readonly exact: boolean;
}

/**
 * Says how a stored value travels. O(size of the value).
 *
 * @throws SerializationError when it contains itself or is nested too deeply
 */
export function toWireValue(value: unknown): WireValue {
  if (value instanceof Uint8Array) return { kind: "bytes", value, exact: true };
  if (typeof value === "bigint") return { kind: "bigint", value: value.toString(), exact: true };
  if (isExactJson(value)) return { kind: "json", value, exact: true };
  return { kind: "json", value: toNearestJson(value), exact: false };
}

/** A counter's result: a JSON number where that is exact, decimal text with its type beyond ±(2^53 − 1). */
export function toCounterDocument(result: number | bigint): {
  readonly value: number | string;
  readonly type?: "bigint";
} {
  if (typeof result === "number") return { value: result };
  const isSafe = result >= BigInt(Number.MIN_SAFE_INTEGER) && result <= BigInt(Number.MAX_SAFE_INTEGER);
  return isSafe ? { value: Number(result) } : { value: result.toString(), type: "bigint" };
}

/** A remaining TTL in a document or header: whole milliseconds, or `"infinity"`. */
export function toWireTtl(ttlMs: number): number | "infinity" {
  return Number.isFinite(ttlMs) ? Math.ceil(ttlMs) : "infinity";
}

/** Reads a TTL as people write it: `"5m"`, `"1500"` (ms), `"infinity"`. What is none of these is left for the cache to refuse. */
export function parseTtlText(text: string): number | string {
  if (/^\d+$/.test(text)) return Number(text);
  return /^infinity$/i.test(text) ? Number.POSITIVE_INFINITY : text;
}

/** Bytes as a JSON document has them. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const DECIMAL = /^-?\d{1,1000}$/;

/**
 * Reads a value out of a document. `undefined`: it is not of the kind that `type` says.
 *
 * @param type default: `"json"`
 */
export function fromWireValue(value: unknown, type: unknown = "json"): unknown {
  if (type === "json") return value;
  if (typeof value !== "string") return undefined;
  if (type === "bytes") return value.length % 4 === 0 && BASE64.test(value) ? Buffer.from(value, "base64") : undefined;
  return type === "bigint" && DECIMAL.test(value) ? BigInt(value) : undefined;
}
