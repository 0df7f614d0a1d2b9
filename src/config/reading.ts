import type { ErrorCode } from "../foundation/error-codes.ts";
import type { DocumentStyle, Origin } from "./document.ts";
import type { Problem } from "./problem.ts";

/** What holds for a whole document while it is read. */
export interface Reading {
  readonly style: DocumentStyle;
  readonly origin: Origin;
  /** The code of a value that is not allowed. */
  readonly invalidCode: ErrorCode;
  /** Plug-in backends that the configuration uses: sections of their names are allowed. */
  readonly pluginNames: ReadonlySet<string>;
  /** What was found wrong so far, in the order of the document. */
  readonly problems: Problem[];
}

/** Where in a document: as the library calls it, and as the user wrote it. */
export interface Place {
  /** Dotted camelCase path, for `ConfigError.field`. */
  readonly path: string;
  /** The path as written, for messages; the name of an environment variable. */
  readonly label: string;
}

/** The top of a document. */
export const ROOT_PLACE: Place = { path: "", label: "" };

/** The place of a field in a section. */
export function placeInside(section: Place, name: string, key: string): Place {
  return {
    path: section.path === "" ? name : `${section.path}.${name}`,
    label: section.label === "" ? key : `${section.label}.${key}`,
  };
}

/** The place of an item in a list. */
export function placeOfItem(list: Place, index: number): Place {
  return { path: `${list.path}[${index}]`, label: `${list.label}[${index}]` };
}

/** What became of a value: taken (perhaps in another unit), or refused with a remedy that may be empty. */
export type Verdict = { readonly value: unknown } | { readonly hint: string };
