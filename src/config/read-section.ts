import { isGoZero, isSilentSection } from "./document.ts";
import { type Field, type Fields, findField, hasOwnSwitch, type SectionListField } from "./field.ts";
import { findSpelledField } from "./field-name.ts";
import { hidesPrototypeKey, isPlainObject, type PlainObject } from "./plain-object.ts";
import { describeKey, MAX_PROBLEMS_SHOWN } from "./problem.ts";
import { readValue, reportRefusal } from "./read-value.ts";
import { type Place, placeInside, placeOfItem, type Reading } from "./reading.ts";
import { describeUnknownKey } from "./unknown-key.ts";

/** A section as it is being filled: camelCase names, milliseconds. */
export type ReadSection = Record<string, unknown>;

/**
 * Reads a section: every key must be a field's, every value allowed. Reports all problems and goes on.
 *
 * @param takesPlugins whether options of plug-in backends may stand here
 * @returns what was allowed, under camelCase names; what was not set is left out
 */
export function readSection(
  fields: Fields,
  section: PlainObject,
  place: Place,
  reading: Reading,
  takesPlugins: boolean,
): ReadSection {
  const read: ReadSection = {};
  const keyOfName = new Map<string, string>();
  for (const key of Object.keys(section)) {
    const given = section[key];
    const spelled = findSpelledField(fields, key);
    if (spelled === undefined) {
      readOtherKey(fields, key, given, place, reading, takesPlugins, read);
      continue;
    }
    const at = placeInside(place, spelled.name, key);
    const otherKey = keyOfName.get(spelled.name);
    if (otherKey !== undefined) {
      reportTwice(at, otherKey, key, reading);
      continue;
    }
    keyOfName.set(spelled.name, key);
    const value = readField(findField(fields, spelled.name) as Field, given, at, reading);
    if (value !== undefined) read[spelled.name] = value;
  }
  if (reading.style !== "camelCase") setUnsaidSwitches(fields, read);
  return read;
}

/** Reads one field of any kind. @returns what was allowed, or `undefined` when it was refused or not set */
export function readField(field: Field, given: unknown, place: Place, reading: Reading): unknown {
  if (given === undefined) return undefined;
  if (reading.style !== "camelCase" && isGoZero(given)) return undefined;
  if (field.kind === "section-list") return readSectionList(field, given, place, reading);
  if (field.kind !== "section") return readValue(field, given, place, reading);
  if (!isPlainObject(given)) {
    reportRefusal(field, given, place, reading, "");
    return undefined;
  }
  if (reading.style !== "camelCase" && isSilentSection(field, given)) return undefined;
  return readSection(field.fields, given, place, reading, field.holdsPluginOptions === true);
}

function readSectionList(field: SectionListField, given: unknown, place: Place, reading: Reading): unknown {
  if (!Array.isArray(given) || given.length > field.maxLength) {
    reportRefusal(field, given, place, reading, "");
    return undefined;
  }
  return Array.from(given, (item: unknown, index) => {
    const at = placeOfItem(place, index);
    if (isPlainObject(item)) return readSection(field.fields, item, at, reading, field.holdsPluginOptions === true);
    reading.problems.push({ code: reading.invalidCode, field: at.path, message: `${at.label} must be an object.` });
    return undefined;
  });
}

/** A key that is no field: the options of a plug-in, the schema's address at the top, or a mistake. */
function readOtherKey(
  fields: Fields,
  key: string,
  given: unknown,
  place: Place,
  reading: Reading,
  takesPlugins: boolean,
  read: ReadSection,
): void {
  if (place.path === "" && key === "$schema" && typeof given === "string") return;
  const at = placeInside(place, key, describeKey(key));
  if (!takesPlugins || !reading.pluginNames.has(key)) {
    // Looking for what was meant costs far more than the rest, and later problems are only counted.
    const isShown = reading.problems.length < MAX_PROBLEMS_SHOWN;
    const message = isShown ? describeUnknownKey(fields, key, at.label, reading.style) : `Unknown option ${at.label}.`;
    reading.problems.push({ code: "GCX_CONFIG_UNKNOWN_OPTION", field: at.path, message });
    return;
  }
  if (given === undefined) return;
  if (!isPlainObject(given)) {
    const message = `${at.label} must be an object with the options of the backend "${key}".`;
    reading.problems.push({ code: reading.invalidCode, field: at.path, message });
    return;
  }
  if (hidesPrototypeKey(given)) {
    const message = `${at.label} has a key "__proto__" inside. Remove it.`;
    reading.problems.push({ code: "GCX_CONFIG_UNKNOWN_OPTION", field: at.path, message });
    return;
  }
  read[key] = given;
}

function reportTwice(place: Place, firstKey: string, secondKey: string, reading: Reading): void {
  const message = `${place.label} is given twice, as ${firstKey} and as ${secondKey}. Keep one of them.`;
  reading.problems.push({ code: reading.invalidCode, field: place.path, message });
}

/** In a Go document a switch that is not written is off; saying so keeps its meaning once the document's style is gone. */
function setUnsaidSwitches(fields: Fields, read: ReadSection): void {
  for (const name of Object.keys(read)) {
    const switchName = findField(fields, name)?.switchedBy;
    if (switchName !== undefined && read[switchName] === undefined) read[switchName] = false;
  }
  if (hasOwnSwitch(fields) && read["enabled"] === undefined) read["enabled"] = false;
}
