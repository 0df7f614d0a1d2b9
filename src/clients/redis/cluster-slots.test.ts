import { describe, expect, it } from "vitest";
import { readClusterSlots, readRedirect } from "./cluster-slots.ts";
import { slotOfKey } from "./redis-slot.ts";

const text = (value: string): Buffer => Buffer.from(value);
const node = (host: string | null, port: number): unknown[] => [
  host === null ? null : text(host),
  port,
  text("id"),
  [],
];

describe("the map of a cluster", () => {
  it("has an owner for each range, with its replicas", () => {
    const map = readClusterSlots(
      [
        [0, 5460, node("10.0.0.1", 6379), node("10.0.0.4", 6379)],
        [5461, 16_383, node("10.0.0.2", 6380)],
      ],
      "seed",
    );
    expect(map.shards).toEqual([
      { primary: "10.0.0.1:6379", replicas: ["10.0.0.4:6379"] },
      { primary: "10.0.0.2:6380", replicas: [] },
    ]);
    expect([map.shardOfSlot[0], map.shardOfSlot[5460], map.shardOfSlot[5461], map.shardOfSlot[16_383]]).toEqual([
      0, 0, 1, 1,
    ]);
  });

  it("joins the ranges of one owner, and leaves slots without an owner open", () => {
    const map = readClusterSlots(
      [
        [0, 1, node("a", 1)],
        [4, 4, node("a", 1)],
      ],
      "seed",
    );
    expect(map.shards).toHaveLength(1);
    expect([...map.shardOfSlot.slice(0, 6)]).toEqual([0, 0, -1, -1, 0, -1]);
  });

  it("takes the asked host for an empty one, brackets for IPv6, and passes over a name that is not known yet", () => {
    const map = readClusterSlots(
      [
        [0, 0, node("", 7000), node("?", 7001)],
        [1, 1, node(null, 7002)],
        [2, 2, node("fe80::1", 7003)],
        [3, 3, node("?", 7004)],
      ],
      "seed.example",
    );
    expect(map.shards.map((shard) => shard.primary)).toEqual([
      "seed.example:7000",
      "seed.example:7002",
      "[fe80::1]:7003",
    ]);
    expect(map.shards[0]?.replicas).toEqual([]);
    expect(map.shardOfSlot[3]).toBe(-1);
  });

  it.each([
    ["a text", text("OK")],
    ["nothing", null],
    ["a range without nodes", [[0, 1]]],
    ["a node without a port", [[0, 1, [text("a")]]]],
  ])("is refused when it is %s", (_what, reply) => expect(() => readClusterSlots(reply, "seed")).toThrow(TypeError));
});

describe("a redirection", () => {
  it.each([
    ["MOVED 3999 127.0.0.1:6381", { slot: 3999, address: "127.0.0.1:6381" }],
    ["ASK 1 [fe80::1]:7000", { slot: 1, address: "[fe80::1]:7000" }],
    ["MOVED 1 fe80::1:7000", { slot: 1, address: "[fe80::1]:7000" }],
    ["MOVED 7 :6382", { slot: 7, address: "seed:6382" }],
    ["MOVED 7 host.example:6382", { slot: 7, address: "host.example:6382" }],
    ["MOVED 7", undefined],
    ["MOVED x 127.0.0.1:6382", undefined],
    ["MOVED 7 127.0.0.1", undefined],
  ])("%s is read", (message, expected) => {
    expect(readRedirect(message, "seed")).toEqual(expected);
  });
});

describe("the slot of a key", () => {
  // The first is the check value of CRC16/XMODEM; the others are what CLUSTER KEYSLOT of Redis 7.0.15 says.
  it.each([
    ["123456789", 0x31c3],
    ["", 0],
    ["{user1000}.following", slotOfKey("user1000")],
    ["{}key", slotOfKey(Buffer.from("{}key"))],
    ["foo{bar}{zap}", slotOfKey("bar")],
    ["foo{{bar}}zap", slotOfKey("{bar")],
  ])("%j is %i", (key, slot) => {
    expect(slotOfKey(key)).toBe(slot);
    expect(slot).toBeLessThan(16_384);
  });
});
