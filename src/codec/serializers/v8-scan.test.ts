import { Buffer } from "node:buffer";
import { serialize } from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codecValue } from "../../../test/support/codec/codec-values.ts";
import { CodecFault } from "../codec-fault.ts";
import { DEFAULT_CODEC_LIMITS } from "../codec-limits.ts";
import { MAX_V8_HOLES, scanStructuredBytes } from "./v8-scan.ts";

function scan(bytes: Uint8Array, maxDepth: number = DEFAULT_CODEC_LIMITS.maxDepth): string {
  try {
    scanStructuredBytes(bytes, 0, { ...DEFAULT_CODEC_LIMITS, maxDepth });
    return "fine";
  } catch (error) {
    if (error instanceof CodecFault) return error.reason;
    throw error;
  }
}

/** A structured clone of version 15, from text whose characters are bytes. */
const clone = (text: string): Buffer => Buffer.concat([Buffer.of(0xff, 15), Buffer.from(text, "latin1")]);
const varint = (value: number): string =>
  value < 128 ? String.fromCharCode(value) : String.fromCharCode((value % 128) | 128) + varint(Math.floor(value / 128));

describe("a look through a structured clone", () => {
  it("passes whatever the platform writes, and nothing that is cut off", () => {
    const property = fc.property(codecValue, (value) => {
      const bytes = serialize(value);
      expect(scan(bytes)).toBe("fine");
      for (let length = 0; length < Math.min(bytes.length, 60); length += 1) {
        expect(scan(bytes.subarray(0, length))).not.toBe("fine");
      }
      expect(scan(Buffer.concat([bytes, Buffer.from("0")]))).toBe("malformed");
    });
    fc.assert(property, { numRuns: 200, seed: 7 });
  });

  it("knows the versions that all supported platforms write", () => {
    for (const [version, outcome] of [
      [12, "malformed"],
      [13, "malformed"],
      [14, "malformed"],
      [15, "fine"],
      [16, "newer-format"],
      [0, "malformed"],
    ] as const) {
      expect(scan(Buffer.from([0xff, version, 0x30])), String(version)).toBe(outcome);
    }
    expect(scan(Buffer.from([0xfe, 15, 0x30]))).toBe("malformed");
    expect(scan(Buffer.alloc(0))).toBe("malformed");
  });

  it("refuses every tag that needs help, and every one that nobody writes", () => {
    // Shared memory, WebAssembly, transfers, shared objects, verified counts, streams of the browser.
    for (let tag = 1; tag < 256; tag += 1) {
      const isKnown = "_0TFxyIU^NDn\"cSZzsRo;'AaBr\\".includes(String.fromCharCode(tag));
      const outcome = scan(Buffer.concat([Buffer.of(0xff, 15, tag), Buffer.alloc(40)]));
      if (!isKnown) expect(outcome, String(tag)).toBe("malformed");
    }
  });

  it.each([
    ["a text longer than its bytes", '"\x05ab'],
    ["a wide text longer than its bytes", "c\x04ab"],
    ["bytes longer than they are", "B\x05ab"],
    ["a view longer than its bytes", "\\\x02\x05ab"],
    ["a view of an unknown class", "\\\x0e\x01a"],
    ["an array longer than its bytes", "A\x0500"],
    ["an array of four thousand million", `A${varint(2 ** 32 - 1)}`],
    ["a bigint longer than its bytes", "Z\x10ab"],
    ["a number that does not end", "I\xff\xff\xff\xff\xff\x01"],
    ["an object that does not end", 'o"\x01a0'],
    ["a map that does not end", ";00"],
    ["a set that does not end", "'0"],
    ["an error that does not end", 'rm"\x01a'],
    ["an error with an unknown field", "rq."],
    ["an error whose message is no text", "rmI\x02."],
    ["a boxed text that is none", "sI\x02"],
    ["a regular expression that is none", "RI\x02\0"],
    ["a double of seven bytes", "N1234567"],
  ])("refuses %s", (_name, text) => {
    expect(scan(clone(text))).toBe("malformed");
  });

  it("counts levels through arrays, objects, maps, sets, causes and sparse arrays", () => {
    for (const [open, close] of [
      ["A\x01", "$\0\x01"],
      ['o"\x01a', "{\x01"],
      [";0", ":\x02"],
      ["'", ",\x01"],
      ["rc", "."],
      ["a\x05I\x02", "@\x01\x05"],
    ] as const) {
      expect(scan(clone(`${open.repeat(5)}0${close.repeat(5)}`), 5), open).toBe("fine");
      expect(scan(clone(`${open.repeat(6)}0${close.repeat(6)}`), 5), open).toBe("too-large");
    }
  });

  it("adds up the holes of all arrays, whose memory no byte pays for", () => {
    const holes = (count: number): string => `a${varint(count)}@\0${varint(count)}`;
    expect(scan(clone(holes(MAX_V8_HOLES)))).toBe("fine");
    expect(scan(clone(holes(MAX_V8_HOLES + 1)))).toBe("too-large");
    const half = holes(MAX_V8_HOLES / 2);
    expect(scan(clone(`A\x02${half}${half}$\0\x02`))).toBe("fine");
    expect(scan(clone(`A\x03${half}${half}${half}$\0\x03`))).toBe("too-large");
    expect(scan(clone(`A\x05-----$\0\x05`))).toBe("fine");
  });

  it("skips the padding that stands before wide texts", () => {
    expect(scan(clone("\0c\x02\0\xd8"))).toBe("fine");
    expect(scan(clone('o\0"\x01a\0\0"\x01b{\x01'))).toBe("fine");
  });
});
