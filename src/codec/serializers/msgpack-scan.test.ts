import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Packr, Unpackr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { CodecFault } from "../codec-fault.ts";
import { DEFAULT_CODEC_LIMITS } from "../codec-limits.ts";
import { scanMsgpack } from "./msgpack-scan.ts";

function scan(bytes: Uint8Array, maxDepth: number = DEFAULT_CODEC_LIMITS.maxDepth): string {
  try {
    scanMsgpack(bytes, 0, maxDepth, DEFAULT_CODEC_LIMITS);
    return "fine";
  } catch (error) {
    if (error instanceof CodecFault) return error.reason;
    throw error;
  }
}
const ofHex = (hex: string): string => scan(Buffer.from(hex, "hex"));

describe("a look through msgpack", () => {
  it("passes every form of every type of the specification", () => {
    for (const part of [
      ...["00", "7f", "80", "8f", "90", "a0", "c0", "c2", "c3", "ff", "e0"].filter((each) => each !== "8f"),
      ...["c400", "c40101", "c50000", "c5000101", "c600000000", "c60000000101"],
      ...["ca00000000", "cb0000000000000000", "cc01", "cd0101", "ce01010101", "cf0101010101010101"],
      ...["d001", "d10101", "d201010101", "d30101010101010101"],
      ...["a161", "d900", "d90161", "da0000", "da000161", "db00000000", "db0000000161"],
      ...[
        "9101",
        "dc0000",
        "dc000101",
        "dd00000000",
        "dd0000000101",
        "810101",
        "de0000",
        "de00010101",
        "df00000000",
        "df000000010101",
      ],
      ...["d40000", "d6ff00000000", "d7ff0000000000000000", "c70cff000000000000000000000000", "c7010000"],
    ]) {
      expect(ofHex(part), part).toBe("fine");
      expect(ofHex(`92${part}${part}`), part).toBe("fine");
    }
  });

  it("refuses each of them cut off anywhere", () => {
    for (const part of [
      "c40101",
      "c5000101",
      "c60000000101",
      "ca00000000",
      "cf0101010101010101",
      "a161",
      "da000161",
      "dc000101",
      "de00010101",
      "d7ff0000000000000000",
      "c70cff000000000000000000000000",
    ]) {
      for (let length = 0; length < part.length; length += 2)
        expect(ofHex(part.slice(0, length)), part).toBe("malformed");
    }
  });

  it.each([
    ["no value", ""],
    ["two values", "0101"],
    ["a tag that msgpack has not", "c1"],
    ["a text longer than its bytes", "bf61"],
    ["an array longer than its bytes", "ddffffffff01"],
    ["a map longer than its bytes", "dfffffffff0101"],
    ["a map without a value", "8101"],
    ["an array that would take 32 GB", "ddffffffff"],
    ["msgpackr's record", "d47240"],
    ["msgpackr's pointer", "d67000000001"],
    ["msgpackr's error", "c7016500"],
    ["undefined of another size", "d5000000"],
    ["a timestamp of another size", "d5ff0000"],
    ["an extension without a type", "c700"],
  ])("refuses %s", (_name, hex) => {
    expect(ofHex(hex)).toBe("malformed");
  });

  it("counts levels through arrays, maps, keys and values, also where the last part of each is the next", () => {
    for (const [open, leaf] of [
      ["91", "01"],
      ["9201", "01"],
      ["8101", "01"],
      ["dd00000001", "01"],
    ] as const) {
      expect(scan(Buffer.from(open.repeat(5) + leaf, "hex"), 5)).toBe("fine");
      expect(scan(Buffer.from(open.repeat(6) + leaf, "hex"), 5)).toBe("too-large");
    }
    expect(scan(Buffer.from(`${"81".repeat(5)}00${"01".repeat(5)}`, "hex"), 5)).toBe("fine");
    expect(scan(Buffer.from(`${"81".repeat(6)}00${"01".repeat(6)}`, "hex"), 5)).toBe("too-large");
    // Levels that ended do not count.
    expect(scan(Buffer.from(`dc0100${"9190".repeat(256)}`, "hex"), 3)).toBe("fine");
  });

  it("takes time in proportion to the bytes, whatever they say", () => {
    expect(scan(Buffer.alloc(2 ** 20, 0x91))).toBe("too-large");
    expect(scan(Buffer.alloc(2 ** 20, 0xdd))).toBe("malformed");
    expect(scan(Buffer.concat([Buffer.from("dd00100000", "hex"), Buffer.alloc(2 ** 20)]))).toBe("fine");
  });

  it("passes whatever msgpackr writes, and then msgpackr reads it", () => {
    const packr = new Packr({ useRecords: false, variableMapSize: true });
    const unpackr = new Unpackr({ useRecords: false, int64AsType: "auto" } as object);
    // msgpackr reads the name __proto__ as another one.
    const values = fc
      .jsonValue({ depthSize: "medium" })
      .filter((value) => !JSON.stringify(value).includes("__proto__"));
    const property = fc.property(values, (value) => {
      const bytes = packr.pack(value);
      expect(scan(bytes)).toBe("fine");
      for (let length = 0; length < bytes.length; length += 1)
        expect(scan(bytes.subarray(0, length))).toBe("malformed");
      expect(unpackr.unpack(bytes)).toEqual(value);
    });
    fc.assert(property, { numRuns: 100, seed: 7 });
  });
});
