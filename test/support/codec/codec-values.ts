import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ERROR_CLASSES, VIEW_CLASSES } from "../../../src/entry/built-in-classes.ts";
import { ANY_CODE_POINT } from "../any-code-point.ts";

/** How a value is built: objects are made first and filled afterwards, so that any part may lie in any other. */
export type ValuePlan =
  | { readonly kind: "leaf"; readonly value: unknown }
  /** An object without parts; made anew for every value. */
  | { readonly kind: "object"; readonly make: () => object }
  | {
      readonly kind: "container";
      readonly make: () => object;
      readonly fill: Fill;
      readonly parts: readonly ValuePlan[];
    }
  /** A part that does not belong there, made anew as well. */
  | { readonly kind: "odd"; readonly make: () => unknown }
  /** One of the objects of the value. */
  | { readonly kind: "ref"; readonly number: number };

/** Puts parts into an object that is there. */
type Fill = (target: object, parts: readonly unknown[]) => void;

/** Texts of any UTF-16 code units, lone surrogates among them. */
const anyUnits: fc.Arbitrary<string> = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units));

const HOSTILE_NAMES = [
  ...["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "toJSON", "then", "length"],
  ...["$date", "$ref", "$plain", "$undefined", "$entries", "$bare", "$", "$unknown", "", " ", "0", "-1", "1.5", "01"],
  ...["4294967294", "4294967295", "\ud800", "\udfff", "a\ud800", "\u0000", "\ufeff", "語", "😀", "NaN"],
];

/** Names of properties, and any other text. */
export const textValue: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: ANY_CODE_POINT, maxLength: 6 }),
  anyUnits,
  fc.constantFrom(...HOSTILE_NAMES, "x".repeat(40), "é".repeat(300), "语".repeat(70)),
);

/** Numbers, the odd ones among them. */
export const numberValue: fc.Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.float(),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.constantFrom(
    2 ** 53,
    -(2 ** 53),
    2 ** 63,
    2 ** 64,
    -(2 ** 63),
    2 ** 31,
    2 ** 32,
    5e-324,
    1.7976931348623157e308,
    0.1,
  ),
);

/** Bigints around the borders of what stores and formats count with. */
export const bigintValue: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt(),
  fc.constantFrom(
    0n,
    1n,
    -1n,
    2n ** 53n,
    -(2n ** 53n),
    2n ** 63n - 1n,
    2n ** 63n,
    -(2n ** 63n),
    -(2n ** 63n) - 1n,
    10n ** 40n,
  ),
);

const primitiveValue = fc.oneof(textValue, numberValue, bigintValue, fc.boolean(), fc.constantFrom(null, undefined));

const byteValues = fc.uint8Array({ maxLength: 5 });

/** Views of the middle of their memory, as those that programs cut from chunks are. */
const viewPlan: fc.Arbitrary<() => object> = fc
  .tuple(fc.nat({ max: VIEW_CLASSES.length - 1 }), fc.uint8Array({ maxLength: 32 }), fc.boolean())
  .map(([number, bytes, isInside]) => () => {
    const own = bytes.slice(0, bytes.length - (bytes.length % 8));
    const ViewClass = VIEW_CLASSES[number] as
      | (new (
          buffer: ArrayBuffer,
          at: number,
          length: number,
        ) => object)
      | undefined;
    const before = isInside ? 8 : 0;
    const memory = new Uint8Array(own.length + before * 2).fill(0xee);
    memory.set(own, before);
    if (ViewClass === undefined) return Buffer.from(memory.buffer, before, own.length);
    const width = (ViewClass as { readonly BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
    return new ViewClass(memory.buffer, before, own.length / width);
  });

const regExpPlan: fc.Arbitrary<() => object> = fc
  .record({
    source: fc.constantFrom("", "a+", "/", "\n", "[/]", "é|語", "(?<year>\\d{4})", "\ud800"),
    flags: fc.subarray(["d", "g", "i", "m", "s", "y"]).map((flags) => flags.join("")),
    lastIndex: fc.constantFrom(0, 0, 0, 1, 7),
  })
  .map(
    ({ source, flags, lastIndex }) =>
      () =>
        Object.assign(new RegExp(source, flags), { lastIndex }),
  );

const objectPlan: fc.Arbitrary<() => object> = fc.oneof(
  fc
    .oneof(
      fc.date(),
      fc.constantFrom(0, -1, 8.64e15, -8.64e15, Number.NaN).map((ms) => new Date(ms)),
    )
    .map((date) => () => new Date(date)),
  regExpPlan,
  viewPlan,
  byteValues.map((bytes) => () => bytes.slice().buffer),
  fc.oneof(textValue, numberValue, bigintValue, fc.boolean()).map((primitive) => () => Object(primitive) as object),
);

function define(target: object, name: PropertyKey, value: unknown, enumerable = true): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable, configurable: true });
}

