import { describe, expect, it } from "vitest";
import { ConfigError } from "../foundation/errors.ts";
import { createPicker } from "./create-picker.ts";
import { jumpHash } from "./jump-picker.ts";
import { routingPart } from "./key-hash.ts";
import type { NodePicker, PickerNode, ShardingAlgorithm } from "./node-picker.ts";

const ALGORITHMS = ["consistent", "ketama", "rendezvous", "jump", "hash", "range"] as const;
const BY_NAME = ["consistent", "ketama", "rendezvous"] as const;

function nodes(count: number, from = 0): PickerNode[] {
  return Array.from({ length: count }, (_, index) => ({ name: `10.0.0.${from + index}:6379`, weight: 1 }));
}

function nameOf(picker: NodePicker, key: string): string {
  return (picker.nodes[picker.pick(key)] as PickerNode).name;
}

function sharesOf(picker: NodePicker, keyCount: number): number[] {
  const counts = picker.nodes.map(() => 0);
  for (let key = 0; key < keyCount; key += 1) counts[picker.pick(`user:${key}`)]! += 1;
  return counts.map((count) => count / keyCount);
}

function movedRatio(before: NodePicker, after: NodePicker, keyCount = 20_000): number {
  let movedCount = 0;
  for (let key = 0; key < keyCount; key += 1) {
    if (nameOf(before, `user:${key}`) !== nameOf(after, `user:${key}`)) movedCount += 1;
  }
  return movedCount / keyCount;
}

describe("shares", () => {
  it("of the default are within 5 % of the mean, over a million keys and 10 nodes", () => {
    const shares = sharesOf(createPicker("consistent", nodes(10)), 1_000_000);
    expect(Math.max(...shares) * 10).toBeLessThan(1.05);
    expect(Math.min(...shares) * 10).toBeGreaterThan(0.95);
  });

  it.each([
    ["consistent", 1.05],
    ["ketama", 1.25],
    ["rendezvous", 1.02],
    ["jump", 1.02],
    ["hash", 1.02],
  ] as const)("of %s are as even as it says", (algorithm, most) => {
    const shares = sharesOf(createPicker(algorithm, nodes(10)), 200_000);
    expect(Math.max(...shares) * 10).toBeLessThan(most);
  });

  it.each([
    ["consistent", 0.05],
    ["ketama", 0.15],
    ["rendezvous", 0.05],
    ["hash", 0.1],
  ] as const)("of %s follow the weights", (algorithm, tolerance) => {
    const weighted = [3, 1, 2, 4].map((weight, index) => ({ name: `cache-${index}:6379`, weight }));
    const picker = createPicker(algorithm, weighted, algorithm === "hash" ? { shards: 1_000 } : {});
    for (const [index, share] of sharesOf(picker, 100_000).entries()) {
      const expected = (weighted[index]?.weight ?? 0) / 10;
      expect(Math.abs(share / expected - 1)).toBeLessThan(tolerance);
    }
  });
});

describe("a node that joins or leaves", () => {
  it.each(BY_NAME)("moves about its share of the keys with %s, wherever it stands in the list", (algorithm) => {
    const before = createPicker(algorithm, nodes(9, 1));
    const after = createPicker(algorithm, nodes(10, 0));
    expect(movedRatio(before, after)).toBeGreaterThan(0.07);
    expect(movedRatio(before, after)).toBeLessThan(0.13);
    for (let key = 0; key < 5_000; key += 1) {
      const now = nameOf(after, `user:${key}`);
      if (now !== nameOf(before, `user:${key}`)) expect(now).toBe("10.0.0.0:6379");
    }
  });

  it("moves about its share of the keys with jump when it is the last", () => {
    expect(movedRatio(createPicker("jump", nodes(9)), createPicker("jump", nodes(10)))).toBeLessThan(0.12);
  });
});

describe("pickNext", () => {
  it.each(ALGORITHMS)("of %s picks the node itself when nothing is excluded, and -1 when all are", (algorithm) => {
    const picker = createPicker(algorithm, nodes(5));
    expect(picker.pickNext("user:1", () => true)).toBe(-1);
    for (let key = 0; key < 500; key += 1) {
      expect(picker.pickNext(`user:${key}`, () => false)).toBe(picker.pick(`user:${key}`));
    }
  });

  it.each(["consistent", "ketama", "rendezvous", "jump", "hash"] as const)(
    "of %s spreads the keys of a node that is away over all others, and leaves the others' where they are",
    (algorithm) => {
      const picker = createPicker(algorithm, nodes(5));
      const counts = picker.nodes.map(() => 0);
      for (let key = 0; key < 20_000; key += 1) {
        const home = picker.pick(`user:${key}`);
        const next = picker.pickNext(`user:${key}`, (node) => node === 2);
        if (home === 2) counts[next]! += 1;
        else expect(next).toBe(home);
      }
      expect(counts[2]).toBe(0);
      const others = counts.filter((_, node) => node !== 2);
      expect(Math.min(...others) / Math.max(...others)).toBeGreaterThan(0.5);
    },
  );

  it.each(["consistent", "ketama", "rendezvous"] as const)(
    "of %s is where the key would live without the node",
    (algorithm) => {
      const picker = createPicker(algorithm, nodes(5));
      const without = createPicker(algorithm, nodes(4, 1));
      for (let key = 0; key < 2_000; key += 1) {
        const next = picker.pickNext(`user:${key}`, (node) => node === 0);
        expect(picker.nodes[next]?.name).toBe(nameOf(without, `user:${key}`));
      }
    },
  );
});

