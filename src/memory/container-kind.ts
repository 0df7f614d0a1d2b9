import { types } from "node:util";

/** Weighed as a whole: it has no parts that could be seen. */
export const OPAQUE = 0;
/** A plain object, or an instance of a class that is nothing else. */
export const RECORD = 1;
/** An object without a prototype, which V8 always keeps as a hash table. */
export const DICTIONARY = 2;
/** An array whose prototype is this realm's. */
export const ARRAY = 3;
/** An array of another realm or of a class. */
export const FOREIGN_ARRAY = 4;
export const MAP = 5;
export const SET = 6;
export const ERROR = 7;

/** How an object is weighed. */
export type ContainerKind =
  | typeof OPAQUE
  | typeof RECORD
  | typeof DICTIONARY
  | typeof ARRAY
  | typeof FOREIGN_ARRAY
  | typeof MAP
  | typeof SET
  | typeof ERROR;

/**
 * Tells how to weigh an object, without running code of its own: a proxy is recognised before anything that it could answer, and
 * built-ins by what they are, not by their prototype. O(1).
 */
export function containerKindOf(value: object): ContainerKind {
  // In this order: a view is never a proxy, and what follows the second check would run a proxy's traps.
  if (ArrayBuffer.isView(value) || types.isProxy(value)) return OPAQUE;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return RECORD;
  if (Array.isArray(value)) return prototype === Array.prototype ? ARRAY : FOREIGN_ARRAY;
  // The names of a module cannot be listed before it ran.
  if (prototype === null) return types.isModuleNamespaceObject(value) ? OPAQUE : DICTIONARY;
  return kindOfInstance(value);
}

function kindOfInstance(value: object): ContainerKind {
  if (types.isDate(value)) return OPAQUE;
  if (types.isMap(value)) return MAP;
  if (types.isSet(value)) return SET;
  if (types.isRegExp(value) || types.isAnyArrayBuffer(value)) return OPAQUE;
  if (types.isNativeError(value)) return ERROR;
  return types.isBoxedPrimitive(value) || types.isModuleNamespaceObject(value) ? OPAQUE : RECORD;
}
