import { InvalidArgumentError } from "../foundation/errors.ts";

/**
 * Where a view of the cache keeps its keys: `""` is the root, `"shop"` a namespace, `"shop/eu"` one inside it.
 *
 * Stored keys are drawn so that no two views can meet, whatever the keys are:
 *
 * ```text
 * root, key "user:1"              user:1
 * root, key "@x"                  @:@x           (a root key that begins with @ is escaped)
 * namespace shop, key "user:1"    @shop:user:1
 * namespace shop/eu, key "1"      @shop/eu:1
 * ```
 *
 * `:` `/` and `%` inside a name are percent-encoded, so the first `:` always ends the path.
 */
export type NamespacePath = string;

/** The root's path. */
export const ROOT_NAMESPACE: NamespacePath = "";

const MAX_NAME_LENGTH = 1_024;
const RESERVED = /[%:/]/g;
const AT_SIGN = 64;

/**
 * The path of a namespace inside another.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_NAMESPACE`
 */
export function joinNamespace(parent: NamespacePath, name: unknown): NamespacePath {
  if (typeof name !== "string" || name.length === 0 || name.length > MAX_NAME_LENGTH) {
    throw new InvalidArgumentError(
      "GCX_ARGUMENT_NAMESPACE",
      "name",
      `A namespace name must be a string of 1 to ${MAX_NAME_LENGTH} characters.`,
    );
  }
  const encoded = name.replace(RESERVED, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return parent === ROOT_NAMESPACE ? encoded : `${parent}/${encoded}`;
}

/** What stands before every key of a namespace in the store; `""` for the root. */
export function storedPrefix(path: NamespacePath): string {
  return path === ROOT_NAMESPACE ? "" : `@${path}:`;
}

/** The key as the store sees it. */
export function toStoredKey(prefix: string, key: string): string {
  if (prefix !== "") return prefix + key;
  return key.charCodeAt(0) === AT_SIGN ? `@:${key}` : key;
}

/** Whether a stored key is the root's and has its own form; escaped ones are not meant. */
export function isRootKey(storedKey: string): boolean {
  return storedKey.charCodeAt(0) !== AT_SIGN;
}

/** The namespace that a stored key belongs to. */
export function namespaceOf(storedKey: string): NamespacePath {
  return storedKey.charCodeAt(0) === AT_SIGN ? storedKey.slice(1, storedKey.indexOf(":")) : ROOT_NAMESPACE;
}

/** The key as its own view knows it. */
export function fromStoredKey(storedKey: string): string {
  return storedKey.charCodeAt(0) === AT_SIGN ? storedKey.slice(storedKey.indexOf(":") + 1) : storedKey;
}

/** Whether `path` is `ancestor` or lies inside it. */
export function isWithinNamespace(path: NamespacePath, ancestor: NamespacePath): boolean {
  return ancestor === ROOT_NAMESPACE || path === ancestor || path.startsWith(`${ancestor}/`);
}
