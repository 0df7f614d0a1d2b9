import { CACHE_FIELDS, type CacheConfig } from "./cache-config.ts";
import { type Fields, findField } from "./field.ts";
import { isPlainObject, type PlainObject } from "./plain-object.ts";

/** Lays one configuration over another: sections field by field, everything else whole, lists and maps too. */
export function mergeConfigs(under: CacheConfig, over: CacheConfig): CacheConfig {
  return mergeSections(CACHE_FIELDS, under as PlainObject, over as PlainObject) as CacheConfig;
}

function mergeSections(fields: Fields, under: PlainObject, over: PlainObject): PlainObject {
  const merged: Record<string, unknown> = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const field = findField(fields, name);
    const below = merged[name];
    const isSection = field?.kind === "section" && isPlainObject(below) && isPlainObject(value);
    merged[name] = isSection ? mergeSections(field.fields, below, value) : value;
  }
  return merged;
}
