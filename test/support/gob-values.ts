import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ANY_CODE_POINT } from "./any-code-point.ts";

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: ANY_CODE_POINT }).map((candidate) => Buffer.from(candidate).toString()),
  fc.constantFrom("", "語", "x".repeat(200), "\u0000", "\ufeff", "constructor", "toString", "1"),
);

/** Names of properties; `__proto__` is one like any other. */
const name = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "name", "id"));

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.integer({ min: -200, max: 200 }),
  fc.constantFrom(0, -0, 2 ** 53, -(2 ** 53), 2 ** 63, 63, 64, -64, -65, 127, 128, 2 ** 31, 2 ** 32, Number.MIN_VALUE),
);

const EDGES = [
  0n,
  1n,
  127n,
  128n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 55n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n,
];
const bigint = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }),
  fc.constantFrom(...EDGES, ...EDGES.map((edge) => -edge)),
);

const bytes = fc.uint8Array({ maxLength: 60 });
const date = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(-1, 0, 1, 8.64e15, -8.64e15, -62_135_596_800_000).map((timeMs) => new Date(timeMs)),
);

const primitive = fc.oneof(text, number, bigint, fc.boolean(), fc.constantFrom(null, undefined));

const builtIn = fc.oneof(
  date,
  bytes,
  bytes.map((array) => Buffer.from(array)),
  fc.int8Array({ maxLength: 8 }),
  fc.int16Array({ maxLength: 8 }),
  fc.int32Array({ maxLength: 8 }),
  fc.uint16Array({ maxLength: 8 }),
  fc.uint32Array({ maxLength: 8 }),
  fc.float32Array({ maxLength: 8 }),
  fc.float64Array({ maxLength: 8 }),
  fc.bigInt64Array({ maxLength: 4 }),
  fc.bigUint64Array({ maxLength: 4 }),
);

/** Keys that Go can compare; whether they stay different there is another matter. */
const key = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constant(null),
);

const { value } = fc.letrec<{ value: unknown; part: unknown }>((tie) => ({
  part: fc.oneof({ depthSize: "small" }, primitive, builtIn, tie("value")),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    primitive,
    builtIn,
    fc.array(tie("part"), { maxLength: 5 }),
    // Of one kind, as Go's slices are.
    fc.oneof(
      fc.array(text),
      fc.array(number),
      fc.array(bigint),
      fc.array(fc.boolean()),
      fc.array(date, { maxLength: 4 }),
    ),
    fc.array(fc.array(number, { maxLength: 3 }), { maxLength: 3 }),
    fc.dictionary(name, tie("part"), { maxKeys: 5, noNullPrototype: false }),
    fc.array(fc.tuple(key, tie("part")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(fc.tuple(text, tie("part")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(tie("part"), { maxLength: 4 }).map((members) => new Set(members)),
  ),
}));

/** Values of every kind that a gob carries and reads back equal. */
export const gobValue: fc.Arbitrary<unknown> = value;

/** What a value is after a Go program has read it into an `interface{}` and written it again: Go has fewer classes. */
export function asGoReturnsIt(source: unknown): unknown {
  if (source === undefined) return null;
  if (typeof source === "bigint") return isSafe(source) ? Number(source) : source;
  if (typeof source !== "object" || source === null || source instanceof Date) return source;
  if (source instanceof Uint8Array) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return [...(source as Int8Array)].map(asGoReturnsIt);
  if (Array.isArray(source) || source instanceof Set) return [...source].map(asGoReturnsIt);
  if (source instanceof Map) return fromMap(source);
  return fromEntries(Object.entries(source));
}

function fromMap(source: ReadonlyMap<unknown, unknown>): unknown {
  const entries = [...source];
  if (entries.every(([candidate]) => typeof candidate === "string")) return fromEntries(entries as [string, unknown][]);
  return new Map(entries.map(([candidate, part]) => [asGoReturnsIt(candidate), asGoReturnsIt(part)]));
}

function fromEntries(entries: readonly (readonly [string, unknown])[]): unknown {
  const target = {};
  for (const [property, part] of entries) {
    const copy = asGoReturnsIt(part);
    Object.defineProperty(target, property, { value: copy, writable: true, enumerable: true, configurable: true });
  }
  return target;
}

function isSafe(source: bigint): boolean {
  return Number.isSafeInteger(Number(source));
}

/** Whether two keys of a `Map` would be one after {@link asGoReturnsIt}: 1 and 1n. */
export function losesKeys(source: unknown): boolean {
  if (typeof source !== "object" || source === null || ArrayBuffer.isView(source)) return false;
  if (source instanceof Map) {
    const keys = new Set([...source.keys()].map(asGoReturnsIt));
    return keys.size !== source.size || [...source.values()].some(losesKeys);
  }
  return (Symbol.iterator in source ? [...(source as Iterable<unknown>)] : Object.values(source)).some(losesKeys);
}
