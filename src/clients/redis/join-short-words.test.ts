import { describe, expect, it } from "vitest";
import { joinShortWords } from "./join-short-words.ts";

/** What the library writes for a word. */
const bytesOf = (word: string | Buffer): string => Buffer.from(word as string).toString("hex");

describe("the words of a command", () => {
  it("are texts where they are short and ASCII, and the same bytes whatever they are", () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => Buffer.from([byte]));
    const words = [
      "SET",
      "ключ",
      Buffer.from('{"a":1}\r\n\0'),
      Buffer.alloc(0),
      Buffer.alloc(512, "a"),
      Buffer.alloc(513, "a"),
      ...bytes,
    ];
    const joined = joinShortWords(words);
    expect(joined.map(bytesOf)).toEqual(words.map(bytesOf));
    expect(joined.slice(0, 6).map((word) => typeof word)).toEqual([
      "string",
      "string",
      "string",
      "string",
      "string",
      "object",
    ]);
    expect(joined.slice(6).filter((word) => typeof word === "string")).toHaveLength(128);
  });

  it("are left as they are, in the caller's array too, when there is nothing to join", () => {
    const words = ["SET", "key", Buffer.from([0xff]), "PX", "1"];
    expect(joinShortWords(words)).toBe(words);
    const value = Buffer.from("text");
    const own = Object.freeze(["SET", "key", value]);
    expect(joinShortWords(own)).toEqual(["SET", "key", "text"]);
    expect(own[2]).toBe(value);
  });

  it("are left as they are from the first bytes on that are not ASCII", () => {
    for (const text of ["é", "été", "abéabcdefgh", "abcdefghéab"]) {
      const words = [Buffer.from("a"), Buffer.from(text), Buffer.from("b")];
      expect(joinShortWords(words)).toEqual(["a", words[1], words[2]]);
    }
  });

  it("are passed over where they are no words, which the library refuses", () => {
    const words = ["ECHO", 7 as unknown as string, new Uint8Array([65]) as unknown as Buffer];
    expect(joinShortWords(words)).toBe(words);
  });
});
