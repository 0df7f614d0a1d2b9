import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../foundation/random-source.ts";
import { decodeLetter, encodeLetter, type LetterContent } from "./letter.ts";

const CONTENTS: readonly LetterContent[] = [
  { kind: "hello" },
  { kind: "here" },
  { kind: "bye" },
  { kind: "unknown" },
  { kind: "change", key: "a\ud800", version: 2 ** 52, previousHead: 1 },
  { kind: "change", key: "", version: undefined, previousHead: undefined },
  { kind: "tags", tags: ["a", "", "\udc00"], number: 5, previousNumber: undefined },
  { kind: "clear", path: "shop/eu", heads: [{ shard: 65_535, previousHead: undefined, version: 4 }] },
  { kind: "clear", path: "", heads: [] },
  { kind: "ack-ask", id: 7, key: "k", version: 8 },
  { kind: "ack", id: 7 },
  {
    kind: "dirty",
    shardCount: 64,
    shards: [
      { shard: 0, head: 2 ** 52 },
      { shard: 63, head: undefined },
    ],
  },
];

describe("letters between nodes", () => {
  it("come as they were sent", () => {
    for (const content of CONTENTS) {
      expect(decodeLetter(encodeLetter({ from: "node 1", content }))).toEqual({ from: "node 1", content });
    }
  });

  it("are unknown when they are cut off, too long, of another kind or another format", () => {
    for (const content of CONTENTS) {
      const whole = encodeLetter({ from: "n", content });
      const head = encodeLetter({ from: "n", content: { kind: "hello" } }).length;
      for (let length = head; length < whole.length; length += 1) {
        expect(decodeLetter(whole.subarray(0, length))).toEqual({ from: "n", content: { kind: "unknown" } });
      }
      const longer = decodeLetter(Buffer.concat([whole, Buffer.from([0])]));
      expect(longer).toEqual({ from: "n", content: { kind: "unknown" } });
      const later = Uint8Array.from(whole);
      later[0] = 2;
      expect(decodeLetter(later)).toEqual({ from: "n", content: { kind: "unknown" } });
      const strange = Uint8Array.from(whole);
      strange[1] = 200;
      expect(decodeLetter(strange)?.content).toEqual({ kind: "unknown" });
    }
  });

  it("are nobody's when they do not say whose they are", () => {
    const letter = encodeLetter({ from: "node", content: { kind: "bye" } });
    for (let length = 0; length < letter.length; length += 1) {
      expect(decodeLetter(letter.subarray(0, length))).toBe(undefined);
    }
    expect(decodeLetter(encodeLetter({ from: "", content: { kind: "bye" } }))).toBe(undefined);
  });

  it("hold no number that a version cannot be", () => {
    for (const id of [-1, 0.5, 2 ** 53, Number.POSITIVE_INFINITY, Number.NaN]) {
      const letter = encodeLetter({ from: "n", content: { kind: "ack", id } });
      expect(decodeLetter(letter)?.content).toEqual({ kind: "unknown" });
    }
  });

  it("throw for no bytes, and take no memory for counts out of thin air", () => {
    const random = createSeededRandom(3);
    for (let round = 0; round < 2_000; round += 1) {
      const content = CONTENTS[round % CONTENTS.length] as LetterContent;
      const bytes = Uint8Array.from(encodeLetter({ from: "n", content }));
      for (let flip = 0; flip < 3; flip += 1)
        bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256);
      decodeLetter(bytes);
    }
  });
});
