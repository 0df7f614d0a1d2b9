import { Buffer } from "node:buffer";
import { serialize } from "node:v8";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { openCodec } from "../../test/support/codec/codec-settings.ts";
import { strictDifference } from "../../test/support/codec/strict-difference.ts";
import { faultOf } from "../../test/support/compression/fault-of.ts";
import { SerializationError } from "../foundation/errors.ts";
import { encodeGob } from "./gob/encode-gob.ts";

const hasEnvelope = false;
const packr = new Packr({ useRecords: false, variableMapSize: true });
const values = [{ a: 1, b: ["é", null, true, 0.5] }, ["x"], "text", "", "5", true, null, 0.5, { "": {} }];

describe("without an envelope", () => {
  it("json is JSON.stringify and nothing else, both ways", async () => {
    const codec = await openCodec({ hasEnvelope });
    for (const value of [...values, 0, -7, 2 ** 53 - 1]) {
      const bytes = await codec.encode(value, "k");
      expect(Buffer.from(bytes).toString()).toBe(JSON.stringify(value));
      expect(strictDifference(value, (await codec.decode(bytes, "k")).value)).toBe(undefined);
    }
    expect((await codec.decode(Buffer.from(' { "a" : 1.0 } '), "k")).value).toEqual({ a: 1 });
  });

  it("msgpack is msgpackr's, without room in front", async () => {
    const codec = await openCodec({ hasEnvelope, serializer: "msgpack" });
    for (const value of values) {
      const bytes = await codec.encode(value, "k");
      expect(Buffer.from(bytes).equals(packr.pack(value))).toBe(true);
      expect(strictDifference(value, (await codec.decode(bytes, "k")).value)).toBe(undefined);
    }
    const bytes = Buffer.from([1, 2]);
    expect([...(await codec.encode(bytes, "k"))]).toEqual([0xc4, 2, 1, 2]);
    expect((await codec.decode(Buffer.from([0xc4, 2, 1, 2]), "k")).value).toEqual(bytes);
  });

  it("v8 is the platform's structured clone", async () => {
    const codec = await openCodec({ hasEnvelope, serializer: "v8" });
    for (const value of [...values, new Date(0), new Map([[1, 2n]])]) {
      const bytes = await codec.encode(value, "k");
      expect(Buffer.from(bytes).equals(serialize(value))).toBe(true);
      expect(strictDifference(value, (await codec.decode(bytes, "k")).value)).toBe(undefined);
    }
  });

  it("gob is a gob", async () => {
    const codec = await openCodec({ hasEnvelope, serializer: "gob" });
    for (const value of [{ a: 1 }, "text", [1, 2], new Date(0)]) {
      const bytes = await codec.encode(value, "k");
      expect(Buffer.from(bytes).equals(encodeGob(value))).toBe(true);
      expect(strictDifference(value, (await codec.decode(bytes, "k")).value)).toBe(undefined);
    }
  });

  it("what needs tags is refused, since nothing would say how to read it", async () => {
    for (const serializer of ["json", "msgpack"] as const) {
      const codec = await openCodec({ hasEnvelope, serializer });
      const shared = {};
      for (const [value, path] of [
        [new Date(0), "$"],
        [[undefined], "$[0]"],
        [{ a: new Map() }, "$.a"],
        [{ $date: new Set() }, "$.$date"],
        [-0, "$"],
        [5n, "$"],
        [[shared, shared], "$[1]"],
      ] as const) {
        const error = await Promise.resolve()
          .then(() => codec.encode(value, "k"))
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(SerializationError);
        expect(error).toMatchObject({ path, message: expect.stringContaining("the format has not") });
      }
    }
  });

  it("what looks like a tag is plain data of other programs, and read as it is", async () => {
    const codec = await openCodec({ hasEnvelope });
    for (const text of ['{"$date":5}', '{"$ref":0}', '{"$undefined":0}', '{"__proto__":{"a":1}}']) {
      const { value } = await codec.decode(Buffer.from(text), "k");
      expect(JSON.stringify(value)).toBe(text);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }
  });

  it("metadata is not written: there is no place for it", async () => {
    const codec = await openCodec({ hasEnvelope });
    expect(Buffer.from(await codec.encode("a", "k", { version: 1 })).toString()).toBe('"a"');
    expect((await codec.decode(Buffer.from('"a"'), "k")).metadata).toBe(undefined);
  });

  it("bytes that the serializer cannot read are foreign, whatever it makes of them", async () => {
    const envelope = await (await openCodec()).encode({ a: 1 }, "k");
    for (const serializer of ["json", "msgpack", "v8", "gob"] as const) {
      const codec = await openCodec({ hasEnvelope, serializer });
      for (const bytes of [Buffer.alloc(0), Buffer.from([0xc1]), Buffer.from("{]"), envelope]) {
        expect((await faultOf(() => codec.decode(bytes, "k"))).reason).toBe("foreign");
      }
    }
  });

  it("no value is no value", async () => {
    const codec = await openCodec({ hasEnvelope, serializer: "v8" });
    expect(await faultOf(() => codec.decode(serialize(undefined), "k"))).toMatchObject({ reason: "foreign" });
  });

  it("the largest size holds for what is written and what is read", async () => {
    const codec = await openCodec({ hasEnvelope, maxValueBytes: 20 });
    const fits = "x".repeat(18);
    expect((await codec.decode(await codec.encode(fits, "k"), "k")).value).toBe(fits);
    await expect(Promise.resolve().then(() => codec.encode(`${fits}x`, "k"))).rejects.toThrow("20 bytes");
    expect((await faultOf(() => codec.decode(Buffer.from(`"${fits}x"`), "k"))).reason).toBe("too-large");
  });

  it("the store's bytes are left as they are, nothing hung on them", async () => {
    for (const serializer of ["json", "msgpack", "v8", "gob"] as const) {
      for (const isWrapped of [true, false]) {
        const codec = await openCodec({ hasEnvelope: isWrapped, serializer });
        const bytes = new Uint8Array(await codec.encode({ a: "text" }, "k"));
        const was = Buffer.from(bytes);
        expect((await codec.decode(bytes, "k")).value).toEqual({ a: "text" });
        expect(was.equals(bytes)).toBe(true);
        expect(Reflect.ownKeys(bytes)).toHaveLength(bytes.length);
      }
    }
  });

  it("what is read shares no memory with the bytes", async () => {
    for (const serializer of ["msgpack", "v8", "gob"] as const) {
      const codec = await openCodec({ hasEnvelope, serializer });
      const value = [Buffer.from("bytes"), Buffer.from("more")];
      const bytes = Buffer.from(await codec.encode(value, "k"));
      const { value: back } = await codec.decode(bytes, "k");
      bytes.fill(0);
      expect(back).toEqual(value);
    }
  });
});
