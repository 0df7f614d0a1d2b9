import { isWithinNamespace, type NamespacePath, namespaceOf } from "../../entry/namespace-path.ts";
import { hashString } from "../../foundation/hash.ts";

/** Keys that are remembered by name, about 100 bytes each. */
const MAX_EXACT_KEYS = 50_000;
/** Cells of the table for the keys beyond, one bit each: 2 MiB, made when needed. */
const CELL_COUNT = 2 ** 24;
/** Prefixes and namespaces that are remembered; each costs a comparison for every entry that is loaded. */
const MAX_RANGES = 256;

/**
 * What was changed since a load began. A value of the snapshot is older than every such change, so it must come neither over it
 * nor after it: a key that was deleted meanwhile is absent, and would otherwise look free.
 *
 * Bounded: beyond 50,000 keys only a bit of their hash is kept, and beyond 256 prefixes and namespaces everything counts as changed. Then an entry may be
 * taken for changed without need, which is a miss; never the other way round.
 */
export class ChangeWatch {
  readonly #keys = new Set<string>();
  readonly #prefixes = new Set<string>();
  readonly #namespaces = new Set<NamespacePath>();
  #cells: Uint8Array | undefined;
  #isAllChanged = false;

  /** A key was written, deleted, given another end, or is being loaded from its source. Call it in the same synchronous step. */
  keyChanged(storedKey: string): void {
    if (this.#keys.size < MAX_EXACT_KEYS) {
      this.#keys.add(storedKey);
      return;
    }
    this.#cells ??= new Uint8Array(CELL_COUNT / 8);
    const cell = hashString(storedKey) % CELL_COUNT;
    this.#cells[cell >>> 3] = (this.#cells[cell >>> 3] as number) | (1 << (cell & 7));
  }

  /** All keys that begin with a stored prefix were deleted. */
  prefixChanged(storedPrefix: string): void {
    this.#prefixes.add(storedPrefix);
    this.#boundRanges();
  }

  /** A namespace was cleared, with those inside it. */
  namespaceCleared(path: NamespacePath): void {
    this.#namespaces.add(path);
    this.#boundRanges();
  }

  /** Whether a key may have been changed. */
  isChanged(storedKey: string): boolean {
    if (this.#isAllChanged || this.#keys.has(storedKey)) return true;
    if (this.#cells !== undefined) {
      const cell = hashString(storedKey) % CELL_COUNT;
      if (((this.#cells[cell >>> 3] as number) & (1 << (cell & 7))) !== 0) return true;
    }
    for (const prefix of this.#prefixes) if (storedKey.startsWith(prefix)) return true;
    if (this.#namespaces.size === 0) return false;
    const path = namespaceOf(storedKey);
    for (const cleared of this.#namespaces) if (isWithinNamespace(path, cleared)) return true;
    return false;
  }

  #boundRanges(): void {
    if (this.#prefixes.size + this.#namespaces.size <= MAX_RANGES) return;
    this.#isAllChanged = true;
    this.#prefixes.clear();
    this.#namespaces.clear();
  }
}
