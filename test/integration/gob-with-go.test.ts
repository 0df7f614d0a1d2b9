import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildGoProgram, findGoForTests, type GoProgram } from "../../scripts/tools/ensure-go.ts";
import { DEFAULT_CODEC_LIMITS } from "../../src/codec/codec-limits.ts";
import { decodeGob } from "../../src/codec/gob/decode-gob.ts";
import { encodeGob } from "../../src/codec/gob/encode-gob.ts";
import { gobStruct } from "../../src/codec/gob/gob-struct.ts";
import { EXPECTED_VALUES } from "../compat/gob/expected-values.ts";
import { parseGobVectors } from "../compat/gob/gob-vector.ts";
import { asGoReturnsIt, gobValue, losesKeys } from "../support/gob-values.ts";

const SOURCE = fileURLToPath(new URL("../compat/gob/go", import.meta.url));
const SEED = 20_261_128;

/** What the Go program answers: the value as text and as a gob of its own, or why it cannot be decoded. */
interface Reply {
  readonly text?: string;
  readonly gob?: string;
  readonly error?: string;
}

const user = gobStruct("main.User", { id: { name: "ID", type: "int" }, name: "string", tags: ["string"] });
const record = gobStruct("main.Record", {
  id: { name: "ID", type: "int" },
  count: "uint",
  ratio: "float64",
  name: "string",
  ok: "bool",
  bytes: "[]byte",
  at: "time.Time",
  big: "big.Int",
  any: "interface{}",
  tags: ["string"],
  scores: { map: "float64" },
  owner: user,
  friends: [user],
});
const structs = [user, record];

const when = new Date("2026-11-28T17:30:00.123Z");

/** A value, what Go reads it into, and what Go then has. */
const NATURAL: readonly (readonly [unknown, string, string])[] = [
  ["naïve 語 😀", "string", '"naïve 語 😀"'],
  ["", "string", '""'],
  [true, "bool", "true"],
  [-7, "int", "-7"],
  [-7, "int8", "-7"],
  [2 ** 53 - 1, "int64", "9007199254740991"],
  [1.5, "float64", "1.5"],
  [-0, "float64", "-0"],
  [Number.NaN, "float64", "NaN"],
  [2 ** 60, "float64", "1.152921504606847e+18"],
  [5n, "int64", "5"],
  [-(2n ** 63n), "int64", "-9223372036854775808"],
  [2n ** 64n - 1n, "uint64", "18446744073709551615"],
  [-(2n ** 64n), "big.Int", "big -18446744073709551616"],
  [-(2n ** 64n), "*big.Int", "big -18446744073709551616"],
  [new Uint8Array([1, 255]), "[]uint8", "bytes 01ff"],
  [Buffer.from("hi"), "[]uint8", "bytes 6869"],
  [Buffer.alloc(0), "[]uint8", "bytes "],
  [when, "time.Time", "2026-11-28T17:30:00.123Z"],
  [new Date(-1), "time.Time", "1969-12-31T23:59:59.999Z"],
  [[1, -2, 300], "[]int", "[1 -2 300]"],
  [[1, 2.5, -0], "[]float64", "[1 2.5 -0]"],
  [["a", ""], "[]string", '["a" ""]'],
  [[true, false], "[]bool", "[true false]"],
  [[5n, -5n], "[]int64", "[5 -5]"],
  [[5n, 2n ** 63n], "[]uint64", "[5 9223372036854775808]"],
  [[5n, 2n ** 70n], "[]*big.Int", "[big 5 big 1180591620717411303424]"],
  [[[1], [], [2, 3]], "[][]int", "[[1] [] [2 3]]"],
  [[[1], [2.5]], "[][]float64", "[[1] [2.5]]"],
  [[["a"], []], "[][]string", '[["a"] []]'],
  [[new Uint8Array([1]), Buffer.of(2)], "[][]uint8", "[bytes 01 bytes 02]"],
  [[when], "[]time.Time", "[2026-11-28T17:30:00.123Z]"],
  [[], "[]interface{}", "[]"],
  [[1, "a", null, undefined], "[]interface{}", '[int(1) string("a") nil nil]'],
  [[[1], ["a"]], "[][]interface{}", '[[int(1)] [string("a")]]'],
  [{}, "map[string]interface{}", "{}"],
  [{ name: "x", age: 3 }, "map[string]interface{}", '{"age":int(3) "name":string("x")}'],
  [[{ a: 1.5 }, {}], "[]map[string]interface{}", '[{"a":float64(1.5)} {}]'],
  [
    { list: [1, "x"], ints: [1], inner: { when, buf: Buffer.of(7) }, big: 2n ** 70n, id: 5n, none: null },
    "map[string]interface{}",
    '{"big":*big.Int(big 1180591620717411303424) "id":int64(5) "inner":map[string]interface{}({"buf":[]uint8(bytes 07) ' +
      '"when":time.Time(2026-11-28T17:30:00.123Z)}) "ints":[]int([1]) "list":[]interface{}([int(1) string("x")]) "none":nil}',
  ],
  [new Map([["a", 1]]), "map[string]int", '{"a":1}'],
  [new Map([["a", "b"]]), "map[string]string", '{"a":"b"}'],
  [new Map([[-1, "a"]]), "map[int]string", '{-1:"a"}'],
  [new Map([[2n ** 60n, "a"]]), "map[int64]string", '{1152921504606846976:"a"}'],
  [new Map([[true, 1]]), "map[bool]int", "{true:1}"],
  [new Map([[1.5, "a"]]), "map[float64]string", '{1.5:"a"}'],
  [new Map([[when, 1]]), "map[time.Time]int", "{2026-11-28T17:30:00.123Z:1}"],
  [new Map([["a", [1]]]), "map[string][]int", '{"a":[1]}'],
  [new Map([["a", new Map([[1, "b"]])]]), "map[string]map[int]string", '{"a":{1:"b"}}'],
  [new Map<unknown, unknown>([[1, "a"], ["x", true]]), "map[interface{}]interface{}", '{int(1):string("a") string("x"):bool(true)}'], // biome-ignore format: one case, one line
  [new Set([1, 2]), "[]int", "[1 2]"],
  [new Int8Array([-1]), "[]int8", "[-1]"],
  [new Int16Array([-1]), "[]int16", "[-1]"],
  [new Int32Array([-1]), "[]int32", "[-1]"],
  [new Uint16Array([65_535]), "[]uint16", "[65535]"],
  [new Uint32Array([2 ** 32 - 1]), "[]uint32", "[4294967295]"],
  [new Float32Array([0.5]), "[]float32", "[0.5]"],
  [new Float64Array([0.1, -0]), "[]float64", "[0.1 -0]"],
  [new BigInt64Array([-5n]), "[]int64", "[-5]"],
  [new BigUint64Array([2n ** 64n - 1n]), "[]uint64", "[18446744073709551615]"],
  [{ id: 7, name: "Ada", tags: ["x"] }, "main.User", 'User{ID:7 Name:"Ada" Tags:["x"]}'],
  [{ id: 0, name: "", tags: [] }, "*main.User", '&User{ID:0 Name:"" Tags:[]}'],
  [[{ id: 7, name: "", tags: [] }], "[]main.User", '[User{ID:7 Name:"" Tags:[]}]'],
  [new Map([["a", { id: 1, name: "n", tags: [] }]]), "map[string]main.User", '{"a":User{ID:1 Name:"n" Tags:[]}}'],
  [{ id: 7, name: "Ada", tags: [] }, "main.Optional", 'Optional{Name:&"Ada" Other:0}'],
];

