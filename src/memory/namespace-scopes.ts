import {
  isRootKey,
  isWithinNamespace,
  type NamespacePath,
  namespaceOf,
  ROOT_NAMESPACE,
  storedPrefix,
} from "../entry/namespace-path.ts";

const NOTHING = { keyCount: 0, standInCount: 0, weightBytes: 0 };

/**
 * A namespace between two of its clears. Entries point to the scope that was current when they were inserted; clearing
 * ends the scope and those inside it, so one flag tells all of them.
 */
export interface NamespaceScope {
  readonly path: NamespacePath;
  readonly parent: NamespaceScope | undefined;
  readonly children: Set<NamespaceScope>;
  /** Entries here and in nested scopes. */
  keyCount: number;
  /** How many of those only stand in: their TTL is over. */
  standInCount: number;
  /** Weight of those entries. */
  weightBytes: number;
  /** What stands before its keys in the store. */
  readonly prefix: string;
  /** Whether new entries of the namespace belong here: until it is cleared, or becomes empty and is dropped. */
  isCurrent: boolean;
  /** Whether it was cleared: whoever points here is no longer served. */
  isCleared: boolean;
}

/** The namespaces that hold entries, as a tree. Counting costs O(depth); clearing O(namespaces inside), not O(keys). */
export class NamespaceScopes {
  readonly #scopes = new Map<NamespacePath, NamespaceScope>();
  #root = createScope(ROOT_NAMESPACE, undefined);
  #latest: NamespaceScope | undefined;

  /** The current scope of the root. */
  get root(): NamespaceScope {
    return this.#root;
  }

  /** The scope of a stored key, made when there is none. */
  ofKey(storedKey: string): NamespaceScope {
    if (isRootKey(storedKey)) return this.#root;
    // Keys of one namespace come in runs. The first `:` ends a path, so a prefix that fits is the right one.
    const latest = this.#latest;
    if (latest?.isCurrent === true && storedKey.startsWith(latest.prefix)) return latest;
    const scope = this.#scopeAt(namespaceOf(storedKey));
    // The prefix of the root, whose escaped keys come here too, fits every key.
    if (scope !== this.#root) this.#latest = scope;
    return scope;
  }

  /** The current scope of a path, or `undefined` when it holds nothing. */
  find(path: NamespacePath): NamespaceScope | undefined {
    return path === ROOT_NAMESPACE ? this.#root : this.#scopes.get(path);
  }

  /** What a path holds that may still be served, and the memory of all that it holds: its weight where that is kept, else an estimate. */
  usage(
    path: NamespacePath,
    weights: { readonly isKept: boolean; estimate(keyCount: number): number },
  ): { readonly keyCount: number; readonly memoryUsageBytes: number } {
    const { keyCount, standInCount, weightBytes } = this.find(path) ?? NOTHING;
    const memoryUsageBytes = weights.isKept ? weightBytes : weights.estimate(keyCount);
    return { keyCount: keyCount - standInCount, memoryUsageBytes };
  }

  /** Counts entries in (or, with negative numbers, out). Without effect on cleared scopes, whose counts are gone already. */
  count(scope: NamespaceScope, keyCount: number, weightBytes: number): void {
    if (scope.isCleared) return;
    for (let at: NamespaceScope | undefined = scope; at !== undefined; at = at.parent) {
      at.keyCount += keyCount;
      at.weightBytes += weightBytes;
      if (at.keyCount === 0) this.#drop(at);
    }
  }

  /** Counts entries of a scope that begin (or, with a negative number, cease) to stand in. Without effect on cleared scopes. */
  countStandIns(scope: NamespaceScope, change: number): void {
    if (scope.isCleared) return;
    for (let at: NamespaceScope | undefined = scope; at !== undefined; at = at.parent) at.standInCount += change;
  }

  /** Ends a namespace and those inside it. @returns whether entries were hit */
  clear(path: NamespacePath): boolean {
    const scope = this.find(path);
    if (scope === undefined || scope.keyCount === 0) return false;
    const { keyCount, standInCount, weightBytes, parent } = scope;
    this.#end(scope);
    if (parent === undefined) {
      this.#root = createScope(ROOT_NAMESPACE, undefined);
    } else {
      parent.children.delete(scope);
      this.countStandIns(parent, -standInCount);
      this.count(parent, -keyCount, -weightBytes);
    }
    return true;
  }

  /** Throws when counts differ from what the entries say. `entries`: scope and weight of all entries in the store, and whether they only stand in. */
  checkInvariants(entries: Iterable<readonly [scope: NamespaceScope, weightBytes: number, isStandIn: boolean]>): void {
    const live = [...entries].filter(([scope]) => !scope.isCleared);
    for (const scope of [this.#root, ...this.#scopes.values()]) {
      const inside = live.filter(([other]) => isWithinNamespace(other.path, scope.path));
      const weightBytes = inside.reduce((total, [, weight]) => total + weight, 0);
      if (scope.keyCount !== inside.length)
        throw new Error(`namespace "${scope.path}" counts ${scope.keyCount} of ${inside.length}`);
      if (scope.standInCount !== inside.filter(([, , isStandIn]) => isStandIn).length)
        throw new Error(`namespace "${scope.path}" miscounts what stands in`);
      if (scope.weightBytes !== weightBytes) throw new Error(`namespace "${scope.path}" weighs wrongly`);
      if (scope.keyCount === 0 && scope !== this.#root) throw new Error(`namespace "${scope.path}" is empty but kept`);
    }
    for (const [scope] of live)
      if (this.find(scope.path) !== scope) throw new Error(`namespace "${scope.path}" is lost`);
  }

  #scopeAt(path: NamespacePath): NamespaceScope {
    const known = this.find(path);
    if (known !== undefined) return known;
    const parent = this.#scopeAt(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    const scope = createScope(path, parent);
    parent.children.add(scope);
    this.#scopes.set(path, scope);
    return scope;
  }

  #end(scope: NamespaceScope): void {
    scope.isCleared = true;
    scope.isCurrent = false;
    this.#scopes.delete(scope.path);
    for (const child of scope.children) this.#end(child);
    scope.children.clear();
  }

  #drop(scope: NamespaceScope): void {
    if (scope.parent === undefined) return;
    scope.isCurrent = false;
    scope.parent.children.delete(scope);
    this.#scopes.delete(scope.path);
  }
}

function createScope(path: NamespacePath, parent: NamespaceScope | undefined): NamespaceScope {
  const prefix = storedPrefix(path);
  const counts = { keyCount: 0, standInCount: 0, weightBytes: 0 };
  return { path, parent, children: new Set(), ...counts, prefix, isCurrent: true, isCleared: false };
}
