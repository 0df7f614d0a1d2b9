import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { encodeRequestLine, requestLineBound } from "./encode-meta-request.ts";
import { encodeMemcachedKey } from "./memcached-key.ts";

const LONG_KEY = "/zuAWcY3k5pIO9x77vCfEbVmWBvm0U4lCDswQbd3F94C";
const LONG_SURROGATES = "/eJQdVId5DMa146tGxIfaQQmb4QCYJAiN2FK5TviEz9o";

/** The bytes that the server knows the key by: base64 is only how they are sent. */
function serverBytes(text: string): string {
  const key = encodeMemcachedKey(text);
  return Buffer.from(key.text, key.isBase64 ? "base64" : "utf8").toString("latin1");
}

function formOf(text: string): "plain" | "base64" {
  return encodeMemcachedKey(text).isBase64 ? "base64" : "plain";
}

describe("a key of Memcached", () => {
  it("is the text itself where that is safe", () => {
    for (const text of ["a", "user:1", "é✓😀", "~!@#$%^&*()", "k".repeat(250), "é".repeat(125), "O1", "YWI="]) {
      expect(encodeMemcachedKey(text)).toEqual({ text, isBase64: false });
    }
  });

  it("is base64 of the text where it has what cannot be sent", () => {
    for (const text of ["a b", "a\r\nmd b", "\0", "\x7f", "tab\t", " ", "é ✓", `${"k".repeat(185)} `]) {
      expect(formOf(text)).toBe("base64");
      expect(serverBytes(text)).toBe(Buffer.from(text).toString("latin1"));
    }
  });

  it("is a marked hash where it is too long", () => {
    for (const text of ["k".repeat(251), "é".repeat(126), `${"k".repeat(186)} `, "k".repeat(65_536)]) {
      expect(formOf(text)).toBe("base64");
      expect(serverBytes(text)).toHaveLength(33);
      expect(serverBytes(text)[0]).toBe("\xff");
    }
  });

  it("keeps texts apart that UTF-8 would make one", () => {
    const texts = [
      "\ud800",
      "\ud801",
      "\udc00",
      "\ufffd",
      "a\ud800",
      "a\ufffd",
      `${"x".repeat(300)}\ud800`,
      `${"x".repeat(300)}\ud801`,
      `${"x".repeat(300)}\ufffd`,
    ];
    expect(new Set(texts.map(serverBytes)).size).toBe(texts.length);
  });

  it("refuses the empty text", () => {
    expect(() => encodeMemcachedKey("")).toThrow(RangeError);
  });

  it("has fixed results, or what is stored could not be found again", () => {
    expect(encodeMemcachedKey("a b").text).toBe("YSBi");
    expect(encodeMemcachedKey("k".repeat(251)).text).toBe(LONG_KEY);
    expect(encodeMemcachedKey("\ud800").text).toBe("/gDY");
    expect(encodeMemcachedKey("\ud800".repeat(100)).text).toBe(LONG_SURROGATES);
  });

  it("never gives two texts the same bytes, and always what the encoder takes", () => {
    const random = createSeededRandom(3);
    const alphabet = ["a", " ", "\r", "\n", "\0", "é", "✓", "😀", "\ud800", "\udfff", "\ufffd", "\xff", "ÿ", "=", "/"];
    const seen = new Map<string, string>();
    for (let round = 0; round < 30_000; round += 1) {
      const length = random.next() < 0.8 ? 1 + Math.floor(random.next() * 4) : 90 + Math.floor(random.next() * 170);
      const unit = (): string => alphabet[Math.floor(random.next() * alphabet.length)] as string;
      // Long ones differ in one place, where forms change.
      const text = length < 10 ? Array.from({ length }, unit).join("") : `${unit()}${unit().repeat(length)}${unit()}`;
      const bytes = serverBytes(text);
      expect(bytes.length).toBeLessThanOrEqual(250);
      expect(seen.get(bytes) ?? text).toBe(text);
      seen.set(bytes, text);
      const request = { kind: "get", key: encodeMemcachedKey(text), flags: "v" } as const;
      encodeRequestLine(Buffer.alloc(requestLineBound(request)), 0, request, 1, false);
    }
  });

  it("cannot be made to look like another form's", () => {
    const long = "k".repeat(251);
    const { text } = encodeMemcachedKey(long);
    // The base64 text itself, the bytes it stands for, and the marks as characters.
    for (const forged of [
      text,
      Buffer.from(text, "base64").toString("latin1"),
      Buffer.from(text, "base64").toString("utf8"),
      `\xff${text}`,
    ]) {
      expect(serverBytes(forged)).not.toBe(serverBytes(long));
    }
  });
});
