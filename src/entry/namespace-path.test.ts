import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fromStoredKey,
  isWithinNamespace,
  joinNamespace,
  namespaceOf,
  storedPrefix,
  toStoredKey,
} from "./namespace-path.ts";

const names = fc.array(
  fc.oneof(fc.constantFrom("a", "b", "@", ":", "/", "%", "a/b", "a:b", "%2F"), fc.string({ minLength: 1 })),
  { maxLength: 3 },
);
const keys = fc.oneof(fc.constantFrom("@", "@:", "@a:k", ":", "/"), fc.string({ minLength: 1 }));

function pathOf(parts: readonly string[]): string {
  return parts.reduce((path, name) => joinNamespace(path, name), "");
}

describe("stored keys", () => {
  it("are drawn as documented", () => {
    expect(toStoredKey("", "user:1")).toBe("user:1");
    expect(toStoredKey("", "@x")).toBe("@:@x");
    expect(toStoredKey(storedPrefix("shop"), "user:1")).toBe("@shop:user:1");
    expect(toStoredKey(storedPrefix("shop/eu"), "1")).toBe("@shop/eu:1");
  });

  it("read back the view and the key they were made of", () => {
    fc.assert(
      fc.property(names, keys, (parts, key) => {
        const path = pathOf(parts);
        const stored = toStoredKey(storedPrefix(path), key);
        expect(namespaceOf(stored)).toBe(path);
        expect(fromStoredKey(stored)).toBe(key);
      }),
    );
  });

  it("never meet unless view and key are the same", () => {
    fc.assert(
      fc.property(names, keys, names, keys, (partsA, keyA, partsB, keyB) => {
        const isSame = JSON.stringify(partsA) === JSON.stringify(partsB) && keyA === keyB;
        const a = toStoredKey(storedPrefix(pathOf(partsA)), keyA);
        const b = toStoredKey(storedPrefix(pathOf(partsB)), keyB);
        expect(a === b).toBe(isSame);
      }),
    );
  });

  it("know which namespaces lie inside which", () => {
    expect(isWithinNamespace("a/b", "a")).toBe(true);
    expect(isWithinNamespace("ab", "a")).toBe(false);
    expect(isWithinNamespace("a", "a/b")).toBe(false);
    expect(isWithinNamespace("a", "")).toBe(true);
  });
});
