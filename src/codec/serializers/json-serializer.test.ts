import { Buffer } from "node:buffer";
import { afterEach, describe, expect, it } from "vitest";
import { openCodec } from "../../../test/support/codec/codec-settings.ts";
import { sealPayload } from "../../../test/support/codec/seal-payload.ts";
import { strictDifference } from "../../../test/support/codec/strict-difference.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";

const json = await openCodec();
const textOf = async (value: unknown): Promise<string> =>
  Buffer.from(await json.encode(value, "k")).toString("utf8", 8);
const kindOf = async (value: unknown): Promise<number> => (await json.encode(value, "k"))[2] as number;

async function assertComesBack(value: unknown): Promise<void> {
  for (const serializer of ["json", "msgpack"] as const) {
    const codec = await openCodec({ serializer });
    const { value: back } = await codec.decode(await codec.encode(value, "k"), "k");
    expect(strictDifference(value, back)).toBe(undefined);
  }
}

describe("json", () => {
  it("is plain where the value is, so that any client reads it", async () => {
    for (const value of [
      { a: [1, "é", null, true, 0.5] },
      [],
      {},
      null,
      true,
      { __proto__: null, ...{} }.valueOf?.() ?? {},
    ]) {
      expect(await kindOf(value)).toBe(PAYLOAD_KINDS.json);
      expect(await textOf(value)).toBe(JSON.stringify(value));
    }
  });

  it.each<readonly [string, unknown, string]>([
    ["undefined inside", [undefined], '[{"$undefined":0}]'],
    ["NaN", [Number.NaN], '[{"$number":"NaN"}]'],
    ["an infinity", [Number.NEGATIVE_INFINITY], '[{"$number":"-Infinity"}]'],
    ["-0", [-0], '[{"$number":"-0"}]'],
    ["a bigint", [5n], '[{"$bigint":"5"}]'],
    ["a date", new Date(5), '{"$date":5}'],
    ["a date that is none", new Date(Number.NaN), '{"$date":null}'],
    ["a regular expression", /a\/b/gi, '{"$regexp":["a\\\\/b","gi",0]}'],
    ["a regular expression in the midst of a search", Object.assign(/a/g, { lastIndex: 3 }), '{"$regexp":["a","g",3]}'],
    ["a map", new Map<unknown, unknown>([[1, { a: 2 }]]), '{"$map":[[1,{"a":2}]]}'],
    ["a set", new Set([1, "a"]), '{"$set":[1,"a"]}'],
    ["bytes inside", [Uint8Array.of(1, 2)], '[{"$bytes":["Uint8Array","AQI="]}]'],
    ["an ArrayBuffer", Uint8Array.of(1).buffer, '{"$bytes":["ArrayBuffer","AQ=="]}'],
    ["an array with holes", Object.assign(new Array<unknown>(3), { 1: "x" }), '{"$array":[3,[[1,"x"]],[]]}'],
    ["an array with a name", Object.assign([1], { index: 2 }), '{"$array":[1,[[0,1]],[["index",2]]]}'],
    ["an object without a prototype", Object.assign(Object.create(null) as object, { a: 1 }), '{"$bare":[["a",1]]}'],
    ["a boxed text", Object("s"), '{"$box":"s"}'],
    ["a boxed -0", Object(-0), '{"$box":{"$number":"-0"}}'],
    ["what looks like a tag", [{ $date: 5 }, 1n], '[{"$plain":{"$date":5}},{"$bigint":"1"}]'],
    [
      "what looks like an escaped tag",
      [{ $plain: { $date: 5 } }, 1n],
      '[{"$plain":{"$plain":{"$plain":{"$date":5}}}},{"$bigint":"1"}]',
    ],
    ["what has a tag's name among others", [{ $date: 5, a: 1 }, 1n], '[{"$date":5,"a":1},{"$bigint":"1"}]'],
  ])("%s is written as the table of tags says", async (_name, value, text) => {
    expect(await textOf(value)).toBe(text);
    expect(await kindOf(value)).toBe(PAYLOAD_KINDS.taggedJson);
    await assertComesBack(value);
  });

  it("needs no escape where nothing else needs tags", async () => {
    const value = [{ $date: 5 }, { $ref: 0 }];
    expect(await kindOf(value)).toBe(PAYLOAD_KINDS.json);
    expect(await textOf(value)).toBe('[{"$date":5},{"$ref":0}]');
    await assertComesBack(value);
  });

  it("writes an error with its class, message, stack and cause, and which of them are enumerable", async () => {
    const error = new RangeError("m", { cause: 1 });
    Object.defineProperty(error, "stack", { value: "s", enumerable: false, writable: true, configurable: true });
    expect(await textOf(error)).toBe('{"$error":["RangeError",7,"m","s",1]}');
    Object.defineProperty(error, "cause", { enumerable: true });
    expect(await textOf(error)).toBe('{"$error":["RangeError",39,"m","s",1]}');
    Reflect.deleteProperty(error, "stack");
    Reflect.deleteProperty(error, "message");
    expect(await textOf(error)).toBe('{"$error":["RangeError",36,1]}');
    await assertComesBack(error);
  });
});

