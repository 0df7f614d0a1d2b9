import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { LetterQueue } from "./letter-queue.ts";

it("keeps letters in their order, and refuses the one that does not fit", () => {
  const queue = new LetterQueue({ maxCount: 3, maxBytes: 10 });
  expect([queue.push(Buffer.alloc(4, 1)), queue.push(Buffer.alloc(4, 2)), queue.push(Buffer.alloc(4, 3))]).toEqual([
    true,
    true,
    false,
  ]);
  expect(queue.take()?.[0]).toBe(1);
  expect(queue.push(Buffer.alloc(1, 4))).toBe(true);
  expect(queue.push(Buffer.alloc(1, 5))).toBe(true);
  expect(queue.push(Buffer.alloc(1, 6))).toBe(false);
  expect([queue.take()?.[0], queue.take()?.[0], queue.take()?.[0], queue.take()]).toEqual([2, 4, 5, undefined]);
  queue.push(Buffer.alloc(10));
  queue.clear();
  expect([queue.count, queue.push(Buffer.alloc(10))]).toEqual([0, true]);
});
