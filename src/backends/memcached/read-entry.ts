import type { StoredEntry } from "../../backend/stored-entry.ts";

const NO_TAGS: readonly string[] = Object.freeze([]);

/** An entry without tags, as a read returns it. */
export class ReadEntry implements StoredEntry {
  readonly value: Buffer;
  readonly version: number;
  readonly expiresAt: number;
  readonly tags: readonly string[];

  constructor(value: Buffer, version: number, expiresAt: number, tags: readonly string[] = NO_TAGS) {
    this.value = value;
    this.version = version;
    this.expiresAt = expiresAt;
    this.tags = tags;
  }
}