describe("parts that are shared", () => {
  it("are one part again: objects count as they begin", async () => {
    const shared = { a: 1 };
    expect(await textOf([shared, [shared]])).toBe('[{"a":1},[{"$ref":1}]]');
    await assertComesBack([shared, [shared], new Map([[shared, shared]])]);
  });

  it("may be anything that is an object", async () => {
    for (const part of [
      [],
      {},
      new Date(0),
      /a/,
      new Map(),
      new Set(),
      Buffer.from("b"),
      new Float32Array(2),
      Object(1),
      new Error("e"),
      Uint8Array.of(1).buffer,
    ]) {
      await assertComesBack([part, { part }, new Set([part])]);
    }
  });

  it("may hold themselves: through arrays, objects, maps, sets, causes, names of arrays", async () => {
    const array: unknown[] = [];
    array.push(array, Object.assign(new Array<unknown>(2), { name: array }));
    const object: Record<string, unknown> = { array };
    object["self"] = object;
    const map = new Map<unknown, unknown>();
    map.set(map, new Set([map, object]));
    const error: Error = new Error("e");
    error.cause = new TypeError("inner", { cause: [error, map] });
    const bare = Object.assign(Object.create(null) as Record<string, unknown>, { error });
    bare["bare"] = bare;
    for (const value of [array, object, map, error, bare]) await assertComesBack(value);
  });
});

describe("names and texts that JSON or the platform take for something else", () => {
  it("come back as own properties and nothing more", async () => {
    const names = [
      "__proto__",
      "constructor",
      "prototype",
      "toString",
      "toJSON",
      "hasOwnProperty",
      "then",
      "",
      "0",
      "-1",
      "\ud800",
      "$ref",
      "length",
    ];
    const value = {};
    for (const name of names) {
      Object.defineProperty(value, name, {
        value: { [name]: [name] },
        enumerable: true,
        writable: true,
        configurable: true,
      });
      await assertComesBack(
        Object.defineProperty({}, name, { value: name, enumerable: true, writable: true, configurable: true }),
      );
    }
    await assertComesBack(value);
    await assertComesBack([value, 1n]);
    await assertComesBack(new Map(names.map((name) => [name, new Set([name])])));
  });

  it("lone surrogates stay what they are, in texts, names and keys", async () => {
    for (const text of ["\ud800", "a\udfffb", "\udc00\ud800", "😀\ud83d"]) {
      await assertComesBack([text, { [text]: text }, new Map([[text, 1]]), /[\ud800]/, Object(text)]);
      await assertComesBack({ [text]: 1n });
      await assertComesBack(Object.assign([1], { [text]: 2 }));
    }
  });
});

describe("a toJSON on a prototype of the platform", () => {
  const prototypes = { Object: Object.prototype, Array: Array.prototype };
  afterEach(() => {
    for (const prototype of Object.values(prototypes)) Reflect.deleteProperty(prototype, "toJSON");
  });

  it.each(Object.entries(prototypes))(
    "of %s changes nothing in silence: what it would change is refused",
    async (_name, prototype) => {
      Object.defineProperty(prototype, "toJSON", { value: () => "changed", configurable: true, writable: true });
      for (const value of [{ a: [1] }, [1], [undefined]]) {
        for (const serializer of ["json", "msgpack"] as const) {
          const codec = await openCodec({ serializer });
          let bytes: Uint8Array;
          try {
            bytes = await codec.encode(value, "k");
          } catch (error) {
            expect((error as Error).message).toContain("a toJSON on a prototype");
            continue;
          }
          Reflect.deleteProperty(prototype, "toJSON");
          expect(strictDifference(value, (await codec.decode(bytes, "k")).value)).toBe(undefined);
          Object.defineProperty(prototype, "toJSON", { value: () => "changed", configurable: true, writable: true });
        }
      }
    },
  );

  it("of bigints, as libraries put it there, is not asked", async () => {
    Object.defineProperty(BigInt.prototype, "toJSON", { value: () => "changed", configurable: true });
    try {
      await assertComesBack([5n]);
    } finally {
      Reflect.deleteProperty(BigInt.prototype, "toJSON");
    }
  });

  it("of the value's own is data when it is none that can be called", async () => {
    await assertComesBack([{ toJSON: "text", a: 1 }, 1n]);
    await expect(async () => json.encode({ toJSON: () => 1 }, "k")).rejects.toMatchObject({ path: "$.toJSON" });
  });
});

