import type { CacheConfig } from "./cache-config.ts";
import { isPlainObject, type PlainObject } from "./plain-object.ts";

/** The fields in which two configurations differ, as paths such as `memory.maxSize` or `tiers[0].ttl`, in the order of the newer one. Values are compared as they were written. */
export function listChanges(before: CacheConfig, after: CacheConfig): readonly string[] {
  return changesIn(before, after, "");
}

function changesIn(before: unknown, after: unknown, path: string): readonly string[] {
  if (Object.is(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return changesInList(before, after, path);
  // A section that came or went: each of its fields did, so that what can change alone is found.
  const [old, now] = [before ?? {}, after ?? {}];
  return isSection(old) && isSection(now) ? changesInSection(old, now, path) : [path];
}

function changesInSection(before: PlainObject, after: PlainObject, path: string): readonly string[] {
  const names = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...names].flatMap((name) => changesIn(before[name], after[name], path === "" ? name : `${path}.${name}`));
}

/** Sections are compared one by one; a list of anything else is one value. */
function changesInList(before: readonly unknown[], after: readonly unknown[], path: string): readonly string[] {
  if (before.length === after.length && after.every(isSection)) {
    return after.flatMap((element, index) => changesIn(before[index], element, `${path}[${index}]`));
  }
  const isSame =
    before.length === after.length &&
    before.every((element, index) => changesIn(element, after[index], "").length === 0);
  return isSame ? [] : [path];
}

/** Not an object that only code can make, such as a logger: another one is a change of it as a whole. */
function isSection(value: unknown): value is PlainObject {
  return isPlainObject(value) && !Object.values(value).some((field) => typeof field === "function");
}
