import type { Fields } from "./field.ts";

/** The spelling of a camelCase name in existing GoCacheX files: `"maxSize"` is `"max_size"`. */
export function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What every environment variable of the library begins with. */
export const ENVIRONMENT_PREFIX = "GOCACHEX_";

/** The environment variable of a field: `["memory", "maxSize"]` is `"GOCACHEX_MEMORY_MAX_SIZE"`. */
export function toEnvironmentName(path: readonly string[]): string {
  return ENVIRONMENT_PREFIX + path.map((name) => toSnakeCase(name).toUpperCase()).join("_");
}

/** How a name was written: as this library does, as the Go library does, or the same in both (`"backend"`). */
export type Spelling = "camelCase" | "snake_case" | "both";

/** A field as it is called in this library, and how the document wrote it. */
export interface SpelledField {
  readonly name: string;
  readonly spelling: Spelling;
}

/** Both spellings of each table, made once: tables are constants. */
const spellingsOfTable = new WeakMap<Fields, ReadonlyMap<string, SpelledField>>();

/** The field that a document's key means, in either spelling. O(1). */
export function findSpelledField(fields: Fields, key: string): SpelledField | undefined {
  let spellings = spellingsOfTable.get(fields);
  if (spellings === undefined) {
    spellings = spellNames(Object.keys(fields));
    spellingsOfTable.set(fields, spellings);
  }
  return spellings.get(key);
}

function spellNames(names: readonly string[]): ReadonlyMap<string, SpelledField> {
  const spellings = new Map<string, SpelledField>();
  for (const name of names) {
    const snake = toSnakeCase(name);
    spellings.set(name, { name, spelling: snake === name ? "both" : "camelCase" });
    if (snake !== name) spellings.set(snake, { name, spelling: "snake_case" });
  }
  return spellings;
}
