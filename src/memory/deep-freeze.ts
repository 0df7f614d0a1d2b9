import { types } from "node:util";

/**
 * Freezes a value with all its parts, in place: arrays and objects, also instances of classes, through their own
 * properties. Cycle safe. Nothing is frozen when a part cannot be.
 *
 * @returns false when a part keeps its state outside of properties, so that freezing cannot protect it: `Map`, `Set`, `Date`,
 * `RegExp`, buffers and typed arrays, promises, functions. O(size)
 */
export function deepFreeze(value: unknown): boolean {
  if (!isObject(value)) return true;
  const seen = new Set<object>([value]);
  // A set's iteration also visits what is added meanwhile, so this is the whole walk.
  for (const part of seen) {
    if (!isFreezable(part)) return false;
    for (const name of Reflect.ownKeys(part)) {
      const inner: unknown = Object.getOwnPropertyDescriptor(part, name)?.value;
      if (isObject(inner)) seen.add(inner);
    }
  }
  for (const part of seen) Object.freeze(part);
  return true;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function isFreezable(part: object): boolean {
  if (typeof part === "function" || ArrayBuffer.isView(part)) return false;
  return !(
    types.isMap(part) ||
    types.isSet(part) ||
    types.isDate(part) ||
    types.isRegExp(part) ||
    types.isAnyArrayBuffer(part) ||
    types.isPromise(part) ||
    types.isWeakMap(part) ||
    types.isWeakSet(part)
  );
}
