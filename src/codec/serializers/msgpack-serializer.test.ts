import { Buffer } from "node:buffer";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { openCodec } from "../../../test/support/codec/codec-settings.ts";
import { sealPayload } from "../../../test/support/codec/seal-payload.ts";
import { strictDifference } from "../../../test/support/codec/strict-difference.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";

const codec = await openCodec({ serializer: "msgpack" });
const plain = new Packr({ useRecords: false, variableMapSize: true });

const hexOf = async (value: unknown): Promise<string> => Buffer.from(await codec.encode(value, "k")).toString("hex", 8);
const kindOf = async (value: unknown): Promise<number> => (await codec.encode(value, "k"))[2] as number;
const read = async (kind: number, hex: string): Promise<unknown> =>
  (await codec.decode(sealPayload(kind, Buffer.from(hex, "hex")), "k")).value;

describe("msgpack", () => {
  it("is of maps and arrays that any client reads, without records", async () => {
    for (const value of [
      { a: 1, b: ["é", null, true, 0.5, 2 ** 40, -1] },
      [],
      [{ a: 1 }, { a: 2 }, { a: 3 }],
      null,
      0.1,
    ]) {
      expect(await kindOf(value)).toBe(PAYLOAD_KINDS.msgpack);
      expect(await hexOf(value)).toBe(plain.pack(value).toString("hex"));
    }
  });

  it("holds bytes as they are, and infinities and NaN without tags", async () => {
    expect(await hexOf([Buffer.from([1, 2])])).toBe("91c4020102");
    expect(await kindOf([Buffer.from([1, 2]), Number.NaN])).toBe(PAYLOAD_KINDS.msgpack);
    for (const value of [[Buffer.from([1, 2])], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]]) {
      const { value: back } = await codec.decode(await codec.encode(value, "k"), "k");
      expect(strictDifference(value, back)).toBe(undefined);
    }
  });

  it.each<readonly [string, unknown, string]>([
    ["other bytes", [Uint8Array.of(1)], `9181a6${hex("$bytes")}92aa${hex("Uint8Array")}c40101`],
    ["-0", [-0], `9181a7${hex("$number")}a2${hex("-0")}`],
    ["a text with a lone surrogate", ["\ud800"], `9181a5${hex("$text")}c40200d8`],
    [
      "a name that msgpackr leaves out",
      JSON.parse('{"__proto__":1}'),
      `81a8${hex("$entries")}9192a9${hex("__proto__")}01`,
    ],
  ])("%s has a tag", async (_name, value, bytes) => {
    expect(await hexOf(value)).toBe(bytes);
    expect(await kindOf(value)).toBe(PAYLOAD_KINDS.taggedMsgpack);
    const { value: back } = await codec.decode(await codec.encode(value, "k"), "k");
    expect(strictDifference(value, back)).toBe(undefined);
  });

  it("needs no escape of what looks like a tag where nothing else needs tags", async () => {
    expect(await kindOf([{ $date: 1 }])).toBe(PAYLOAD_KINDS.msgpack);
    expect(await kindOf([{ $date: 1 }, 1n])).toBe(PAYLOAD_KINDS.taggedMsgpack);
  });

  it("of other programs is read: integers of 64 bits, floats of 32, timestamps, undefined", async () => {
    const { msgpack } = PAYLOAD_KINDS;
    expect(await read(msgpack, "cf0000000000000005")).toBe(5);
    expect(await read(msgpack, "cf0020000000000001")).toBe(2n ** 53n + 1n);
    expect(await read(msgpack, "cfffffffffffffffff")).toBe(2n ** 64n - 1n);
    expect(await read(msgpack, "d38000000000000000")).toBe(-(2n ** 63n));
    expect(await read(msgpack, "ca3fc00000")).toBe(1.5);
    expect(await read(msgpack, "d6ff00000001")).toEqual(new Date(1_000));
    expect(await read(msgpack, "91d40000")).toEqual([undefined]);
    expect(await read(msgpack, "8101a161")).toEqual({ 1: "a" });
  });

  it("of other programs runs none of msgpackr's extensions", async () => {
    for (const bytes of [
      "d472409161",
      "d6690000000105",
      "d67000000000",
      "c7016500",
      "c70178a0",
      "c7046201020304",
      "d57b0000",
      "c10000",
    ]) {
      await expect(read(PAYLOAD_KINDS.msgpack, bytes)).rejects.toMatchObject({ reason: "malformed" });
    }
  });

  it("what looks like a record of msgpackr is a number", async () => {
    expect(await read(PAYLOAD_KINDS.msgpack, "9240729200".slice(0, 6))).toEqual([0x40, 0x72]);
  });

  it("reads bytes into memory of their own", async () => {
    const bytes = sealPayload(
      PAYLOAD_KINDS.taggedMsgpack,
      Buffer.from(`92c4020102${"81a6"}${hex("$bytes")}92a6${hex("Buffer")}c40103`, "hex"),
    );
    const { value } = await codec.decode(bytes, "k");
    bytes.fill(0);
    expect(value).toEqual([Buffer.from([1, 2]), Buffer.from([3])]);
  });
});

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}
