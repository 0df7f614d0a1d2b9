import { CACHE_FIELDS } from "../config/cache-config.ts";
import { type Field, type Fields, findField } from "../config/field.ts";

/** What stands in for a credential. */
export const SECRET_MASK = "***";

/** Plug-ins' options have no table that says which are credentials; a name like these is taken for one. */
const SECRET_NAME =
  /pass(?:word|wd|phrase)?$|secret|token|credential|^auth$|api_?key|private_?key|^keys?$|(?<=[a-z])Key$|_key$/i;

/** The `user:password@` of an address in a text. */
const ADDRESS_CREDENTIALS = /(\w+:\/\/)[^\s/@]*@/g;

/** A configuration that may be shown: credentials are masked, objects that only code can make become their kind. */
export function maskSecrets(config: object): Record<string, unknown> {
  return maskSection(config, CACHE_FIELDS);
}

function maskSection(section: object, fields: Fields | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(section).map(([name, value]) => {
      const field = fields === undefined ? undefined : findField(fields, name);
      return [name, isSecret(name, field) && value !== undefined ? SECRET_MASK : maskValue(value, innerFields(field))];
    }),
  );
}

function isSecret(name: string, field: Field | undefined): boolean {
  return field === undefined ? SECRET_NAME.test(name) : field.secret === true;
}

function innerFields(field: Field | undefined): Fields | undefined {
  return field?.kind === "section" || field?.kind === "section-list" ? field.fields : undefined;
}

function maskValue(value: unknown, fields: Fields | undefined): unknown {
  if (typeof value === "string") return value.replace(ADDRESS_CREDENTIALS, `$1${SECRET_MASK}@`);
  if (value === Number.POSITIVE_INFINITY) return "infinity";
  if (Array.isArray(value)) return value.map((element) => maskValue(element, fields));
  if (typeof value === "object" && value !== null) return maskSection(value, fields);
  return value;
}