describe("hash tags", () => {
  it("are what stands between the first brace and the next closing one", () => {
    const parts = ["{user:1}:name", "a{b}c{d}", "{}a", "a{b", "a}b{c}", "{{a}}"].map(routingPart);
    expect(parts).toEqual(["user:1", "b", "{}a", "a{b", "c", "{a"]);
  });

  it.each(ALGORITHMS)("bring keys together with %s", (algorithm) => {
    const picker = createPicker(algorithm, nodes(10));
    for (let key = 0; key < 100; key += 1) {
      expect(picker.pick(`{user:${key}}:name`)).toBe(picker.pick(`@shop:mail:{user:${key}}`));
    }
  });
});

describe("jumpHash", () => {
  it("gives the buckets of the paper's code", () => {
    const paper = (key: bigint, bucketCount: number): number => {
      let state = key;
      let [bucket, next] = [-1, 0];
      while (next < bucketCount) {
        bucket = next;
        state = BigInt.asUintN(64, state * 2_862_933_555_777_941_757n + 1n);
        next = Math.floor((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
      }
      return bucket;
    };
    expect([jumpHash(0, 1, 1), jumpHash(0, 42, 57), jumpHash(0, 0xdead10cc, 666), jumpHash(0, 256, 1024)]).toEqual([
      0, 43, 361, 520,
    ]);
    for (let round = 1; round <= 2_000; round += 1) {
      const [high, low] = [Math.imul(round, 0x9e3779b1) >>> 0, Math.imul(round, 0x85ebca6b) >>> 0];
      expect(jumpHash(high, low, round)).toBe(paper((BigInt(high) << 32n) | BigInt(low), round));
    }
  });
});

describe("range", () => {
  it("keeps neighbours together: parts follow the order of the keys", () => {
    const picker = createPicker("range", nodes(4), { shards: 16 });
    const keys = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).sort();
    const picked = keys.map((key) => picker.pick(key));
    expect(picked).toEqual([...picked].sort((a, b) => a - b));
    expect(new Set(picked).size).toBe(4);
  });

  it("splits where it is told to, inside namespaces too", () => {
    const picker = createPicker("range", nodes(3), { splitPoints: ["g", "p"] });
    expect(["f\uffff", "g", "oz", "p", "@shop:f", "@shop:g"].map((key) => picker.pick(key))).toEqual([
      0, 1, 1, 2, 0, 1,
    ]);
  });
});

describe("createPicker refuses", () => {
  const refused: readonly [string, string, () => unknown][] = [
    ["no nodes", "sharding.nodes", () => createPicker("consistent", [])],
    ["a name twice", "sharding.nodes", () => createPicker("consistent", [...nodes(1), ...nodes(1)])],
    ["a weight of 0", "sharding.nodes", () => createPicker("hash", [{ name: "a", weight: 0 }])],
    ["an unknown algorithm", "sharding.algorithm", () => createPicker("modulo" as ShardingAlgorithm, nodes(1))],
    ["weights with jump", "sharding.algorithm", () => createPicker("jump", [...nodes(2), { name: "b", weight: 2 }])],
    ["replicas where there are none", "sharding.replicas", () => createPicker("hash", nodes(2), { replicas: 10 })],
    ["fewer parts than nodes", "sharding.shards", () => createPicker("hash", nodes(3), { shards: 2 })],
    ["parts where there are none", "sharding.shards", () => createPicker("consistent", nodes(3), { shards: 8 })],
    [
      "split points in disorder",
      "sharding.splitPoints",
      () => createPicker("range", nodes(2), { splitPoints: ["b", "a"] }),
    ],
    [
      "more points than a ring takes",
      "sharding.replicas",
      () => createPicker("consistent", nodes(40), { replicas: 65_536 }),
    ],
  ];

  it.each(refused)("%s", (_, field, call) => {
    expect(call).toThrow(ConfigError);
    expect(call).toThrow(expect.objectContaining({ field }));
  });
});
