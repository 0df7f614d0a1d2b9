import { isDeepStrictEqual } from "node:util";
import { UncopyablePart } from "./uncopyable-part.ts";

/** Arrays up to this length have their properties listed, indices too; longer ones are compared with a bare copy first. */
const LISTED_LENGTH = 64;

/**
 * Refuses an object with more own properties than `names`, by which a copy would be poorer.
 *
 * @throws UncopyablePart
 */
export function assertNoOtherProperties(source: object, names: readonly PropertyKey[]): void {
  for (const name of Reflect.ownKeys(source)) if (!names.includes(name)) throw unexpected(name);
}

/**
 * The own enumerable names of a plain object.
 *
 * @throws UncopyablePart when it has a property that is not enumerable or is named by a symbol
 */
export function enumerableNames(source: object): readonly string[] {
  const names = Object.keys(source);
  // Two lists of which V8 has the first at hand; `Reflect.ownKeys` takes four times as long.
  const isAll =
    Object.getOwnPropertyNames(source).length === names.length && Object.getOwnPropertySymbols(source).length === 0;
  if (isAll) return names;
  const known = new Set<PropertyKey>(names);
  throw unexpected(Reflect.ownKeys(source).find((name) => !known.has(name)) as PropertyKey);
}

/** As {@link namesBesidesElements}, of a copy made here: all its properties are enumerable. */
export function namesBesidesElementsOfCopy(source: readonly unknown[]): readonly string[] {
  if (source.length > LISTED_LENGTH) return namesBesidesElements(source);
  // Indices come first.
  return Object.keys(source).filter((name) => !isIndex(name, source.length));
}

/**
 * The names of an array's properties besides its elements, as `match.index` of a regular expression's result. For arrays without holes; see
 * {@link listNamesBesidesElements}.
 *
 * @throws UncopyablePart when one of them is not enumerable or is named by a symbol
 */
export function namesBesidesElements(source: readonly unknown[]): readonly string[] {
  // Listing 100,000 indices as texts takes 16 ms, the platform's comparison 3 ms, and it sees enumerable properties.
  // An own "constructor" would decide what `slice` makes.
  const isComparable = source.length > LISTED_LENGTH && !Object.hasOwn(source, "constructor");
  if (isComparable && isDeepStrictEqual(source, source.slice())) return [];
  return listNamesBesidesElements(source);
}

/**
 * As {@link namesBesidesElements}, for arrays with holes: takes time for what is there, and none for the holes, of which four billion may be in
 * an array of one element.
 *
 * @throws UncopyablePart as above
 */
export function listNamesBesidesElements(source: readonly unknown[]): readonly string[] {
  const names: string[] = [];
  for (const name of Reflect.ownKeys(source)) {
    if (name === "length" || isIndex(name, source.length)) continue;
    if (typeof name === "symbol" || !Object.prototype.propertyIsEnumerable.call(source, name)) throw unexpected(name);
    names.push(name);
  }
  return names;
}

/** The indices of the elements that an array with holes has, from one on. O(elements) */
export function presentIndices(source: readonly unknown[], from: number): readonly number[] {
  return Object.keys(source)
    .filter((name) => isIndex(name, source.length))
    .map(Number)
    .filter((index) => index >= from);
}

/**
 * Refuses a typed array or `Buffer` with properties besides its elements.
 *
 * @param copy the same bytes in an object of the same class
 * @throws UncopyablePart
 */
export function assertOnlyElements(source: ArrayBufferView, copy: ArrayLike<unknown>): void {
  // Listing the indices of a megabyte takes half a second; the platform compares bytes, then enumerable properties.
  // The length is that of the copy: the source may have a property of that name.
  if (copy.length > LISTED_LENGTH && isDeepStrictEqual(source, copy)) return;
  const names = Reflect.ownKeys(source);
  // An index for each element comes first, always.
  if (names.length > copy.length) throw unexpected(names[copy.length] as PropertyKey);
}

function isIndex(name: PropertyKey, length: number): boolean {
  if (typeof name !== "string") return false;
  const index = Number(name);
  return Number.isInteger(index) && index >= 0 && index < length && String(index) === name;
}

function unexpected(name: PropertyKey): UncopyablePart {
  if (typeof name === "symbol") return new UncopyablePart("a property named by a symbol");
  return new UncopyablePart(`an object with the property ${JSON.stringify(name)}, which a copy would lose,`);
}
