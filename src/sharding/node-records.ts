import { Buffer } from "node:buffer";
import type { Backend } from "../backend/backend.ts";
import { storedPrefix } from "../entry/namespace-path.ts";
import { RECORD_NAMESPACE } from "./placed-keys.ts";

/** A record as it was found. */
export interface FoundRecord {
  readonly content: unknown;
  readonly version: number;
}

/** The stored key of a record. */
function recordKey(name: string): string {
  return storedPrefix(RECORD_NAMESPACE) + name;
}

/** Reads a record of a store. What is not JSON is none. */
export async function readRecord(backend: Backend, name: string): Promise<FoundRecord | undefined> {
  const entry = await backend.get(recordKey(name), {});
  if (entry === undefined) return undefined;
  const { value, version } = entry;
  const text = value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
  try {
    return { content: JSON.parse(String(text)), version };
  } catch {
    return { content: undefined, version };
  }
}

/**
 * Writes a record, for ever.
 *
 * @param over version of the record that is replaced, 0 for none: written only while that holds. Default: in any case
 * @returns whether it was written
 */
export async function writeRecord(backend: Backend, name: string, content: unknown, over?: number): Promise<boolean> {
  const text = JSON.stringify(content);
  const result = await backend.set(
    recordKey(name),
    {
      value: backend.capabilities.storage === "bytes" ? new Uint8Array(Buffer.from(text)) : text,
      ttlMs: Number.POSITIVE_INFINITY,
      tags: [],
      condition: over === undefined ? undefined : over === 0 ? { kind: "absent" } : { kind: "version", version: over },
    },
    {},
  );
  return result.stored;
}
