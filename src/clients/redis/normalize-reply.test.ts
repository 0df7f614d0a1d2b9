import { describe, expect, it } from "vitest";
import { normalizeReply } from "./normalize-reply.ts";
import { RedisServerError } from "./redis-reply.ts";

class LibraryError extends Error {}

describe("a reply", () => {
  it("stays as it is when it is bytes or nothing", () => {
    const bytes = Buffer.from([0, 255]);
    expect(normalizeReply(bytes)).toBe(bytes);
    expect(normalizeReply(null)).toBeNull();
  });

  it.each([
    ["0", 0],
    ["-1", -1],
    ["+7", 7],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["9007199254740992", 9_007_199_254_740_992n],
    ["-9223372036854775808", -(2n ** 63n)],
  ])("that is the integer %s is exact", (text, expected) => expect(normalizeReply(text)).toBe(expected));

  it("has errors and integers of the same kinds inside lists", () => {
    const reply = normalizeReply([Buffer.from("a"), "5", [null, new LibraryError("WRONGTYPE no")]], LibraryError);
    expect(reply).toEqual([Buffer.from("a"), 5, [null, expect.any(RedisServerError)]]);
    expect((reply as RedisServerError[][])[2]?.[1]).toMatchObject({ prefix: "WRONGTYPE" });
  });

  it.each([["4x2"], [""], ["99999999999999999999"], [1.5], [Number.NaN], [2 ** 60], [undefined], [{}], [true]])(
    "is none when it is %j",
    (value) => expect(() => normalizeReply(value, LibraryError)).toThrow(TypeError),
  );
});
