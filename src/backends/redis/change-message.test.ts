import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { decodeChanges } from "./change-message.ts";
import { encodeKeyText } from "./key-text.ts";
import { dataKey, shardOfKey } from "./redis-key-layout.ts";

const UNKNOWN = [{ kind: "unknown" }];

function number(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const text = (value: string): Buffer => Buffer.from(encodeKeyText("", value));
const redisKey = (key: string): Buffer => Buffer.from(dataKey(shardOfKey(key), key));
const item = (before: number, after: number, key: Buffer): Buffer =>
  Buffer.concat([number(before), number(after), sized(key)]);
const message = (kind: string, ...parts: readonly Buffer[]): Buffer => Buffer.concat([Buffer.from(kind), ...parts]);
const keysMessage = (...items: readonly Buffer[]): Buffer => message("K", ...items);

/** Keys that are hard to get back. */
const KEYS = [
  "a",
  "",
  "@shop/eu:ä",
  "\ud800",
  "a\udfffb",
  "\ud83d\ude00",
  "\udc00\ud800",
  "\ufffd",
  "\ufffd\ud800",
  "\ufeffx",
  "{t}:x",
  "\u0000",
  "\ud7ff\ue000",
];

describe("messages about changes", () => {
  it("tell keys exactly, whatever they are, with the heads before and after", () => {
    const decoded = decodeChanges(keysMessage(...KEYS.map((key, at) => item(at * 2 + 1, at * 2 + 2, redisKey(key)))));
    expect(decoded).toEqual(
      KEYS.map((key, at) => ({ kind: "change", key, version: at * 2 + 2, previousHead: at * 2 + 1 })),
    );
  });

  it("tell random keys of single code units exactly", () => {
    const random = createSeededRandom(7);
    for (let round = 0; round < 500; round += 1) {
      const units = Array.from({ length: 1 + Math.floor(random.next() * 5) }, () => Math.floor(random.next() * 65_536));
      const surrogates = units.map((unit) => (random.next() < 0.5 ? 0xd800 + (unit % 2_048) : unit));
      const key = String.fromCharCode(...surrogates);
      expect(decodeChanges(keysMessage(item(1, 2, redisKey(key))))).toEqual([
        { kind: "change", key, version: 2, previousHead: 1 },
      ]);
    }
  });

  it("join nothing to a head that the server had lost", () => {
    const tags = message("T", number(0), number(9), sized(text("t")));
    const clear = message("C", short(1), short(3), number(0), number(9), text(""));
    expect([keysMessage(item(0, 9, redisKey("a"))), tags, clear].flatMap(decodeChanges)).toEqual([
      { kind: "change", key: "a", version: 9, previousHead: undefined },
      { kind: "tags", tags: ["t"], number: 9, previousNumber: undefined },
      { kind: "clear", path: "", heads: [{ shard: 3, previousHead: undefined, version: 9 }] },
    ]);
  });

  it("tell tags and namespaces", () => {
    const tags = message("T", number(5), number(6), sized(text("t")), sized(text("\udc00")), sized(text("")));
    const clear = message(
      "C",
      short(2),
      short(0),
      number(1),
      number(2),
      short(63),
      number(3),
      number(4),
      text("shop/eu"),
    );
    expect([tags, clear].flatMap(decodeChanges)).toEqual([
      { kind: "tags", tags: ["t", "\udc00", ""], number: 6, previousNumber: 5 },
      {
        kind: "clear",
        path: "shop/eu",
        heads: [
          { shard: 0, previousHead: 1, version: 2 },
          { shard: 63, previousHead: 3, version: 4 },
        ],
      },
    ]);
  });

  it("say nothing of keys of other layouts and of shards that are not the key's", () => {
    const other = Buffer.from(`{gcx:${String((shardOfKey("a") + 1) % 64).padStart(2, "0")}}:a`);
    const foreign = ["user:1", "{gcx:64}:a", "{gcx:xx}:a", "{gcx:01}la", "{gcx:0"].map((key) => Buffer.from(key));
    expect(decodeChanges(keysMessage(...[other, ...foreign].map((key) => item(1, 2, key))))).toEqual([]);
    expect([message("R", redisKey("a")), message("P")].flatMap(decodeChanges)).toEqual([]);
  });

  it("are unknown when they contradict themselves, or are of another kind", () => {
    const backwards = keysMessage(item(2, 1, redisKey("a")));
    const same = keysMessage(item(2, 2, redisKey("a")));
    const far = keysMessage(Buffer.concat([Buffer.alloc(8), Buffer.alloc(8, 255), sized(redisKey("a"))]));
    const shard = message("C", short(1), short(64), number(1), number(2));
    const short17 = message("T", number(5), number(4));
    for (const bad of [backwards, same, far, shard, short17, Buffer.alloc(0), Buffer.from("Z"), Buffer.from("Px")]) {
      expect(decodeChanges(bad), bad.toString("hex")).toEqual(UNKNOWN);
    }
    const sound = [keysMessage(item(1, 2, redisKey("abc"))), message("T", number(5), number(6), sized(text("tag")))];
    for (const whole of sound) {
      for (let length = 2; length < whole.length; length += 1) {
        const isPrefix = whole[0] === 84 && length === 17;
        expect(decodeChanges(whole.subarray(0, length)), `${length}`).toEqual(isPrefix ? expect.anything() : UNKNOWN);
      }
    }
  });

  it("throw for no bytes at all that somebody may publish", () => {
    const random = createSeededRandom(11);
    for (let round = 0; round < 2_000; round += 1) {
      const bytes = Buffer.from(
        Array.from({ length: Math.floor(random.next() * 60) }, () => Math.floor(random.next() * 256)),
      );
      if (bytes.length > 0) bytes[0] = [75, 84, 67, 82, 80][round % 5] as number;
      for (const change of decodeChanges(bytes)) expect(typeof change.kind).toBe("string");
    }
  });
});