function container(parts: fc.Arbitrary<readonly ValuePlan[]>, make: () => object, fill: Fill): fc.Arbitrary<ValuePlan> {
  return parts.map((inside) => ({ kind: "container", make, fill, parts: inside }));
}

/** Objects with names, by the way they are made. */
function named(part: fc.Arbitrary<ValuePlan>, make: () => object): fc.Arbitrary<ValuePlan> {
  return fc.array(fc.tuple(textValue, part), { maxLength: 5 }).map((entries) => ({
    kind: "container",
    make,
    fill: (target, parts) => {
      for (const [index, [name]] of entries.entries()) define(target, name, parts[index]);
    },
    parts: entries.map(([, inside]) => inside),
  }));
}

/** Arrays with holes and properties with names. */
function oddArray(part: fc.Arbitrary<ValuePlan>): fc.Arbitrary<ValuePlan> {
  return fc
    .record({
      length: fc.constantFrom(0, 1, 3, 10, 70, 5_000),
      elements: fc.array(fc.tuple(fc.nat({ max: 4_999 }), part), { maxLength: 4 }),
      names: fc.array(
        fc.tuple(
          textValue.filter((name) => name !== "length"),
          part,
        ),
        { maxLength: 2 },
      ),
    })
    .map(({ length, elements, names }) => ({
      kind: "container",
      make: () => new Array<unknown>(length),
      fill: (target, parts) => {
        for (const [index, [at]] of elements.entries()) if (at < length) define(target, at, parts[index]);
        for (const [index, [name]] of names.entries()) {
          // Names that are indices make an array longer, which is not what is meant here.
          if (String(Number(name) >>> 0) !== name) define(target, name, parts[elements.length + index]);
        }
      },
      parts: [...elements, ...names].map(([, inside]) => inside),
    }));
}

function errorPlan(part: fc.Arbitrary<ValuePlan>): fc.Arbitrary<ValuePlan> {
  return fc
    .record({
      errorClass: fc.constantFrom(...ERROR_CLASSES),
      message: fc.option(textValue, { nil: undefined }),
      stack: fc.option(textValue, { nil: undefined }),
      cause: fc.option(part, { nil: undefined }),
      isOdd: fc.nat({ max: 9 }),
    })
    .map(({ errorClass, message, stack, cause, isOdd }) => ({
      kind: "container",
      make: () => {
        const error = new errorClass();
        Reflect.deleteProperty(error, "stack");
        if (message !== undefined) define(error, "message", message, isOdd === 9);
        if (stack !== undefined) define(error, "stack", stack, false);
        return error;
      },
      fill: (target, parts) => {
        if (cause !== undefined) define(target, "cause", parts[0], isOdd === 8);
      },
      parts: cause === undefined ? [] : [cause],
    }));
}

