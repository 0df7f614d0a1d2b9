import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { estimateValueBytes } from "./value-estimate.ts";

const boom = (): never => {
  throw new Error("code of the value ran");
};
const getter = { get: boom, enumerable: true };

/** Answers every question with an error. */
function trap(target: object): object {
  const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, boom]));
  return new Proxy(target, traps as ProxyHandler<object>);
}

function wide(value: unknown): unknown[] {
  return Array.from({ length: 3_000 }, () => ({ value }));
}

class Hostile extends Map<string, string> {
  override get size(): number {
    return boom();
  }
  override keys(): never {
    return boom();
  }
  override values(): never {
    return boom();
  }
  override [Symbol.iterator](): never {
    return boom();
  }
  override get [Symbol.toStringTag](): string {
    return boom();
  }
}

class HostileSet extends Set<string> {
  override values(): never {
    return boom();
  }
  override get size(): number {
    return boom();
  }
}

const revoked = Proxy.revocable([], {});
revoked.revoke();

const VALUES: ReadonlyArray<readonly [name: string, value: object]> = [
  ["an object with a getter", Object.defineProperty({ a: 1 }, "b", getter)],
  ["an object without a prototype that has a getter", Object.defineProperty(Object.create(null), "b", getter)],
  ["a class instance with a getter of its own", Object.defineProperty(new (class A {})(), "b", getter)],
  [
    "a class with a getter",
    new (class B {
      get b(): never {
        return boom();
      }
    })(),
  ],
  ["an array with a getter", Object.defineProperty([1, 2, 3], "1", getter)],
  ["a long array with a getter", Object.defineProperty(new Array(2_000).fill(0), "0", getter)],
  ["an array of a class with a getter", Object.defineProperty(new (class C extends Array<number> {})(3), "1", getter)],
  ["a proxy", trap({})],
  ["a proxy of an array", trap([])],
  ["a revoked proxy", revoked.proxy],
  ["an object whose prototype is a proxy", Object.create(trap({}), { a: { value: 1, enumerable: true } })],
  ["an array whose prototype is a proxy", Object.setPrototypeOf([1, undefined, 3], trap({})) as object],
  ["a map that lies", new Hostile()],
  ["a set that lies", new HostileSet()],
  [
    "a typed array that lies",
    Object.defineProperties(new Uint8Array(100), { buffer: getter, byteLength: getter, x: getter }),
  ],
  [
    "a small typed array that lies",
    Object.defineProperties(new Uint8Array(10), { buffer: getter, byteOffset: getter }),
  ],
  ["an array buffer that lies", Object.defineProperty(new ArrayBuffer(100), "byteLength", getter)],
  ["a pattern that lies", Object.defineProperty(/a/, "source", getter)],
  ["a date that lies", Object.defineProperty(new Date(0), "getTime", getter)],
  ["an error that lies", Object.defineProperties(new Error("a"), { message: getter, cause: getter })],
  ["a boxed text that lies", Object.defineProperty(Object("a"), "valueOf", getter)],
  ["an object that tells its tag", Object.defineProperty({}, Symbol.toStringTag, getter)],
];

describe("weighing runs no code of a value", () => {
  it.each(VALUES)("%s", (_name, value) => {
    for (const each of [value, [value], { value }, new Map([[value, value]]), new Set([value]), wide(value)]) {
      const bytes = estimateValueBytes(each);
      expect(Number.isSafeInteger(bytes)).toBe(true);
      expect(bytes).toBeGreaterThan(0);
      expect(estimateValueBytes(each)).toBe(bytes);
    }
  });

  it("counts what a lying map holds", () => {
    const map = new Hostile();
    Map.prototype.set.call(map, "key", "x".repeat(1_000));
    expect(estimateValueBytes(map)).toBeGreaterThan(1_016);
  });
});

describe("weighing values of other realms", () => {
  it.each([
    ["{ a: 1, b: 'x'.repeat(1000) }", 24 + 16 + 1_016],
    ["[1, 2, 'x'.repeat(1000)]", 48 + 24 + 1_016],
    ["new Map([[1, 2]])", 72 + 4 * 28],
    ["new Date(0)", 96],
    ["new Uint8Array(1000)", 1_192],
  ])("counts %s like one of its own", (source, bytes) => {
    expect(estimateValueBytes(runInNewContext(`(${source})`))).toBe(bytes);
  });

  it("counts a module, also one that has not run yet, without asking it", async () => {
    expect(estimateValueBytes(await import("./leaf-estimate.ts"))).toBeGreaterThan(0);
  });

  it("counts frozen objects like others", () => {
    expect(estimateValueBytes(Object.freeze({ a: 1, b: [1] }))).toBe(estimateValueBytes({ a: 1, b: [1] }));
  });

  it("keeps out what somebody gave all objects", () => {
    const before = estimateValueBytes({ a: 1 });
    Object.defineProperty(Object.prototype, "polluted", { ...getter, configurable: true });
    const after = estimateValueBytes({ a: 1 });
    delete (Object.prototype as { polluted?: unknown }).polluted;
    expect(after).toBe(before);
  });
});
