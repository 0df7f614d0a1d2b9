import { isOptionsObject, optionError } from "../../cache/assert-options.ts";
import { assertKey } from "../../entry/cache-key.ts";
import { joinNamespace, ROOT_NAMESPACE } from "../../entry/namespace-path.ts";
import { resolveTags } from "../../entry/tag.ts";

/** What a change in the database outdates in the cache. At least one of `keys`, `tags`, `prefix` and `clear` says something. */
export interface Invalidation {
  /** Keys to delete, as the view of `namespace` knows them. Any number: many become several rows. */
  readonly keys?: readonly string[] | undefined;
  /** Tags to invalidate; they hold for the whole cache, whatever `namespace` says. At most 128. */
  readonly tags?: readonly string[] | undefined;
  /** Deletes every key of the view that begins with this; `""`: all of them. Needs a store that can list its keys, and O(n) there. */
  readonly prefix?: string | undefined;
  /** Ends every entry of the view and of the namespaces inside it. Default: false. */
  readonly clear?: boolean | undefined;
  /** The view that `keys`, `prefix` and `clear` are about: a name, or names from the outermost in. Default: the cache that the outbox was given. */
  readonly namespace?: string | readonly string[] | undefined;
}

/** An {@link Invalidation} that was checked: nothing is optional, nothing repeated. */
export interface CheckedInvalidation {
  readonly keys: readonly string[];
  readonly tags: readonly string[];
  readonly prefix: string | undefined;
  readonly isClear: boolean;
  /** Names from the outermost in; none: the cache that the outbox was given. */
  readonly namespace: readonly string[];
}

const FIELDS: { readonly [Name in keyof Required<Invalidation>]: true } = {
  keys: true,
  tags: true,
  prefix: true,
  clear: true,
  namespace: true,
};

/**
 * Checks what is to be recorded, and what was read back: a field that is unknown is refused, never ignored, for what it asks for would not happen.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION`, `GCX_ARGUMENT_KEY`, `GCX_ARGUMENT_TAG`, `GCX_ARGUMENT_NAMESPACE`
 */
export function checkInvalidation(given: unknown): CheckedInvalidation {
  if (!isOptionsObject(given)) throw optionError("invalidation", "An invalidation must be a plain object.");
  for (const name in given) {
    if ((FIELDS as Readonly<Record<string, true>>)[name] === true) continue;
    const allowed = Object.keys(FIELDS).join(", ");
    throw optionError(name, `An invalidation has no "${name}". It may have: ${allowed}.`);
  }
  const { keys, tags, prefix, clear, namespace } = given as { readonly [Name in keyof Invalidation]: unknown };
  const checked = {
    keys: checkKeys(keys),
    tags: tags === undefined ? [] : resolveTags(tags),
    prefix: checkPrefix(prefix),
    isClear: checkClear(clear),
    namespace: checkNamespace(namespace),
  };
  if (checked.keys.length === 0 && checked.tags.length === 0 && checked.prefix === undefined && !checked.isClear) {
    throw optionError("invalidation", "An invalidation needs keys, tags, a prefix, or clear: true.");
  }
  return checked;
}

function checkKeys(keys: unknown): readonly string[] {
  if (keys === undefined) return [];
  if (!Array.isArray(keys)) throw optionError("keys", "keys must be an array of strings.");
  for (const key of keys as readonly unknown[]) assertKey(key);
  return [...new Set(keys as readonly string[])];
}

function checkPrefix(prefix: unknown): string | undefined {
  if (prefix === undefined || typeof prefix === "string") return prefix;
  throw optionError("prefix", "prefix must be a string.");
}

function checkClear(clear: unknown): boolean {
  if (clear === undefined || typeof clear === "boolean") return clear === true;
  throw optionError("clear", "clear must be true or false.");
}

function checkNamespace(namespace: unknown): readonly string[] {
  if (namespace === undefined) return [];
  const names: readonly unknown[] = Array.isArray(namespace) ? namespace : [namespace];
  for (const name of names) joinNamespace(ROOT_NAMESPACE, name);
  return names as readonly string[];
}
