import type { Fields, SectionField, SectionListField } from "./field.ts";
import { findField } from "./field.ts";
import { findSpelledField } from "./field-name.ts";
import { isPlainObject, type PlainObject } from "./plain-object.ts";

/**
 * How a document is written, which decides what its numbers and empty values mean.
 *
 * - `camelCase`: no key is in snake_case. Durations are milliseconds; an empty text or 0 is what it says.
 * - `snake_case`: a file of the Go library. Durations are nanoseconds; `""`, `0`, `null` and empty lists mean "not set".
 * - `mixed`: both. Empty values mean "not set"; a duration as a number is refused, as nobody can know its unit.
 */
export type DocumentStyle = "camelCase" | "snake_case" | "mixed";

/** Where a document came from: instances come from code only, and a variable's number is always milliseconds. */
export type Origin = "code" | "file" | "environment";

/** Finds out how a document is written, from keys that differ between the spellings. Keys of maps and of plug-ins say nothing. */
export function findDocumentStyle(fields: Fields, document: unknown): DocumentStyle {
  const found = { camel: false, snake: false };
  collectSpellings(fields, document, found);
  if (!found.snake) return "camelCase";
  return found.camel ? "mixed" : "snake_case";
}

function collectSpellings(fields: Fields, document: unknown, found: { camel: boolean; snake: boolean }): void {
  if (!isPlainObject(document)) return;
  for (const key of Object.keys(document)) {
    const spelled = findSpelledField(fields, key);
    if (spelled === undefined) continue;
    if (spelled.spelling === "camelCase") found.camel = true;
    if (spelled.spelling === "snake_case") found.snake = true;
    const field = findField(fields, spelled.name);
    if (field?.kind === "section") collectSpellings(field.fields, document[key], found);
    if (field?.kind === "section-list") collectFromList(field, document[key], found);
  }
}

function collectFromList(field: SectionListField, list: unknown, found: { camel: boolean; snake: boolean }): void {
  if (!Array.isArray(list)) return;
  for (const item of list) collectSpellings(field.fields, item, found);
}

/** Whether a value is what Go writes for a field that nobody set. `false` is not: it is a boolean's own word. */
export function isGoZero(value: unknown): boolean {
  if (value === "" || value === 0 || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isPlainObject(value) && Object.keys(value).length === 0;
}

/**
 * Whether a section of a Go document says nothing: every field is Go's zero value or the default. The Go library writes
 * all sections, also those of backends that are not used, and its environment loader fills in default addresses.
 */
export function isSilentSection(field: SectionField, section: PlainObject): boolean {
  return Object.keys(section).every((key) => isSilent(field.fields, key, section[key]));
}

function isSilent(fields: Fields, key: string, value: unknown): boolean {
  const spelled = findSpelledField(fields, key);
  const field = spelled === undefined ? undefined : findField(fields, spelled.name);
  if (field === undefined) return false;
  if (isGoZero(value)) return true;
  if (field.kind === "section") return isPlainObject(value) && isSilentSection(field, value);
  if (Array.isArray(value)) return isSameList(value, field.default);
  // Written out, "never" and "no limit" are more than a default: a Go program cannot have written them by itself.
  if (value === false && field.kind !== "boolean") return false;
  return value === field.default;
}

function isSameList(list: readonly unknown[], standard: unknown): boolean {
  return (
    Array.isArray(standard) && list.length === standard.length && list.every((item, index) => item === standard[index])
  );
}