describe("gobs between JavaScript and Go", () => {
  let go: string | undefined;
  let program: GoProgram;

  beforeAll(() => {
    go = findGoForTests("gobs between JavaScript and Go");
    if (go !== undefined) program = buildGoProgram(go, SOURCE);
  });
  afterAll(() => program?.remove());

  /** Sends gobs to the Go program, all in one run. */
  function ask(requests: readonly { readonly into: string; readonly bytes: Uint8Array }[]): readonly Reply[] {
    const input = requests
      .map(({ into, bytes }) => `${JSON.stringify({ into, gob: Buffer.from(bytes).toString("base64") })}\n`)
      .join("");
    const { stdout, stderr, status } = spawnSync(program.path, ["round-trip"], {
      input,
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    expect(status, stderr).toBe(0);
    const replies = stdout.trim().split("\n");
    expect(replies.length).toBe(requests.length);
    return replies.map((line) => JSON.parse(line) as Reply);
  }

  function decodeReply({ gob, error }: Reply): unknown {
    expect(error).toBeUndefined();
    return decodeGob(Buffer.from(gob ?? "", "base64"), DEFAULT_CODEC_LIMITS, { structs });
  }

  it("are natural types for Go, and come back from it", (context) => {
    if (go === undefined) context.skip();
    const requests = NATURAL.map(([value, into]) => ({ into, bytes: encodeGob(value, { structs }) }));
    for (const [index, reply] of ask(requests).entries()) {
      const [value, into, text] = NATURAL[index] as (typeof NATURAL)[number];
      expect({ into, text: reply.text, error: reply.error }).toEqual({ into, text, error: undefined });
      if (into !== "main.Optional" && into !== "[]*big.Int") expect(decodeReply(reply)).toEqual(asGoReturnsIt(value));
    }
  });

  it("of 2,000 random values are read into an interface{}, and come back as what Go can tell apart", (context) => {
    if (go === undefined) context.skip();
    const values = fc.sample(gobValue, { numRuns: 2_000, seed: SEED }).filter((value) => !losesKeys(value));
    expect(values.length).toBeGreaterThan(1_900);
    const requests = values.map((value) => ({ into: "interface{}", bytes: encodeGob(value, { root: "interface" }) }));
    for (const [index, reply] of ask(requests).entries()) {
      const value = values[index];
      expect(reply.error, `value ${index} of seed ${SEED}`).toBeUndefined();
      const read = decodeReply(reply);
      if (!isDeepStrictEqual(read, asGoReturnsIt(value))) expect(read).toStrictEqual(asGoReturnsIt(value));
    }
  });

  it("of random objects are read into a map[string]interface{} and into structs", (context) => {
    if (go === undefined) context.skip();
    const objects = fc
      .sample(fc.dictionary(fc.string(), gobValue, { maxKeys: 6, noNullPrototype: true }), { numRuns: 300, seed: SEED })
      .filter((value) => !losesKeys(value));
    const records = fc.sample(randomRecord(), { numRuns: 300, seed: SEED });
    const requests = [
      ...objects.map((value) => ({ into: "map[string]interface{}", bytes: encodeGob(value) })),
      ...records.map((value) => ({ into: "main.Record", bytes: encodeGob(value, { structs }) })),
      { into: "[]main.Record", bytes: encodeGob(records, { structs }) },
    ];
    const expected = [...objects.map(asGoReturnsIt), ...records, records];
    for (const [index, reply] of ask(requests).entries()) {
      const read = decodeReply(reply);
      if (!isDeepStrictEqual(read, expected[index])) expect(read).toStrictEqual(expected[index]);
    }
  });

  it("of a megabyte, in one text and in many parts, come back", (context) => {
    if (go === undefined) context.skip();
    const many = Array.from({ length: 20_000 }, (_, index) => ({ id: index, name: `user ${index}`, tags: ["a"] }));
    const values: readonly (readonly [unknown, string])[] = [
      ["語".repeat(400_000), "string"],
      [new Uint8Array(1_000_000).fill(200), "[]uint8"],
      [many, "[]main.User"],
      [{ many: many.map(({ name }) => ({ name })) }, "map[string]interface{}"],
    ];
    const replies = ask(values.map(([value, into]) => ({ into, bytes: encodeGob(value, { structs }) })));
    for (const [index, reply] of replies.entries())
      expect(isDeepStrictEqual(decodeReply(reply), values[index]?.[0])).toBe(true);
  });

  it("that Go writes today are what they are in the vectors", (context) => {
    if (go === undefined) context.skip();
    const { stdout } = spawnSync(program.path, ["vectors"], { encoding: "utf8", maxBuffer: 2 ** 28 });
    const vectors = parseGobVectors(stdout);
    expect(vectors.map(({ name }) => name)).toEqual([...EXPECTED_VALUES.keys()]);
    for (const { name, bytes } of vectors) {
      expect(decodeGob(bytes, DEFAULT_CODEC_LIMITS), name).toEqual(EXPECTED_VALUES.get(name));
    }
  });
});

/** Values of the struct `Record`, as they come back from Go: no Buffers, no small bigints as integers. */
function randomRecord(): fc.Arbitrary<unknown> {
  const text = fc.string({ unit: "grapheme" });
  const person = fc.record(
    { id: fc.maxSafeInteger(), name: text, tags: fc.array(text, { maxLength: 3 }) },
    { noNullPrototype: true },
  );
  return fc.record(
    {
      id: fc.oneof(fc.maxSafeInteger(), fc.constant(0), fc.constant(2n ** 62n)),
      count: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      // Go leaves -0 out of structs, as it does 0.
      ratio: fc.double().map((value) => (value === 0 ? 0 : value)),
      name: text,
      ok: fc.boolean(),
      bytes: fc.uint8Array({ maxLength: 5 }),
      at: fc.option(fc.date({ noInvalidDate: true })),
      big: fc.option(fc.bigInt()),
      any: fc.oneof(text, fc.integer(), fc.constant(null), person),
      tags: fc.array(text, { maxLength: 3 }),
      scores: fc.dictionary(text, fc.double({ noNaN: true }), { maxKeys: 3, noNullPrototype: true }),
      owner: fc.option(person),
      friends: fc.array(person, { maxLength: 3 }),
    },
    { noNullPrototype: true },
  );
}
