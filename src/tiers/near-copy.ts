import type { StoredEntry } from "../backend/stored-entry.ts";
import type { CopyProof } from "../coherence/copy-proof.ts";
import type { RevalidatedCopy } from "../coherence/used-copies.ts";

/** What a copy is made of. */
export interface NearCopyParts {
  readonly value: unknown;
  readonly version: number;
  readonly expiresAt: number;
  readonly tags: readonly string[];
  readonly proof: CopyProof;
}

/** A copy of an entry in this process, with what proves that it is current. One object, without others inside: there are as many as entries. */
export class NearCopy implements RevalidatedCopy {
  /** As the near store's isolation keeps it. */
  readonly value: unknown;
  readonly version: number;
  readonly expiresAt: number;
  readonly tags: readonly string[];
  readonly shard: number;
  readonly head: number;
  readonly tagHead: number;
  readonly generation: number;
  readonly life: number;
  readAtMs: number;
  age: number;
  tagAge: number;
  useCount: number;

  constructor({ value, version, expiresAt, tags, proof }: NearCopyParts) {
    this.value = value;
    this.version = version;
    this.expiresAt = expiresAt;
    this.tags = tags;
    this.shard = proof.shard;
    this.head = proof.head;
    this.tagHead = proof.tagHead;
    this.generation = proof.generation;
    this.life = proof.life;
    this.readAtMs = proof.readAtMs;
    this.age = proof.age;
    this.tagAge = proof.tagAge;
    this.useCount = 0;
  }

  /** The entry with a value to hand out. */
  toEntry(value: unknown, tier: string): StoredEntry {
    const { version, expiresAt, tags } = this;
    return { value, version, expiresAt, tags, tier };
  }
}
