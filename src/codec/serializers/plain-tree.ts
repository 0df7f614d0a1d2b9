import { isBuiltInInside } from "../../entry/built-in-classes.ts";
import { SeenObjects } from "./seen-objects.ts";

/** Arrays up to this length have their properties listed; of longer ones the enumerable ones are counted. */
const LISTED_LENGTH = 64;

/** What writers that look at values while they write them answer for one that is not plain, instead of how many bytes it took. */
export const NOT_PLAIN = -1;

/** What they answer in the middle of writing another one. */
export const WRITER_IS_BUSY = -2;

/**
 * Whether `JSON.parse(JSON.stringify(value))` is equal to the value: strings, booleans, `null`, finite numbers but `-0`, and plain objects and
 * arrays of these that are not nested deeper than `maxDepth`, have no part twice, and nothing that JSON would leave out.
 *
 * Looks once at every part, some 100 ns for an object of ten fields. What says no may still be carried by tags, and the tagged form says why if
 * not. Getters and proxies are read here and again by whoever writes the value: what changes between two reads is not noticed.
 * A getter or trap that throws makes the answer no.
 */
export function isPlainJson(value: unknown, maxDepth: number): boolean {
  if (typeof value !== "object" || value === null) return isPlainLeaf(value);
  // An old library's `Array.prototype.toJSON` would change what is written.
  if ("toJSON" in Array.prototype) return false;
  return isPlainRoot(value, maxDepth, { takesAllTexts: true, seen: new SeenObjects() });
}

/** As {@link isPlainJson}, for msgpack: a string with lone surrogates would come back as another one, and msgpackr drops `__proto__`. */
export function isPlainMsgpack(value: unknown, maxDepth: number): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return isPlainLeaf(value);
  if ("toJSON" in Array.prototype) return false;
  return isPlainRoot(value, maxDepth, { takesAllTexts: false, seen: new SeenObjects() });
}

function isPlainRoot(source: object, depth: number, walk: Walk): boolean {
  try {
    return isPlainObject(source, depth, walk);
  } catch {
    // Whoever writes the value with tags meets it again, and says where.
    return false;
  }
}

function isPlainLeaf(value: unknown): boolean {
  return (
    typeof value === "string" ||
    typeof value === "boolean" ||
    value === null ||
    (typeof value === "number" && isPlainNumber(value))
  );
}

/** `NaN` and the infinities give `NaN` when taken from themselves; `-0` would become `0`. */
export function isPlainNumber(value: number): boolean {
  return value - value === 0 && (value !== 0 || 1 / value > 0);
}

function isPlainObject(source: object, depth: number, walk: Walk): boolean {
  if (depth === 0 || !walk.seen.add(source)) return false;
  const prototype: unknown = Object.getPrototypeOf(source);
  if (prototype === Object.prototype) return arePlainProperties(source, depth - 1, walk);
  return prototype === Array.prototype && Array.isArray(source) && arePlainElements(source, depth - 1, walk);
}

/**
 * The same ladder of types stands here and in {@link arePlainElements}: as a function of its own it costs a fifth of the walk, since
 * V8 then reads properties without knowing the object's map.
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: see above; one branch a type
function arePlainProperties(source: object, depth: number, walk: Walk): boolean {
  let count = 0;
  // `for … in` takes names and places from V8's map of the object; inherited names, if any, make the count wrong.
  for (const name in source) {
    count += 1;
    if (!walk.takesAllTexts && (name === "__proto__" || !name.isWellFormed())) return false;
    const part = (source as Record<string, unknown>)[name];
    const type = typeof part;
    if (type === "string") {
      if (!walk.takesAllTexts && !(part as string).isWellFormed()) return false;
    } else if (type === "number") {
      if (!isPlainNumber(part as number)) return false;
    } else if (type === "object") {
      if (part !== null && !isPlainObject(part as object, depth, walk)) return false;
    } else if (type !== "boolean") return false;
  }
  return hasOnlyNames(source, count);
}

/**
 * Whether an object is nothing but exactly so many properties of its own, all enumerable and named by texts.
 *
 * @param count how many a `for … in` has met, inherited ones with them
 */
export function hasOnlyNames(source: object, count: number): boolean {
  if (count === 0 && isBuiltInInside(source)) return false;
  return (
    Object.keys(source).length === count &&
    Object.getOwnPropertyNames(source).length === count &&
    Object.getOwnPropertySymbols(source).length === 0
  );
}

// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: as above
function arePlainElements(source: readonly unknown[], depth: number, walk: Walk): boolean {
  for (let index = 0; index < source.length; index += 1) {
    const part = source[index];
    const type = typeof part;
    if (type === "string") {
      if (!walk.takesAllTexts && !(part as string).isWellFormed()) return false;
    } else if (type === "number") {
      if (!isPlainNumber(part as number)) return false;
    } else if (type === "object") {
      if (part !== null && !isPlainObject(part as object, depth, walk)) return false;
      // A hole reads as undefined, which is not plain.
    } else if (type !== "boolean") return false;
  }
  return hasOnlyElements(source);
}

/** Whether an array without holes has no other properties. */
export function hasOnlyElements(source: readonly unknown[]): boolean {
  if (Object.getOwnPropertySymbols(source).length > 0) return false;
  // All elements enumerable, and nothing else but the length.
  if (source.length > LISTED_LENGTH) return Object.values(source).length === source.length;
  return (
    Object.keys(source).length === source.length && Object.getOwnPropertyNames(source).length === source.length + 1
  );
}

/** What a walk must know and remember. */
interface Walk {
  readonly takesAllTexts: boolean;
  readonly seen: SeenObjects;
}
