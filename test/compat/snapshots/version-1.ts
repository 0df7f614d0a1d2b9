import { openSnapshotWorld, type SnapshotWorld } from "./snapshot-world.ts";

/** What `version-1.bin` holds: every kind of value, with the stored key. New kinds go to a file of their own. */
export function contentsOfVersion1(): ReadonlyMap<string, unknown> {
  const cyclic: Record<string, unknown> = { shared: ["x"] };
  cyclic["self"] = cyclic;
  cyclic["again"] = cyclic["shared"];
  const error = new RangeError("too far", { cause: { code: 7 } });
  error.stack = "RangeError: too far\n    at nowhere";
  const pattern = /a+b/gi;
  pattern.lastIndex = 4;
  return new Map<string, unknown>([
    ["numbers", [0, 1, 127, 128, -1, -0, 2 ** 31, 0.5, Number.NaN, Number.NEGATIVE_INFINITY]],
    ["bigints", [0n, 255n, -(2n ** 70n)]],
    ["texts", ["", "plain", "é", "語", "\ud800", "x".repeat(300), "語".repeat(300)]],
    ["plain", { null: null, undefined, true: true, false: false, nested: { a: [1, [2, [3]]] } }],
    ["bare", Object.assign(Object.create(null) as object, { a: 1 })],
    ["holes", Object.assign(new Array<unknown>(6), { 1: "a", 3: undefined })],
    ["named array", Object.assign([1, 2], { index: 3 })],
    ["map", new Map<unknown, unknown>([[{ k: 1 }, new Set([1, "two"])]])],
    ["dates", [new Date(0), new Date(1_767_225_600_123)]],
    ["pattern", pattern],
    ["error", error],
    ["boxed", [Object("s"), Object(1), Object(true), Object(5n)]],
    ["buffer", Buffer.from([0, 1, 254, 255])],
    ["array buffer", new Uint8Array([1, 2, 3]).buffer],
    [
      "views",
      [
        ...[Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array].map((View) => new View([1, 2])),
        ...[Uint32Array, Int32Array, Float32Array, Float64Array].map((View) => new View([1, 2])),
        ...[new BigInt64Array([-1n]), new BigUint64Array([1n]), new DataView(new Uint8Array([9, 8]).buffer)],
      ],
    ],
    ["cyclic", cyclic],
    ["@:@odd key", "escaped"],
    ["@shop:tagged", "with tags"],
    ["@shop/eu:ttl", "with a minute"],
  ]);
}

/** Fills a store with it and lets the half second pass. */
export function fillVersion1(world: SnapshotWorld): void {
  for (const [key, value] of contentsOfVersion1()) {
    world.set(key, value, {
      ...(key === "@shop/eu:ttl" ? { ttlMs: 60_000 } : {}),
      ...(key === "@shop:tagged" ? { tags: ["red", "blue"] } : {}),
    });
  }
  world.time.advance(500);
}

/** The bytes that this version writes for it. */
export async function writeVersion1(): Promise<Uint8Array> {
  const world = openSnapshotWorld();
  fillVersion1(world);
  return world.dump();
}
