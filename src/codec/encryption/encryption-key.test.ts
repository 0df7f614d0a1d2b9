import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encryptionKeyId, keyRingProblem, parseEncryptionKey } from "./encryption-key.ts";

const keyOf = (name: string): Uint8Array => createHash("sha256").update(name).digest();
const [a, b] = [keyOf("a"), keyOf("b")];
const text = Buffer.from(a).toString("base64");

describe("parseEncryptionKey", () => {
  it("reads 32 bytes in base64 and base64url, padded or not", () => {
    for (let round = 0; round < 200; round += 1) {
      const key = Buffer.from(keyOf(`key ${round}`));
      const url = key.toString("base64url");
      for (const form of [key.toString("base64"), key.toString("base64").slice(0, -1), url, `${url}=`]) {
        expect(Buffer.from(parseEncryptionKey(form) ?? [])).toEqual(key);
      }
    }
  });

  it("refuses every other text", () => {
    const mixed = `+_${text.slice(2)}`;
    const others = ["", "secret", text.slice(1), `${text}=`, `A${text}`, ` ${text}`, `${text}\n`, mixed, a.join("")];
    for (const other of [...others, Buffer.from(a).toString("hex"), `${text.slice(0, -3)}?${text.slice(-2)}`]) {
      expect(parseEncryptionKey(other), other).toBeUndefined();
    }
  });

  it("refuses bits behind the last byte, which decode to the same key", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const spellings = [...alphabet].map((last) => `${text.slice(0, 42)}${last}=`);
    const read = spellings.map((spelling) => parseEncryptionKey(spelling)).filter((key) => key !== undefined);
    expect(read).toHaveLength(16);
    expect(new Set(read.map((key) => Buffer.from(key).toString("hex"))).size).toBe(16);
  });
});

describe("encryptionKeyId", () => {
  it("follows from the key alone, for ever", () => {
    expect(encryptionKeyId(Buffer.alloc(32, 1)).toString("hex")).toBe("77bd0c7d");
    expect(encryptionKeyId(a)).toEqual(encryptionKeyId(new Uint8Array(a)));
    expect(encryptionKeyId(a)).not.toEqual(encryptionKeyId(b));
  });
});

describe("keyRingProblem", () => {
  it("is none for random keys", () => {
    expect(keyRingProblem([a])).toBeUndefined();
    expect(keyRingProblem([a, b])).toBeUndefined();
  });

  it("is a ring without a key", () => {
    expect(keyRingProblem([])).toContain("no encryption key");
  });

  it("is a key of another length or kind, named by its place", () => {
    expect(keyRingProblem([a, b.subarray(1)])).toBe("encryption key 2 of 2 has 31 bytes; a key of AES-256 has 32");
    expect(keyRingProblem([Buffer.alloc(16, a), b])).toContain("key 1 of 2 has 16 bytes");
    expect(keyRingProblem([Buffer.concat([a, b])])).toContain("64 bytes");
    expect(keyRingProblem([text as unknown as Uint8Array])).toContain("not a Uint8Array");
    expect(keyRingProblem([undefined as unknown as Uint8Array])).toContain("not a Uint8Array");
  });

  it("is a placeholder that somebody forgot", () => {
    const counting = Uint8Array.from({ length: 32 }, (_, index) => index + 250);
    for (const key of [new Uint8Array(32), Buffer.alloc(32, "x"), counting, counting.toReversed()]) {
      expect(keyRingProblem([a, key])).toContain("key 2 of 2 is a placeholder");
    }
    const almost = Buffer.alloc(32, "x");
    almost[31] = 1;
    expect(keyRingProblem([almost])).toBeUndefined();
  });

  it("is the same key twice", () => {
    expect(keyRingProblem([a, b, new Uint8Array(a)])).toBe("encryption keys 1 and 3 of 3 are the same");
  });

  it("is two keys with the same id", () => {
    const [first, second] = keysOfOneId();
    expect(encryptionKeyId(first)).toEqual(encryptionKeyId(second));
    expect(keyRingProblem([first, b, second])).toContain("keys 1 and 3 of 3 are told apart by nothing");
  });

  it("never holds a part of a key", () => {
    const problems = [keyRingProblem([a, a]), keyRingProblem([a.subarray(1)]), keyRingProblem(keysOfOneId())];
    for (const problem of problems) {
      for (const form of ["hex", "base64"] as const)
        expect(problem).not.toContain(Buffer.from(a).toString(form).slice(0, 6));
    }
  });
});

/** Found by trying 63,137 keys: of so many, two have equal ids as often as not. */
function keysOfOneId(): [Uint8Array, Uint8Array] {
  return [keyOf("collision 42637"), keyOf("collision 63136")];
}
