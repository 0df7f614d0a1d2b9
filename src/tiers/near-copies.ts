import type { Backend } from "../backend/backend.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import type { CoherenceNode } from "../coherence/coherence-node.ts";
import type { CopySink } from "../coherence/coherence-node-parts.ts";
import type { CopyProof } from "../coherence/copy-proof.ts";
import type { RevalidatedCopy } from "../coherence/used-copies.ts";
import type { NamespacePath } from "../entry/namespace-path.ts";
import { NearCopy } from "./near-copy.ts";
import { PreparedValue } from "./prepared-value.ts";
import type { ServerClock } from "./server-clock.ts";

/** Keeps values apart from the caller's, as the near store would. */
export interface NearIsolation {
  /** What is kept for a value. Throws for one that cannot be kept. */
  readonly keep: (value: unknown) => unknown;
  /** Closes to its owner what is kept. */
  readonly seal: (kept: unknown) => void;
  /** What a reader gets. */
  readonly reveal: (kept: unknown) => unknown;
}

/** What near copies are made of. */
export interface NearCopiesParts {
  /** The near store; local, keeps values by reference, and nothing but copies. */
  readonly near: Backend;
  readonly isolation: NearIsolation;
  /** Longest time that a copy stays, in ms; `Infinity`: as long as its entry. */
  readonly maxTtlMs: number;
  readonly serverClock: ServerClock;
}

const NO_CONTEXT = {};

/** The copies of this process, in a local store. What may be served is the node's to say. */
export class NearCopies implements CopySink {
  readonly #parts: NearCopiesParts;

  constructor(parts: NearCopiesParts) {
    this.#parts = parts;
  }

  /** The copy of a key that may be served now. */
  find(key: string, node: CoherenceNode): NearCopy | undefined {
    const copy = this.#peek(key);
    return copy !== undefined && node.isServable(key, copy) ? copy : undefined;
  }

  /** The copy of a key, whether or not it may be served. */
  findUnproven(key: string): NearCopy | undefined {
    return this.#peek(key);
  }

  /** What a reader gets. */
  reveal(copy: NearCopy): unknown {
    return this.#parts.isolation.reveal(copy.value);
  }

  /** As {@link NearCopies.reveal}, with what is known of the entry. */
  toEntry(copy: NearCopy): StoredEntry {
    return copy.toEntry(this.reveal(copy), this.#parts.near.name);
  }

  /**
   * Keeps a copy, unless one that is newer is there. To be called in one synchronous step with what proved it. A value that the near store cannot keep, or has no room for,
   * has no copy: the shared store has it.
   */
  keep(key: string, entry: Pick<StoredEntry, "value" | "version" | "expiresAt" | "tags">, proof: CopyProof): void {
    const { near, isolation, maxTtlMs, serverClock } = this.#parts;
    const before = this.#peek(key);
    if (before !== undefined && before.generation === proof.generation && before.head > proof.head) return;
    const { version, expiresAt, tags } = entry;
    const ttlMs = Math.min(maxTtlMs, expiresAt - serverClock.nowMs());
    if (!(ttlMs > 0)) {
      near.delete(key, NO_CONTEXT);
      return;
    }
    try {
      const value = keep(isolation, entry.value);
      near.set(key, { value: new NearCopy({ value, version, expiresAt, tags, proof }), ttlMs, tags }, NO_CONTEXT);
    } catch {
      near.delete(key, NO_CONTEXT);
    }
  }

  dropOlder(key: string, version: number): void {
    const copy = this.#peek(key);
    if (copy !== undefined && copy.head < version) this.#parts.near.delete(key, NO_CONTEXT);
  }

  holdsCopy(key: string, copy: RevalidatedCopy): boolean {
    return this.#peek(key) === copy;
  }

  dropCopy(key: string, copy: RevalidatedCopy): void {
    if (this.#peek(key) === copy) this.#parts.near.delete(key, NO_CONTEXT);
  }

  dropTags(tags: readonly string[]): void {
    this.#parts.near.invalidateTags?.(tags, NO_CONTEXT);
  }

  dropNamespace(path: NamespacePath): void {
    this.#parts.near.clear?.(path, NO_CONTEXT);
  }

  dropAll(): void {
    this.#parts.near.clear?.("", NO_CONTEXT);
  }

  #peek(key: string): NearCopy | undefined {
    return this.#parts.near.peek?.(key) as NearCopy | undefined;
  }
}

/** A value that waited to be written is kept already. */
function keep(isolation: NearIsolation, value: unknown): unknown {
  if (value instanceof PreparedValue) return value.kept;
  const kept = isolation.keep(value);
  isolation.seal(kept);
  return kept;
}
