import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { encodeRequestLine, OPAQUE_COUNT, requestLineBound } from "./encode-meta-request.ts";
import type { MetaRequest } from "./meta-message.ts";

const plain = (text: string): { text: string; isBase64: boolean } => ({ text, isBase64: false });

function encode(request: MetaRequest, opaque = 7, isQuiet = false): string {
  const bound = requestLineBound(request);
  const bytes = Buffer.alloc(bound + 5, "#");
  const end = encodeRequestLine(bytes, 5, request, opaque, isQuiet);
  expect(end).toBeLessThanOrEqual(bound + 5);
  return bytes.toString("utf8", 5, end);
}

describe("a request's line", () => {
  it.each([
    [{ kind: "get", key: plain("a"), flags: "v c" }, "mg a O7 v c\r\n"],
    [{ kind: "get", key: { text: "YWI=", isBase64: true }, flags: "" }, "mg YWI= O7 b\r\n"],
    [{ kind: "set", key: plain("a"), value: Buffer.alloc(1_234), flags: "T60" }, "ms a 1234 O7 T60\r\n"],
    [{ kind: "set", key: { text: "YQ==", isBase64: true }, value: Buffer.alloc(0), flags: "" }, "ms YQ== 0 O7 b\r\n"],
    [{ kind: "delete", key: plain("é✓😀"), flags: "I T30" }, "md é✓😀 O7 I T30\r\n"],
    [
      { kind: "arithmetic", key: plain("n"), flags: "N0 J1 D18446744073709551615 v" },
      "ma n O7 N0 J1 D18446744073709551615 v\r\n",
    ],
    [{ kind: "noop" }, "mn\r\n"],
  ] satisfies [MetaRequest, string][])("%j", (request, line) => {
    expect(encode(request)).toBe(line);
  });

  it("is quiet on demand, and counts up to the last opaque", () => {
    expect(encode({ kind: "get", key: plain("a"), flags: "v" }, 0, true)).toBe("mg a O0 q v\r\n");
    for (const opaque of [9, 10, 99, 100, 12_345, OPAQUE_COUNT - 1]) {
      expect(encode({ kind: "get", key: plain("a"), flags: "" }, opaque)).toBe(`mg a O${opaque}\r\n`);
    }
  });

  it.each([
    "",
    "a b",
    " ",
    "a\r\nmd b",
    "a\n",
    "a\0",
    "a\tb",
    "a\x7f",
    "é b",
    "é\r\n",
    "\ud800",
    "é\udc00",
    "k".repeat(251),
    "é".repeat(126),
    "✓".repeat(84),
  ])("refuses the key %j", (text) => {
    for (const isBase64 of [false, true]) {
      expect(() => encode({ kind: "get", key: { text, isBase64 }, flags: "v" })).toThrow(TypeError);
      expect(() => encode({ kind: "set", key: { text, isBase64 }, value: Buffer.alloc(1), flags: "" })).toThrow(
        TypeError,
      );
    }
  });

  it.each(["k".repeat(250), "é".repeat(125), "✓".repeat(83)])("takes a key of just up to 250 bytes", (text) => {
    expect(encode({ kind: "get", key: plain(text), flags: "" })).toBe(`mg ${text} O7\r\n`);
  });

  it.each([
    " ",
    "v ",
    " v",
    "v  c",
    "v\r\nmd a",
    "v\n",
    "q",
    "v q",
    "k",
    "b",
    "O5",
    "v O5",
    "v kx",
    "1",
    "v é",
    "v\0",
    "v\t",
    "x".repeat(1_025),
  ])("refuses the flags %j", (flags) => {
    expect(() => encode({ kind: "get", key: plain("a"), flags })).toThrow(TypeError);
  });

  it("is one line whatever the key and the flags, or nothing", () => {
    const random = createSeededRandom(11);
    const pick = (): string => String.fromCharCode(Math.floor(random.next() ** 3 * 0x3000));
    let taken = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const text = Array.from({ length: 1 + Math.floor(random.next() * 4) }, pick).join("");
      const flags =
        random.next() < 0.5 ? "v" : Array.from({ length: 1 + Math.floor(random.next() * 2) }, pick).join("");
      let line = "mg a O7\r\n";
      try {
        line = encode({ kind: "get", key: plain(text), flags });
        taken += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be in it
      expect(line).toMatch(/^mg [^\0- \x7f]+ O7[^\0-\x1f\x7f]*\r\n$/);
    }
    expect(taken).toBeGreaterThan(1_000);
  });
});
