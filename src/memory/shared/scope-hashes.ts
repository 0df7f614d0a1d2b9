import { type NamespacePath, namespaceOf, ROOT_NAMESPACE } from "../../entry/namespace-path.ts";
import type { KeyHash } from "./key-hash.ts";

/** Salts that keep names of different kinds apart. */
const TAG_SALT = 0x7461_6773;
const NAMESPACE_SALT = 0x6e61_6d65;
/** Paths whose hashes are kept at hand; then all are forgotten. */
const MAX_KNOWN_PATHS = 1_000;

/** Pairs of hashes, one for each name. */
export type ScopeHashes = readonly number[];

const NONE: ScopeHashes = Object.freeze([]);

/** Hashes of what entries can be ended by besides their keys: the namespaces they lie in, all of them up to the root, and their tags. */
export class ScopeHasher {
  readonly #hash: KeyHash;
  readonly #known = new Map<NamespacePath, ScopeHashes>();

  constructor(hash: KeyHash) {
    this.#hash = hash;
  }

  /** The scopes of an entry. The root is not among them: its clears have a word of their own. */
  ofEntry(storedKey: string, tags: readonly string[]): ScopeHashes {
    const namespaces = this.#ofPath(namespaceOf(storedKey));
    if (tags.length === 0) return namespaces;
    return [...namespaces, ...tags.flatMap((tag) => this.ofTag(tag))];
  }

  /** A tag's pair. */
  ofTag(tag: string): ScopeHashes {
    return this.#pair(tag, TAG_SALT);
  }

  /** A namespace's own pair; the root has one too, for loads. */
  ofNamespace(path: NamespacePath): ScopeHashes {
    return this.#pair(path, NAMESPACE_SALT);
  }

  #ofPath(path: NamespacePath): ScopeHashes {
    if (path === ROOT_NAMESPACE) return NONE;
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const hashes: number[] = [];
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      hashes.push(...this.ofNamespace(path.slice(0, end)));
    }
    hashes.push(...this.ofNamespace(path));
    if (this.#known.size >= MAX_KNOWN_PATHS) this.#known.clear();
    this.#known.set(path, hashes);
    return hashes;
  }

  #pair(name: string, salt: number): ScopeHashes {
    this.#hash.set(name, salt);
    return [this.#hash.low, this.#hash.high];
  }
}
