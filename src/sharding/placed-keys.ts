import type { NamespacePath } from "../entry/namespace-path.ts";

/**
 * Namespaces that sharding itself uses on a node. No view of a cache can have one: `joinNamespace` writes a `%` of a name as `%25`.
 *
 * ```text
 * @%~shard:…                          records of sharding
 * @%~10.0.0.1%3A6379.4~:user:1        key "user:1" of the absent node 10.0.0.1:6379, on the node that stands in for it
 * @%~10.0.0.1%3A6379.4~/shop:user:1   the same for a key of the namespace shop
 * ```
 */
const OWN_PREFIX = "@%~";

/** The namespace of records. */
export const RECORD_NAMESPACE: NamespacePath = "%~shard";

/** Whether a stored key is sharding's own and no entry of a user. */
export function isOwnKey(storedKey: string): boolean {
  return storedKey.startsWith(OWN_PREFIX);
}

/** The namespace for what belongs to something else than the node it is stored at: `what` and `turn` tell them apart. */
export function placedNamespace(what: string, turn: number): NamespacePath {
  return `%~${what.replaceAll("%", "%25").replaceAll("/", "%2F").replaceAll(":", "%3A")}.${turn}~`;
}

/** A key as it is stored inside a namespace of ours, so that namespaces stay what they are inside it. */
export function placeKey(namespace: NamespacePath, key: string): string {
  return hasNamespace(key) ? `@${namespace}/${key.slice(1)}` : `@${namespace}:${key}`;
}

/** A namespace of the user's inside one of ours. */
export function placeNamespace(namespace: NamespacePath, path: NamespacePath): NamespacePath {
  return path === "" ? namespace : `${namespace}/${path}`;
}

/** What the stored keys begin with that belong to keys with a prefix; more may begin with it, see {@link unplaceKey}. */
export function placePrefix(namespace: NamespacePath, prefix: string): string {
  return prefix === "" || prefix === "@" ? `@${namespace}` : placeKey(namespace, prefix);
}

/** The key that is stored as `storedKey` in a namespace of ours, or `undefined` when it is none of it. */
export function unplaceKey(namespace: NamespacePath, storedKey: string): string | undefined {
  const head = `@${namespace}`;
  if (!storedKey.startsWith(head)) return undefined;
  const rest = storedKey.slice(head.length + 1);
  const separator = storedKey.charAt(head.length);
  return separator === ":" ? rest : separator === "/" ? `@${rest}` : undefined;
}

/** Keys of the root that begin with `@` are stored as `@:@…`: their path is empty. */
function hasNamespace(key: string): boolean {
  return key.startsWith("@") && key.charAt(1) !== ":";
}
