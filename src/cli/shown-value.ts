import { toNearestJson } from "../server/json-value.ts";
import { toWireValue } from "../server/wire-value.ts";

/** A value as JSON documents of the command line hold it: bytes as base64, large integers as decimal text. */
export interface ShownValue {
  readonly value: unknown;
  readonly type: "json" | "bytes" | "bigint";
}

/** A value for a JSON document. O(size of the value). */
export function toShownValue(value: unknown): ShownValue {
  const wire = toWireValue(value);
  return { value: wire.kind === "bytes" ? toNearestJson(value) : wire.value, type: wire.kind };
}

/**
 * A value as a few words on one line. Control characters are as they are: print it through `Printer.visible`.
 *
 * @param maxLength most characters; the rest is cut off
 */
export function summarizeValue(value: unknown, maxLength: number): string {
  if (value instanceof Uint8Array) return `(${value.byteLength} bytes)`;
  const text = typeof value === "bigint" ? value.toString() : (JSON.stringify(value) ?? String(value));
  return text.length > maxLength ? `${text.slice(0, Math.max(0, maxLength - 1))}…` : text;
}
