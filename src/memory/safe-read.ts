const lookupGetter = (Object.prototype as { __lookupGetter__?: (name: PropertyKey) => unknown }).__lookupGetter__ as (
  this: object,
  name: PropertyKey,
) => unknown;
const mapKeys = Map.prototype.keys;
const mapValues = Map.prototype.values;
const setValues = Set.prototype.values;
const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, "size")?.get as (this: unknown) => number;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, "size")?.get as (this: unknown) => number;

/** An own property's value; `undefined` for an accessor, whose code is not run. Some 25 ns. */
export function dataProperty(source: object, name: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(source, name)?.value;
}

/**
 * An element of an array that has this realm's array prototype; `undefined` for a hole or accessor, whose code is not run. Some 30 ns:
 * describing an element, as {@link dataProperty} does, takes 140. Looking goes on to the prototypes, which therefore must be known.
 */
export function element(source: readonly unknown[], index: number): unknown {
  return lookupGetter.call(source, index) === undefined ? source[index] : undefined;
}

/** How many entries a `Map` has, whatever it says itself. */
export function sizeOfMap(source: object): number {
  return mapSize.call(source);
}

/** How many members a `Set` has, whatever it says itself. */
export function sizeOfSet(source: object): number {
  return setSize.call(source);
}

/** The keys of a `Map`, as the platform lists them. */
export function keysOfMap(source: object): Iterator<unknown> {
  return mapKeys.call(source as Map<unknown, unknown>);
}

/** The values of a `Map`, as the platform lists them. */
export function valuesOfMap(source: object): Iterator<unknown> {
  return mapValues.call(source as Map<unknown, unknown>);
}

/** The members of a `Set`, as the platform lists them. */
export function membersOfSet(source: object): Iterator<unknown> {
  return setValues.call(source as Set<unknown>);
}
