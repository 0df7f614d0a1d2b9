import { types } from "node:util";

/**
 * Whether freezing protects a value with all its parts: primitives, and plain objects and arrays of such without getters or setters.
 * What keeps its state outside of properties (`Map`, `Date`, `URL`, buffers, classes with `#private` fields) stays as
 * changeable as it was when it is frozen, and an accessor can do anything. Cycle safe, runs no code of the value. O(size)
 */
export function isFreezable(value: unknown): boolean {
  return freezableParts(value) !== undefined;
}

/**
 * Freezes a value with all its parts, in place. Nothing is frozen when a part is not freezable; see {@link isFreezable}.
 *
 * @returns whether all is frozen now. O(size)
 */
export function deepFreeze(value: unknown): boolean {
  const parts = freezableParts(value);
  if (parts === undefined) return false;
  for (const part of parts) Object.freeze(part);
  return true;
}

/** All objects in a value, or `undefined` when one of them cannot be protected by freezing. */
function freezableParts(value: unknown): ReadonlySet<object> | undefined {
  const seen = new Set<object>();
  if (isObject(value)) seen.add(value);
  // A set's iteration also visits what is added meanwhile, so this is the whole walk.
  for (const part of seen) {
    if (!isPlain(part)) return undefined;
    for (const name of Reflect.ownKeys(part)) {
      const property = Object.getOwnPropertyDescriptor(part, name) as PropertyDescriptor;
      if (!("value" in property)) return undefined;
      if (isObject(property.value)) seen.add(property.value);
    }
  }
  return seen;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** A plain object or array. A proxy is none, whatever it stands for, nor is a module: its variables change. */
function isPlain(part: object): boolean {
  if (types.isProxy(part) || types.isModuleNamespaceObject(part) || typeof part === "function") return false;
  const prototype: unknown = Object.getPrototypeOf(part);
  return Array.isArray(part) ? prototype === Array.prototype : prototype === Object.prototype || prototype === null;
}
