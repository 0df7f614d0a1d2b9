import { createHash } from "node:crypto";
import type { StoredEntry, WriteResult } from "../../backend/stored-entry.ts";

const NO_TAGS: readonly string[] = Object.freeze([]);

/**
 * The version of bytes that carry none: the first 52 bits of their SHA-1, never 0. Equal contents have equal versions, so a value that went and came back is
 * taken for one that stayed.
 */
export function contentVersion(bytes: Uint8Array): number {
  const digest = createHash("sha1").update(bytes).digest();
  return Math.max(1, digest.readUIntBE(0, 6) * 16 + ((digest[6] as number) >> 4));
}

/** An entry of the plain mode. Its version is computed when somebody asks: few do, and it costs more than the read. */
export class PlainEntry implements StoredEntry {
  readonly value: Buffer;
  readonly expiresAt: number;
  readonly tags: readonly string[] = NO_TAGS;
  #version: number | undefined;

  constructor(value: Buffer, expiresAt: number) {
    this.value = value;
    this.expiresAt = expiresAt;
  }

  get version(): number {
    this.#version ??= contentVersion(this.value);
    return this.#version;
  }
}

/** A write of the plain mode that happened; see {@link PlainEntry}. */
export class PlainWriteResult implements WriteResult {
  readonly stored = true;
  readonly previous?: StoredEntry;
  readonly #value: Buffer;
  #version: number | undefined;

  constructor(value: Buffer, previous?: StoredEntry) {
    this.#value = value;
    if (previous !== undefined) this.previous = previous;
  }

  get version(): number {
    this.#version ??= contentVersion(this.#value);
    return this.#version;
  }
}
