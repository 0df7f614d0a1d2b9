/** Bytes that are no letter, or one that breaks a rule. */
export class MalformedLetterError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedLetterError";
  }
}

/** Looks at a part of a letter. @throws MalformedLetterError when it is not what it should be */
export type Shape = (value: unknown, where: string) => void;

/** A part that may be left out. */
export interface OptionalShape {
  readonly isOptional: true;
  readonly shape: Shape;
}

/** A text. */
export const text: Shape = (value, where) => assert(typeof value === "string", where, "a text");
/** A number, also an infinite one. */
export const number: Shape = (value, where) => assert(typeof value === "number", where, "a number");
/** A whole number from 0 on. */
export const count: Shape = (value, where) =>
  assert(Number.isSafeInteger(value) && (value as number) >= 0, where, "a count");
/** Yes or no. */
export const flag: Shape = (value, where) => assert(typeof value === "boolean", where, "a flag");
/** A large integer. */
export const integer: Shape = (value, where) => assert(typeof value === "bigint", where, "an integer");
/** What a store of bytes keeps. */
export const bytes: Shape = (value, where) => assert(value instanceof Uint8Array, where, "bytes");

/** One of these texts. */
export function word(...words: readonly string[]): Shape {
  return (value, where) => assert(words.includes(value as string), where, words.join(" or "));
}

/** Any number of parts of one kind. */
export function list(item: Shape): Shape {
  return (value, where) => {
    assert(Array.isArray(value), where, "a list");
    for (const each of value as readonly unknown[]) item(each, where);
  };
}

/** Two parts in this order. */
export function pair(first: Shape, second: Shape): Shape {
  return (value, where) => {
    assert(Array.isArray(value) && value.length === 2, where, "a pair");
    first((value as readonly unknown[])[0], where);
    second((value as readonly unknown[])[1], where);
  };
}

/** May be left out. */
export function optional(shape: Shape): OptionalShape {
  return { isOptional: true, shape };
}

/** Named parts, and no others. One that is `undefined` is left out. */
export function record(fields: Readonly<Record<string, Shape | OptionalShape>>): Shape {
  const named = Object.entries(fields);
  return (value, where) => {
    assert(isPlain(value), where, "an object");
    const given = value as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(given)) assert(Object.hasOwn(fields, name), `${where}.${name}`, "nothing");
    for (const [name, field] of named) {
      const part = Object.hasOwn(given, name) ? given[name] : undefined;
      if (typeof field === "function") field(part, `${where}.${name}`);
      else if (part !== undefined) field.shape(part, `${where}.${name}`);
    }
  };
}

function isPlain(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Parts that differ by the word in one of their fields. */
export function union(field: string, shapes: Readonly<Record<string, Shape>>): Shape {
  return (value, where) => {
    const name = (value as Readonly<Record<string, unknown>> | null | undefined)?.[field];
    const isKnown = typeof name === "string" && Object.hasOwn(shapes, name);
    assert(isKnown, `${where}.${field}`, "a known word");
    (shapes[name as string] as Shape)(value, where);
  };
}

function assert(isRight: boolean, where: string, what: string): void {
  if (!isRight) throw new MalformedLetterError(`${where} is not ${what}`);
}
