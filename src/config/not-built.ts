import { CACHE_FIELDS, type CacheConfig } from "./cache-config.ts";
import { type Field, type Fields, findField, hasOwnSwitch } from "./field.ts";
import { isPlainObject, type PlainObject } from "./plain-object.ts";
import type { Problem } from "./problem.ts";
import { type Place, placeInside, ROOT_PLACE } from "./reading.ts";

/**
 * Finds what a configuration asks for and this version cannot give. What is switched off is no request. Each value must
 * be allowed; combinations need not be: whoever asks for what is not there must not first be led to ask for more of it.
 */
export function findUnsupported(config: CacheConfig): readonly Problem[] {
  return findInSection(CACHE_FIELDS, config as PlainObject, ROOT_PLACE);
}

function findInSection(fields: Fields, section: PlainObject, place: Place): readonly Problem[] {
  return Object.keys(section).flatMap((name) => {
    const field = findField(fields, name);
    if (field === undefined) return [];
    const at = placeInside(place, name, name);
    return findInField(field, section, name, at);
  });
}

function findInField(field: Field, section: PlainObject, name: string, place: Place): readonly Problem[] {
  const value = section[name];
  if (field.support === "built") {
    return field.kind === "section" && isPlainObject(value) ? findInSection(field.fields, value, place) : [];
  }
  if (isOff(field, value, section)) return [];
  return [refuse(place, `${place.path} is not available in this version yet. ${describeRemedy(field, place)}`)];
}

/** Only what has a switch can be switched off; anything else can only go. */
function describeRemedy(field: Field, place: Place): string {
  if (field.switchedBy !== undefined) return `Remove it, or set ${siblingPath(place, field.switchedBy)} to false.`;
  if (field.kind === "boolean") return "Remove it, or set it to false.";
  if (field.kind === "section" && hasOwnSwitch(field.fields)) {
    return `Remove it, or set ${place.path}.enabled to false.`;
  }
  return "Remove it.";
}

function siblingPath(place: Place, name: string): string {
  return place.path.slice(0, place.path.lastIndexOf(".") + 1) + name;
}

function refuse(place: Place, message: string): Problem {
  return { code: "GCX_CONFIG_UNSUPPORTED", field: place.path, message };
}

/** Whether a value asks for nothing. */
function isOff(field: Field, value: unknown, siblings: PlainObject): boolean {
  if (value === undefined || value === false || value === field.offValue) return true;
  if (field.switchedBy !== undefined) {
    const switched = siblings[field.switchedBy];
    if (switched === false) return true;
    // A whole section without its switch is a request that forgot it; a detail alone has its documented non-effect.
    if (switched === undefined && field.kind !== "section") return true;
  }
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

/** What to add to a remedy that leads to a field which would be refused; `""` for fields that are there. */
export function describeAvailability(path: string): string {
  const name = /^[^.[]*/.exec(path)?.[0] ?? "";
  if (findField(CACHE_FIELDS, name)?.support !== "planned") return "";
  return ` createCache refuses ${name} in this version: it is not available yet.`;
}