const { plan } = fc.letrec<{ plan: ValuePlan; part: ValuePlan }>((tie) => ({
  part: fc.oneof(
    { depthSize: "small" },
    primitiveValue.map((value): ValuePlan => ({ kind: "leaf", value })),
    objectPlan.map((make): ValuePlan => ({ kind: "object", make })),
    fc.nat({ max: 20 }).map((number): ValuePlan => ({ kind: "ref", number })),
    tie("plan"),
  ),
  plan: fc.oneof(
    { depthSize: "small" },
    primitiveValue.map((value): ValuePlan => ({ kind: "leaf", value })),
    objectPlan.map((make): ValuePlan => ({ kind: "object", make })),
    container(
      fc.array(tie("part"), { maxLength: 5 }),
      () => [],
      (target, parts) => (target as unknown[]).push(...parts),
    ),
    named(tie("part"), () => ({})),
    named(tie("part"), () => Object.create(null) as object),
    oddArray(tie("part")),
    container(
      fc.array(fc.tuple(tie("part"), tie("part")), { maxLength: 3 }).map((pairs) => pairs.flat()),
      () => new Map(),
      (target, parts) => {
        for (let index = 0; index < parts.length; index += 2) {
          (target as Map<unknown, unknown>).set(parts[index], parts[index + 1]);
        }
      },
    ),
    container(
      fc.array(tie("part"), { maxLength: 4 }),
      () => new Set(),
      (target, parts) => {
        for (const part of parts) (target as Set<unknown>).add(part);
      },
    ),
    errorPlan(tie("part")),
  ),
}));

/** A value, with the odd parts that were put into it. */
export interface BuiltValue {
  readonly value: unknown;
  readonly odd: readonly unknown[];
}

/** The value of a plan; each call makes another one, equal to the others. */
export function buildValue(root: ValuePlan): BuiltValue {
  const odd: unknown[] = [];
  const made = new Map<ValuePlan, object>();
  const objects: object[] = [];
  const makeAll = (each: ValuePlan): void => {
    if (each.kind === "leaf" || each.kind === "ref" || each.kind === "odd") return;
    const object = each.make();
    made.set(each, object);
    objects.push(object);
    if (each.kind === "container") for (const part of each.parts) makeAll(part);
  };
  const partOf = (each: ValuePlan): unknown => {
    if (each.kind === "leaf") return each.value;
    if (each.kind === "odd") {
      const part = each.make();
      odd.push(part);
      return part;
    }
    if (each.kind === "ref") return objects.length === 0 ? null : objects[each.number % objects.length];
    return made.get(each);
  };
  makeAll(root);
  for (const [each, object] of made) if (each.kind === "container") each.fill(object, each.parts.map(partOf));
  return { value: partOf(root), odd };
}

/**
 * Values of everything that the default serializer carries: deep mixes, shared parts and cycles through anything, hostile names. Never `undefined`
 * itself, which is no value.
 */
export const codecValue: fc.Arbitrary<unknown> = plan
  .map((each) => buildValue(each).value)
  .filter((value) => value !== undefined);

/** Plans of a value with one odd part, or more, alone and within all kinds of containers. */
export function planWith(make: () => unknown): fc.Arbitrary<ValuePlan> {
  const odd: fc.Arbitrary<ValuePlan> = fc.constant({ kind: "odd", make });
  const around = (inside: fc.Arbitrary<ValuePlan>): fc.Arbitrary<ValuePlan> =>
    fc.tuple(plan, inside, fc.nat({ max: 4 })).map(([before, part, way]) => wrapped(before, part, way));
  return fc.oneof(odd, around(odd), around(around(odd)), around(around(around(odd))));
}

function wrapped(before: ValuePlan, part: ValuePlan, way: number): ValuePlan {
  const parts = [before, part];
  switch (way) {
    case 0:
      return {
        kind: "container",
        make: () => [],
        fill: (target, inside) => (target as unknown[]).push(...inside),
        parts,
      };
    case 1:
      return {
        kind: "container",
        make: () => new Map(),
        fill: (target, [one, other]) => (target as Map<unknown, unknown>).set(one, other),
        parts,
      };
    case 2:
      return {
        kind: "container",
        make: () => new Set(),
        fill: (target, inside) => {
          for (const each of inside) (target as Set<unknown>).add(each);
        },
        parts,
      };
    case 3:
      return {
        kind: "container",
        make: () => new TypeError("outer"),
        fill: (target, [, inside]) => define(target, "cause", inside, false),
        parts,
      };
    default:
      return {
        kind: "container",
        make: () => ({}),
        fill: (target, [one, other]) => {
          define(target, "odd name", one);
          define(target, "__proto__", other);
        },
        parts,
      };
  }
}

/** Plain data, which any serializer carries. */
export const plainValue: fc.Arbitrary<unknown> = fc.jsonValue({ depthSize: "small" });
