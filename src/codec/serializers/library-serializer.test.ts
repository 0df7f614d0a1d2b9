import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { openCodec } from "../../../test/support/codec/codec-settings.ts";
import { SerializationError, UnreadableValueError } from "../../foundation/errors.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { gobSerializer } from "./gob-serializer.ts";

describe("a serializer of the library's as an object", () => {
  it("is the library's own for the codec: its values are read without it", async () => {
    const codec = await openCodec({ serializer: gobSerializer() });
    const bytes = await codec.encode({ a: 1 }, "k");
    expect(bytes[2]).toBe(PAYLOAD_KINDS.gob);
    expect((await (await openCodec()).decode(bytes, "k")).value).toEqual({ a: 1 });
  });

  it("that a user copies is the user's own, with its name in front", async () => {
    const codec = await openCodec({ serializer: { ...gobSerializer() } });
    expect((await codec.encode({ a: 1 }, "k"))[2]).toBe(PAYLOAD_KINDS.custom);
  });

  it("works on its own, with the library's errors", () => {
    const gob = gobSerializer();
    expect(gob.decode(gob.encode({ a: [1, 2] }))).toEqual({ a: [1, 2] });
    expect(() => gob.encode({ a: () => 1 })).toThrow(SerializationError);
    expect(() => gob.encode({ a: [() => 1] })).toThrow(expect.objectContaining({ path: "$.a[0]" }));
    expect(() => gob.decode(Buffer.from("no gob"))).toThrow(UnreadableValueError);
    expect(() => gob.decode(Buffer.from("no gob"))).toThrow(expect.objectContaining({ reason: "malformed" }));
  });

  it("keeps nothing of the bytes that it is given", () => {
    const gob = gobSerializer();
    const bytes = Buffer.from(gob.encode([Buffer.from("bytes")]));
    const value = gob.decode(bytes);
    bytes.fill(0);
    expect(value).toEqual([Buffer.from("bytes")]);
  });
});
