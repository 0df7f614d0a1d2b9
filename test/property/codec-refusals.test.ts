import process from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SerializationError } from "../../src/foundation/errors.ts";
import { openCodec } from "../support/codec/codec-settings.ts";
import { buildValue, codecValue, planWith } from "../support/codec/codec-values.ts";
import { strictDifference } from "../support/codec/strict-difference.ts";
import { partsAt } from "../support/codec/walk-path.ts";

const SEED = Number(process.env["GOCACHEX_FUZZ_SEED"] ?? 20_261_128);
const RUNS = Number(process.env["GOCACHEX_PROPERTY_RUNS"] ?? 30) * 10;

class Account {
  readonly owner = "Ada";
}
class Names extends Array<string> {}
class Table extends Map<string, number> {}
class Bytes extends Uint8Array {}

/** What no serializer takes, by what it is. */
const REFUSED: Readonly<Record<string, () => unknown>> = {
  "a function": () => () => 1,
  "a class": () => Account,
  "a symbol": () => Symbol("s"),
  "a boxed symbol": () => Object(Symbol("s")),
  "an instance of a class": () => new Account(),
  "an array of a class": () => Names.from(["a"]),
  "a map of a class": () => new Table(),
  "bytes of a class": () => new Bytes(3),
  "a promise": () => Promise.resolve(1),
  "a weak map": () => new WeakMap(),
  "an iterator": () => [1].values(),
  "a URL": () => new URL("https://example.com"),
  "shared memory": () => new SharedArrayBuffer(8),
  "an object with a prototype": () => Object.assign(Object.create({ a: 1 }), { b: 2 }),
  "a property named by a symbol": () => ({ a: 1, [Symbol("s")]: 2 }),
  "a property that is not enumerable": () => Object.defineProperty({ a: 1 }, "b", { value: 2 }),
  "a map with a property": () => Object.assign(new Map(), { a: 1 }),
  "a date with a property": () => Object.assign(new Date(0), { a: 1 }),
  "a getter that throws": () => ({
    get a(): never {
      throw new Error("no");
    },
  }),
  "an error with a property of its own": () => Object.assign(new Error("e"), { code: "E" }),
  "an error of a class": () => new (class OwnError extends Error {})("e"),
  "an error of many": () => new AggregateError([]),
  "a proxy that throws": () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("no");
        },
      },
    ),
  "a detached buffer": () => {
    const buffer = new ArrayBuffer(8);
    structuredClone(buffer, { transfer: [buffer] });
    return buffer;
  },
};

describe.each(["json", "msgpack", "v8", "gob"] as const)("%s", (serializer) => {
  it.each(Object.entries(REFUSED))(
    "refuses %s, alone and anywhere inside, by the path that leads there",
    async (_name, make) => {
      const codec = await openCodec({ serializer });
      const property = fc.asyncProperty(planWith(make), async (plan) => {
        const { value, odd } = buildValue(plan);
        const error = await refusalOf(() => codec.encode(value, "k"));
        // Getters throw where they stand, one step further in.
        const path =
          error.path.endsWith(".a") && odd.some((part) => hasThrowingPart(part)) ? error.path.slice(0, -2) : error.path;
        const found = partsAt(value, path);
        // A serializer that carries less may say no to another part first.
        if (serializer === "json" || serializer === "msgpack")
          expect(
            found.some((part) => odd.includes(part)),
            error.path,
          ).toBe(true);
        else expect(found.length, error.path).toBeGreaterThan(0);
      });
      await fc.assert(property, { numRuns: 10, seed: SEED });
    },
  );
});

describe.each(["v8", "gob"] as const)("%s", (serializer) => {
  it("brings back any value of the default serializer, or says where it cannot", async () => {
    const codec = await openCodec({ serializer });
    let refusedCount = 0;
    const property = fc.asyncProperty(codecValue, async (value) => {
      try {
        const { value: back } = await codec.decode(await codec.encode(value, "k"), "k");
        expect(strictDifference(value, back, { identity: serializer === "v8" })).toBe(undefined);
      } catch (error) {
        if (!(error instanceof SerializationError)) throw error;
        refusedCount += 1;
        expect(partsAt(value, error.path).length, error.message).toBeGreaterThan(0);
        expect(error.message).toContain("so that it comes back equal");
      }
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
    expect(refusedCount).toBeGreaterThan(RUNS / 20);
    expect(refusedCount).toBeLessThan(RUNS * 0.9);
  });
});

async function refusalOf(work: () => unknown): Promise<SerializationError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}

function hasThrowingPart(part: unknown): boolean {
  if (typeof part !== "object" || part === null) return false;
  try {
    return Object.getOwnPropertyDescriptor(part, "a")?.get !== undefined;
  } catch {
    return false;
  }
}
