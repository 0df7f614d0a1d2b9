import { CACHE_FIELDS, type CacheConfig } from "./cache-config.ts";
import { type EnumField, type Field, type Fields, findField } from "./field.ts";
import { isPlainObject, type PlainObject } from "./plain-object.ts";
import type { Problem } from "./problem.ts";
import { type Place, placeInside, ROOT_PLACE } from "./reading.ts";

/**
 * Finds what a valid configuration asks for and this version cannot give. What is switched off is no request.
 */
export function findUnsupported(config: CacheConfig): readonly Problem[] {
  return findInSection(CACHE_FIELDS, config as PlainObject, ROOT_PLACE);
}

function findInSection(fields: Fields, section: PlainObject, place: Place): readonly Problem[] {
  return Object.keys(section).flatMap((name) => {
    const field = findField(fields, name);
    if (field === undefined) return [];
    const at = placeInside(place, name, name);
    // The backend's own refusal says it already.
    if (section["backend"] === name && field.support === "planned") return [];
    return findInField(field, section, name, at);
  });
}

function findInField(field: Field, section: PlainObject, name: string, place: Place): readonly Problem[] {
  const value = section[name];
  if (field.support === "built") {
    if (field.kind === "section" && isPlainObject(value)) return findInSection(field.fields, value, place);
    return field.kind === "enum" ? findPlannedValue(field, value, place) : [];
  }
  if (isOff(field, value, section)) return [];
  const remedy =
    field.kind === "section" || field.kind === "section-list" ? "Remove it." : "Remove it, or switch it off.";
  return [refuse(place, `${place.path} is not available in this version yet. ${remedy}`)];
}

function findPlannedValue(field: EnumField, value: unknown, place: Place): readonly Problem[] {
  const planned = field.plannedValues ?? [];
  if (typeof value !== "string" || !planned.includes(value)) return [];
  const available = field.values.filter((name) => !planned.includes(name)).map((name) => `"${name}"`);
  const others = field.other === undefined ? "" : `, ${field.other.doc}`;
  return [
    refuse(
      place,
      `${place.path} "${value}" is not available in this version yet. Use ${available.join(", ")}${others}.`,
    ),
  ];
}

function refuse(place: Place, message: string): Problem {
  return { code: "GCX_CONFIG_UNSUPPORTED", field: place.path, message };
}

/** Whether a value asks for nothing. */
function isOff(field: Field, value: unknown, siblings: PlainObject): boolean {
  if (value === undefined || value === false || value === field.offValue) return true;
  if (field.switchedBy !== undefined && siblings[field.switchedBy] !== true) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (field.kind !== "section" || !isPlainObject(value)) return false;
  return isSectionOff(field.fields, value);
}

function isSectionOff(fields: Fields, section: PlainObject): boolean {
  if (section["enabled"] === false) return true;
  return Object.keys(section).every((name) => {
    const field = findField(fields, name);
    return field !== undefined && isOff(field, section[name], section);
  });
}
