import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, it } from "vitest";
import { storedPrefix, toStoredKey } from "../../src/entry/namespace-path.ts";
import { openSnapshotWorld } from "../compat/snapshots/snapshot-world.ts";
import { ANY_CODE_POINT } from "../support/any-code-point.ts";

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: ANY_CODE_POINT }),
  fc.constantFrom("\ud800", "語", "x".repeat(100)),
);

/** Numbers of all kinds; NaN is equal to itself here. */
const primitive = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, 2 ** 31, -(2 ** 31)),
);

const bytes = fc.uint8Array({ maxLength: 100 });

const builtIn = fc.oneof(
  fc.date({ noInvalidDate: true }),
  bytes,
  bytes.map((array) => Buffer.from(array)),
  bytes.map((array) => new Uint8Array(array).buffer),
  bytes.map((array) => new DataView(new Uint8Array(array).buffer)),
  fc.int16Array({ maxLength: 20 }),
  fc.float64Array({ maxLength: 20 }),
  fc.bigInt64Array({ maxLength: 5 }),
  fc.constantFrom(/a+/g, /[語]/u).map((source) => new RegExp(source)),
  fc.record({ message: fc.string(), cause: primitive }).map(({ message, cause }) => new TypeError(message, { cause })),
  fc.oneof(fc.string(), fc.integer(), fc.boolean()).map((value) => Object(value) as object),
);

const { value } = fc.letrec<{ value: unknown; member: unknown }>((tie) => ({
  member: fc.oneof({ depthSize: "small" }, primitive, builtIn, tie("value")),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    primitive,
    builtIn,
    fc.array(tie("member"), { maxLength: 5 }),
    fc.sparseArray(tie("member"), { maxLength: 8 }),
    fc.dictionary(text, tie("member"), { maxKeys: 5 }),
    fc.array(fc.tuple(tie("member"), tie("member")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(tie("member"), { maxLength: 4 }).map((members) => new Set(members)),
    // The same part twice, and a cycle.
    tie("member").map((part) => {
      const whole: Record<string, unknown> = { part, again: part };
      whole["self"] = whole;
      return whole;
    }),
  ),
}));

const namespace = fc.constantFrom("", "shop", "shop/eu", "shop/eu/de", "shopping");
const entries = fc.array(
  fc.record({
    namespace,
    key: fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("@", "@:", "@a:b", "語", "\ud800")),
    value: value.filter((candidate) => candidate !== undefined),
    ttlMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 2_000 })),
    tags: fc.subarray(["red", "green", "blue"]),
  }),
  { maxLength: 30 },
);

/** Splits bytes into chunks of the given sizes, in turn. */
function* chunksOf(whole: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, index = 0; at < whole.length; index += 1) {
    const size = sizes[index % sizes.length] as number;
    yield whole.subarray(at, at + size);
    at += size;
  }
}

it("what is dumped loads equal: values of every kind, TTLs, tags and namespaces, however it is cut into chunks", async () => {
  await fc.assert(
    fc.asyncProperty(
      entries,
      fc.constantFrom("", "shop", "shop/eu"),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 0, max: 1_500 }),
      async (all, view, sizes, passedMs) => {
        const source = openSnapshotWorld();
        const target = openSnapshotWorld();
        for (const entry of all) source.set(toStoredKey(storedPrefix(entry.namespace), entry.key), entry.value, entry);
        const snapshot = await source.dump(view);
        expect(snapshot.skippedCount).toBe(0);
        source.time.advance(passedMs);
        target.time.advance(passedMs);
        // Time does not pass within one turn of the event loop; see `CoarseClock`.
        await new Promise((resolve) => setImmediate(resolve));
        const result = await target.load(chunksOf(snapshot, sizes), view);
        const expected = (await source.keys()).filter(
          (key) => view === "" || key.startsWith(`@${view}:`) || key.startsWith(`@${view}/`),
        );
        expect(await target.keys()).toEqual(expected);
        expect(result.entryCount).toBe(expected.length);
        for (const key of expected) {
          const [before, after] = [source.backend.get(key), target.backend.get(key)];
          expect(isDeepStrictEqual(after?.value, before?.value), key).toBe(true);
          expect(after?.tags).toEqual(before?.tags);
          expect(after?.expiresAt).toBe(before?.expiresAt);
        }
        target.backend.checkInvariants();
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