describe("values that answer when they are read", () => {
  it("getters are read and become values", async () => {
    const value = Object.defineProperty({ a: 1 }, "b", { get: () => new Date(0), enumerable: true });
    expect(await textOf(value)).toBe('{"a":1,"b":{"$date":0}}');
  });

  it("a getter that throws is named, and what it threw is the cause", async () => {
    const cause = new Error("no");
    const value = {
      list: [
        1n,
        {
          get part(): never {
            throw cause;
          },
        },
      ],
    };
    for (const serializer of ["json", "msgpack", "v8"] as const) {
      const codec = await openCodec({ serializer });
      await expect(async () => codec.encode(value, "k")).rejects.toMatchObject({ path: "$.list[1].part", cause });
    }
  });

  it("a proxy of plain data is plain data", async () => {
    const value = new Proxy({ a: [1] }, {});
    expect(await textOf({ value })).toBe('{"value":{"a":[1]}}');
  });
});

describe("tagged json of others", () => {
  const read = async (text: string): Promise<unknown> =>
    (await json.decode(sealPayload(PAYLOAD_KINDS.taggedJson, Buffer.from(text)), "k")).value;

  it.each([
    ...[
      '{"$nothing":0}',
      '{"$":0}',
      '{"$Date":0}',
      '{"$number":"1"}',
      '{"$number":1}',
      '{"$bigint":5}',
      '{"$bigint":"0xg"}',
      '{"$bigint":""}',
      '{"$bigint":" 5"}',
    ],
    ...[
      '{"$date":"5"}',
      '{"$regexp":["a"]}',
      '{"$regexp":["(","",0]}',
      '{"$regexp":["a","gg",0]}',
      '{"$regexp":[1,"",0]}',
      '{"$regexp":"a"}',
    ],
    ...['{"$map":{}}', '{"$map":[1]}', '{"$map":[[1]]}', '{"$map":[[1,2,3]]}', '{"$set":{}}', '{"$set":"ab"}'],
    ...[
      '{"$bytes":[]}',
      '{"$bytes":["Uint8Array"]}',
      '{"$bytes":["Uint8Array",5]}',
      '{"$bytes":["Float64Array","AQ=="]}',
      '{"$bytes":["SharedArrayBuffer","AQ=="]}',
      '{"$bytes":["Object",""]}',
    ],
    ...[
      '{"$error":[]}',
      '{"$error":["Error"]}',
      '{"$error":["AggregateError",0]}',
      '{"$error":["Object",0]}',
      '{"$error":["Error",0,1]}',
      '{"$error":["Error","7"]}',
    ],
    ...[
      '{"$array":[]}',
      '{"$array":[-1,[],[]]}',
      '{"$array":[1.5,[],[]]}',
      '{"$array":[4294967296,[],[]]}',
      '{"$array":[1,[[1,0]],[]]}',
      '{"$array":[1,[[-1,0]],[]]}',
      '{"$array":[1,[[0.5,0]],[]]}',
      '{"$array":[1,[],[["length",5]]]}',
      '{"$array":["1",[],[]]}',
    ],
    ...[
      '{"$bare":{}}',
      '{"$bare":[[1,2]]}',
      '{"$entries":[[null,1]]}',
      '{"$box":null}',
      '{"$box":{}}',
      '{"$box":{"$undefined":0}}',
      '{"$plain":5}',
      '{"$plain":null}',
      '{"$plain":[]}',
      '{"$text":5}',
    ],
    ...[
      '{"$ref":0}',
      '[{"$ref":1}]',
      '[{"$ref":-1}]',
      '[{"$ref":0.5}]',
      '[{"$ref":"0"}]',
      '[{"$ref":{"$bigint":"0"}}]',
    ],
  ])("%s is refused", async (text) => {
    const fault = await read(text).catch((thrown: unknown) => thrown);
    expect(fault).toMatchObject({ reason: "malformed" });
    // Found, not stumbled over.
    expect((fault as { cause: unknown }).cause).not.toBeInstanceOf(TypeError);
  });

  it("never changes a prototype", async () => {
    const value = (await read(
      '[{"__proto__":{"evil":1}},{"$bare":[["__proto__",{"evil":1}]]},{"$plain":{"__proto__":{"evil":1}}},{"$entries":[["__proto__",{"evil":1}]]},{"$array":[0,[],[["__proto__",{"evil":1}]]]}]',
    )) as readonly object[];
    expect(value.map((part) => Object.getPrototypeOf(part) as unknown)).toEqual([
      Object.prototype,
      null,
      Object.prototype,
      Object.prototype,
      Array.prototype,
    ]);
    for (const part of value) expect(Object.hasOwn(part, "__proto__")).toBe(true);
    expect("evil" in {}).toBe(false);
  });

  it("an array of any length takes memory for what is there only", async () => {
    const array = (await read('{"$array":[4294967295,[[4294967294,1]],[]]}')) as unknown[];
    expect(array.length).toBe(4_294_967_295);
    expect(Object.keys(array)).toEqual(["4294967294"]);
    const many = (await read(`[${Array(200).fill('{"$array":[30000000,[],[]]}').join(",")}]`)) as unknown[][];
    expect(many.every(({ length }) => length === 30_000_000)).toBe(true);
  });
});
