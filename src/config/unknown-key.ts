import { findBackendFactory } from "../backend/registry.ts";
import { CACHE_FIELDS } from "./cache-config.ts";
import type { DocumentStyle } from "./document.ts";
import type { Fields } from "./field.ts";
import { findSpelledField, toSnakeCase } from "./field-name.ts";
import { findNearestName } from "./nearest-name.ts";

/**
 * What to say about a key that is no field: the field that was most likely meant, here or in another section.
 *
 * @param label where the key is, as written
 */
export function describeUnknownKey(fields: Fields, key: string, label: string, style: DocumentStyle): string {
  if (findBackendFactory(key) !== undefined) {
    return `${label} holds options of the plug-in backend "${key}", which is not used here. Set backend to "${key}" or remove them.`;
  }
  const spell = (name: string): string => (style === "camelCase" ? name : toSnakeCase(name));
  const nearest = findNearestName(key, Object.keys(fields));
  const home = nearest === undefined ? findHome(key) : undefined;
  if (home !== undefined) return `Unknown option ${label}. Did you mean ${home.section}.${spell(home.name)}?`;
  if (nearest !== undefined) return `Unknown option ${label}. Did you mean ${spell(nearest)}?`;
  return `Unknown option ${label}. Known here: ${Object.keys(fields).map(spell).join(", ")}.`;
}

/** The only section that has a field of this name; `undefined` when none or several have. */
function findHome(key: string): { readonly section: string; readonly name: string } | undefined {
  const homes: { section: string; name: string }[] = [];
  for (const [section, field] of Object.entries(CACHE_FIELDS)) {
    if (field.kind !== "section" || section === "l1" || section === "l2") continue;
    const spelled = findSpelledField(field.fields, key);
    if (spelled !== undefined) homes.push({ section, name: spelled.name });
  }
  return homes.length === 1 ? homes[0] : undefined;
}
