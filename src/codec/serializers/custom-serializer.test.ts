import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { openCodec } from "../../../test/support/codec/codec-settings.ts";
import { faultOf } from "../../../test/support/compression/fault-of.ts";
import { SerializationError } from "../../foundation/errors.ts";
import type { CustomSerializer } from "./custom-serializer.ts";

const json: CustomSerializer = {
  name: "mine",
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
};

async function refusal(serializer: CustomSerializer, value: unknown): Promise<SerializationError> {
  const codec = await openCodec({ serializer });
  const error = await Promise.resolve()
    .then(() => codec.encode(value, "k"))
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SerializationError);
  return error as SerializationError;
}

describe("a serializer of the user's", () => {
  it("writes everything but texts, bytes and integers, which do not come to it", async () => {
    const met: unknown[] = [];
    const serializer: CustomSerializer = {
      ...json,
      encode: (value) => {
        met.push(value);
        return json.encode(value);
      },
    };
    const codec = await openCodec({ serializer });
    const values = ["text", 5, 2n ** 60n, Buffer.from("b"), Uint8Array.of(1), { a: 1 }, [], true, null, 0.5, -0];
    for (const value of values)
      expect((await codec.decode(await codec.encode(value, "k"), "k")).value).toEqual(value === 0 ? 0 : value);
    expect(met).toEqual([{ a: 1 }, [], true, null, 0.5, -0]);
  });

  it("that throws refuses the value, and what it threw is the cause", async () => {
    const cause = new Error("no such type");
    const serializer: CustomSerializer = {
      ...json,
      encode: () => {
        throw cause;
      },
    };
    const error = await refusal(serializer, {});
    expect(error.cause).toBe(cause);
    expect(error.message).toContain('"mine"');
    expect(error.path).toBe("$");
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["a text", "text"],
    ["a promise", Promise.resolve(Uint8Array.of(1))],
    ["numbers", [1, 2]],
    ["an ArrayBuffer", new ArrayBuffer(2)],
    ["other views", new Uint16Array(2)],
  ])("that gives %s instead of bytes is refused by name", async (_name, nonsense) => {
    const error = await refusal({ ...json, encode: () => nonsense as Uint8Array }, {});
    expect(error.message).toContain('something other than bytes from the encode() of the serializer "mine"');
  });

  it("whose decode throws, or gives nothing, makes the value unreadable", async () => {
    const bytes = await (await openCodec({ serializer: json })).encode({ a: 1 }, "k");
    const cause = new Error("cannot read");
    const throwing = await openCodec({
      serializer: {
        ...json,
        decode: () => {
          throw cause;
        },
      },
    });
    expect(await faultOf(() => throwing.decode(bytes, "k"))).toMatchObject({ reason: "malformed", cause });
    const nothing = await openCodec({ serializer: { ...json, decode: () => undefined } });
    expect(await faultOf(() => nothing.decode(bytes, "k"))).toMatchObject({ reason: "malformed" });
  });

  it("reads only what one of its name wrote", async () => {
    const bytes = await (await openCodec({ serializer: json })).encode({ a: 1 }, "k");
    for (const name of ["min", "mine2", "Mine", undefined]) {
      const other = await openCodec({ serializer: { ...json, name } });
      expect((await faultOf(() => other.decode(bytes, "k"))).reason).toBe("unknown-serializer");
    }
    const { name: _name, ...nameless } = json;
    const custom = await openCodec({ serializer: nameless });
    const named = await openCodec({ serializer: { ...json, name: "custom" } });
    expect((await named.decode(await custom.encode({ a: 1 }, "k"), "k")).value).toEqual({ a: 1 });
  });

  it("may keep the bytes that it is given, and have those that it gave changed", async () => {
    const given = Buffer.from('{"a":1}');
    const kept: Uint8Array[] = [];
    const serializer: CustomSerializer = {
      encode: () => given,
      decode: (bytes) => {
        kept.push(bytes);
        return json.decode(bytes);
      },
    };
    const codec = await openCodec({ serializer });
    const bytes = Buffer.from(await codec.encode({}, "k"));
    await codec.decode(bytes, "k");
    bytes.fill(0);
    expect(Buffer.from(kept[0] as Uint8Array).toString()).toBe('{"a":1}');
    kept[0]?.fill(0);
    expect(given.toString()).toBe('{"a":1}');
    expect(kept[0]?.constructor).toBe(Uint8Array);
  });

  it("reads what the library's own serializers wrote, and they do not read its values", async () => {
    const custom = await openCodec({ serializer: json });
    for (const serializer of ["json", "msgpack", "v8", "gob"] as const) {
      const codec = await openCodec({ serializer });
      expect((await custom.decode(await codec.encode({ a: 1 }, "k"), "k")).value).toEqual({ a: 1 });
      expect((await faultOf(async () => codec.decode(await custom.encode({ a: 1 }, "k"), "k"))).reason).toBe(
        "unknown-serializer",
      );
    }
  });
});
