import { describe, expect, it } from "vitest";
import type { CoherenceMessage } from "../../coherence/coherence-message.ts";
import { traceOf } from "./dropped-changes.ts";
import { MessageQueue } from "./message-queue.ts";
import { ENCODED_UNKNOWN, encodeMessage } from "./wire/encode-message.ts";
import { decodeFrame, encodeBatch } from "./wire/frame.ts";

const bytesOf = (text: string): Buffer => Buffer.from(text);
const textsOf = (queue: MessageQueue, maxBytes = 1_000): string[] =>
  (queue.take(maxBytes)?.messages ?? []).map((bytes) => (bytes === ENCODED_UNKNOWN ? "UNKNOWN" : bytes.toString()));

describe("the queue of messages for one node", () => {
  it("gives them in their order, as many as fit a frame and at least one", () => {
    const queue = new MessageQueue({ maxCount: 10, maxBytes: 1_000 });
    for (const text of ["aaa", "bbb", "cccccccccc"]) queue.push({ bytes: bytesOf(text), isControl: false });
    expect(textsOf(queue, 6)).toEqual(["aaa", "bbb"]);
    expect(textsOf(queue, 6)).toEqual(["cccccccccc"]);
    expect(queue.take(6)).toBeUndefined();
    expect(queue.bytes).toBe(0);
  });

  it.each([
    ["count", { maxCount: 3, maxBytes: 1_000 }],
    ["bytes", { maxCount: 1_000, maxBytes: 20 }],
  ])("never grows beyond its bound of %s: it says once that everything may have changed", (_, bounds) => {
    const queue = new MessageQueue(bounds);
    let collapseCount = 0;
    for (let place = 0; place < 10_000; place += 1) {
      if (queue.push({ bytes: bytesOf("message"), isControl: false })) collapseCount += 1;
      expect(queue.count).toBeLessThanOrEqual(3);
      expect(queue.bytes).toBeLessThanOrEqual(21);
    }
    expect(collapseCount).toBe(1);
    expect(textsOf(queue)).toEqual(["UNKNOWN"]);
  });

  it("keeps a change that comes after 'everything may have changed' has left", () => {
    const queue = new MessageQueue({ maxCount: 2, maxBytes: 1_000 });
    for (const text of ["a", "b", "c"]) queue.push({ bytes: bytesOf(text), isControl: false });
    expect(textsOf(queue)).toEqual(["UNKNOWN"]);
    queue.push({ bytes: bytesOf("d"), isControl: false });
    expect(textsOf(queue)).toEqual(["d"]);
  });

  it("keeps questions and answers when it collapses, after the message that stands for the changes before them", () => {
    const queue = new MessageQueue({ maxCount: 4, maxBytes: 1_000 });
    queue.push({ bytes: bytesOf("a"), isControl: false });
    queue.push({ bytes: bytesOf("ask"), isControl: true });
    for (const text of ["b", "c", "d"]) queue.push({ bytes: bytesOf(text), isControl: false });
    queue.push({ bytes: bytesOf("ask again"), isControl: true });
    expect(textsOf(queue)).toEqual(["UNKNOWN", "ask", "ask again"]);
  });

  it("stays bounded when all that comes are questions", () => {
    const queue = new MessageQueue({ maxCount: 8, maxBytes: 1_000 });
    for (let place = 0; place < 1_000; place += 1) queue.push({ bytes: bytesOf("ask"), isControl: true });
    expect(queue.count).toBeLessThanOrEqual(8);
    expect(textsOf(queue)[0]).toBe("UNKNOWN");
  });

  describe("that knows what it has no room for", () => {
    const change = (shard: number, version: number | undefined, shardCount = 64): CoherenceMessage => ({
      ...{ kind: "change", key: `key ${version}`, version, previousHead: undefined },
      home: { shard, shardCount },
    });
    const pushAll = (messages: readonly CoherenceMessage[]): MessageQueue => {
      const queue = new MessageQueue({ maxCount: 2, maxBytes: 1_000 });
      for (const message of messages) {
        queue.push({ bytes: encodeMessage(message), isControl: false, trace: traceOf(message) });
      }
      return queue;
    };
    const toldBy = (queue: MessageQueue): readonly CoherenceMessage[] => {
      const { messages, totalBytes } = queue.take(1_000) ?? { messages: [], totalBytes: 0 };
      const frame = decodeFrame(encodeBatch(1, messages, totalBytes));
      return frame.kind === "batch" ? frame.messages : [];
    };

    it("tells of each shard the largest head of its changes, whatever their order, and none where one is not known", () => {
      const queue = pushAll([
        change(3, 9),
        change(3, 12),
        change(3, 11),
        change(5, 7),
        change(6, 8),
        change(6, undefined),
      ]);
      queue.push({ bytes: bytesOf("late"), isControl: false, trace: traceOf(change(6, 20)) });
      expect(queue.count).toBe(1);
      const shards = [
        { shard: 3, head: 12 },
        { shard: 5, head: 7 },
        { shard: 6, head: undefined },
      ];
      expect(toldBy(queue)).toEqual([{ kind: "dirty", shardCount: 64, shards }]);
      expect([queue.count, queue.bytes, queue.take(1_000)]).toEqual([0, 0, undefined]);
    });

    it("tells of tags and cleared namespaces by name, each once", () => {
      const tags = (...names: string[]): CoherenceMessage => ({
        ...{ kind: "tags", tags: names, number: 5, previousNumber: 4 },
      });
      const clear: CoherenceMessage = { kind: "clear", path: "shop", heads: [] };
      expect(toldBy(pushAll([tags("a", "b"), clear, tags("b"), clear, change(1, 2)]))).toEqual([
        { kind: "dirty", shardCount: 64, shards: [{ shard: 1, head: 2 }] },
        { kind: "tags", tags: ["a", "b"], number: undefined, previousNumber: undefined },
        { kind: "clear", path: "shop", heads: [] },
      ]);
    });

    it.each<readonly [string, readonly CoherenceMessage[]]>([
      ["a change of no known shard", [change(1, 1), { ...change(1, 1), home: undefined } as CoherenceMessage]],
      ["changes of stores that differ", [change(1, 1), change(1, 1, 32)]],
      ["'everything may have changed'", [change(1, 1), { kind: "unknown" }]],
      [
        "more tags than it keeps",
        [{ kind: "tags", tags: Array.from({ length: 257 }, (_, tag) => `${tag}`), number: 1, previousNumber: 0 }],
      ],
      ["tags that are long", [{ kind: "tags", tags: ["a".repeat(9_000)], number: 1, previousNumber: 0 }]],
    ])("tells that everything may have changed for %s", (_, messages) => {
      const queue = pushAll([...messages, change(1, 2), change(1, 3), change(1, 4)]);
      expect(toldBy(queue)).toEqual([{ kind: "unknown" }]);
    });

    it("does not put into a message that has left what comes after", () => {
      const queue = pushAll([change(1, 1), change(1, 2), change(1, 3)]);
      expect(toldBy(queue)).toEqual([{ kind: "dirty", shardCount: 64, shards: [{ shard: 1, head: 3 }] }]);
      queue.push({ bytes: encodeMessage(change(2, 5)), isControl: false, trace: traceOf(change(2, 5)) });
      expect(toldBy(queue)).toMatchObject([{ kind: "change", version: 5 }]);
    });

    it("is bounded, whatever comes", () => {
      const queue = new MessageQueue({ maxCount: 8, maxBytes: 100_000 });
      for (let place = 0; place < 50_000; place += 1) {
        const message = change(place % 64, place);
        queue.push({ bytes: encodeMessage(message), isControl: false, trace: traceOf(message) });
        expect(queue.count).toBeLessThanOrEqual(8);
      }
      expect(queue.take(1)?.totalBytes).toBeLessThan(1_000);
    });
  });
});
