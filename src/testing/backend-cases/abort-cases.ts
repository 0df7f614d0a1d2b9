import { getEventListeners } from "node:events";
import { assert } from "../bounded-assert.ts";
import { outcomeOf } from "../conformance-subject.ts";
import { everyOperation } from "./any-operation.ts";
import { type BackendCase, defineCases } from "./backend-case.ts";

/** A caller that leaves is let go, and disturbs nobody. Whether the work happened is the store's to say; that it settles is not. */
export const abortCases: readonly BackendCase[] = defineCases("abort", [
  {
    name: "settles every operation that is called with an aborted signal, and works afterwards",
    async run(subject) {
      for (const { call } of everyOperation(subject, "aborted"))
        await outcomeOf(() => call({ signal: AbortSignal.abort() }));
      await subject.put(subject.key("after"), "value");
      await subject.assertHolds(subject.key("after"), "value");
    },
  },
  {
    name: "settles every operation whose signal aborts while it runs, and works afterwards",
    async run(subject) {
      for (const { call } of everyOperation(subject, "running")) {
        const controller = new AbortController();
        const outcome = outcomeOf(() => call({ signal: controller.signal }));
        controller.abort();
        await outcome;
      }
      await subject.put(subject.key("after"), "value");
      await subject.assertHolds(subject.key("after"), "value");
    },
  },
  {
    name: "answers the others when one of many callers leaves",
    async run(subject) {
      const keys = Array.from({ length: 40 }, (_, index) => subject.key(`k ${index}`));
      await Promise.all(keys.map((key, index) => subject.put(key, index)));
      const controller = new AbortController();
      const outcomes = keys.map((key, index) =>
        outcomeOf(() => subject.backend.get(key, index % 2 === 0 ? {} : { signal: controller.signal })),
      );
      controller.abort();
      for (const [index, outcome] of (await Promise.all(outcomes)).entries()) {
        if (outcome.status === "fulfilled") subject.assertEntry(outcome.value, index);
        else assert.equal(index % 2, 1, "only callers that left may be refused");
      }
    },
  },
  {
    name: "leaves a value whole when its writer leaves",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "before");
      const controller = new AbortController();
      const outcome = outcomeOf(() =>
        subject.backend.set(key, subject.write("after ".repeat(10_000)), { signal: controller.signal }),
      );
      controller.abort();
      await outcome;
      const entry = await subject.backend.get(key, subject.context);
      const isWhole = [subject.value("before"), subject.value("after ".repeat(10_000))].some((value) =>
        isSame(entry?.value, value),
      );
      assert.ok(isWhole, "neither the old value nor the new one");
    },
  },
  {
    name: "leaves one listener at most on a signal, however many calls it outlives",
    async run(subject) {
      const { signal } = new AbortController();
      for (let round = 0; round < 3; round += 1) {
        for (const { call } of everyOperation(subject, `long ${round}`)) await outcomeOf(() => call({ signal }));
      }
      // One may stay for all calls of the signal to come; one of each call would be a leak.
      const listenerCount = getEventListeners(signal, "abort").length;
      assert.ok(listenerCount <= 1, `${listenerCount} listeners are left`);
    },
  },
]);

function isSame(actual: unknown, expected: unknown): boolean {
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) return Buffer.compare(actual, expected) === 0;
  return actual === expected;
}
