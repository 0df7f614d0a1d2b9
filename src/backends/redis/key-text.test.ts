import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeKeyText, encodeKeyText, globOfPrefix } from "./key-text.ts";

const anyText = fc
  .array(fc.oneof(fc.constantFrom("a", "é", "🦔", "\ud800", "\udc00", "\ufffd", "\0", "*"), fc.string()), {
    maxLength: 8,
  })
  .map((parts) => parts.join(""));

function bytesOf(text: string): Buffer {
  const encoded = encodeKeyText("", text);
  return typeof encoded === "string" ? Buffer.from(encoded) : encoded;
}

describe("the text of a key", () => {
  it("comes back from its bytes, whatever it is", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(decodeKeyText(bytesOf(text))).toBe(text);
      }),
    );
  });

  it("has bytes that no other text has", () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        expect(bytesOf(one).equals(bytesOf(other))).toBe(one === other);
      }),
    );
  });

  it("stays a text when it is proper Unicode", () => {
    expect(encodeKeyText("{gcx:07}:", "ação 🦔")).toBe("{gcx:07}:ação 🦔");
    expect(encodeKeyText("p", "\ud800")).toEqual(Buffer.from([0x70, 0xed, 0xa0, 0x80]));
  });
});

describe("the pattern of a prefix", () => {
  it("takes pattern characters literally", () => {
    expect(globOfPrefix("x[0-9]:", "a*?[b]\\^-c")).toBe("x[0-9]:a\\*\\?\\[b\\]\\\\\\^\\-c*");
  });

  it("leaves half a pair at the end out, since its other half would change the bytes", () => {
    expect(globOfPrefix("", "a\ud800")).toBe("a*");
    expect(globOfPrefix("", "a\udc00")).toEqual(Buffer.from("a\xed\xb0\x80*", "latin1"));
  });
});
