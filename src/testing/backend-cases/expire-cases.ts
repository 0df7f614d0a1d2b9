import { assert } from "../bounded-assert.ts";
import { type BackendCase, defineCases, needsCapability } from "./backend-case.ts";

/** `expire` moves the end of a live entry and nothing else. */
export const expireCases: readonly BackendCase[] = defineCases("expire", [
  {
    name: "gives a TTL to an entry that had none",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "value");
      assert.equal(await subject.backend.expire(key, 2 * subject.ttlUnitMs, subject.context), true);
      await subject.assertHolds(key, "value");
      await subject.advance(3 * subject.ttlUnitMs);
      await subject.assertMiss(key, "its new TTL is over");
    },
  },
  {
    name: "lengthens a life, counted from now",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "value", { ttlMs: 4 * subject.ttlUnitMs });
      await subject.advance(2 * subject.ttlUnitMs);
      const earliestAt = subject.clock.wallMs() + 20 * subject.ttlUnitMs - subject.toleranceMs;
      assert.equal(await subject.backend.expire(key, 20 * subject.ttlUnitMs, subject.context), true);
      await subject.advance(3 * subject.ttlUnitMs);
      const { expiresAt } = await subject.assertHolds(key, "value");
      assert.ok(expiresAt >= earliestAt, "the new TTL counts from the call");
    },
  },
  {
    name: "takes a TTL away with Infinity",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "value", { ttlMs: 3 * subject.ttlUnitMs });
      assert.equal(await subject.backend.expire(key, Number.POSITIVE_INFINITY, subject.context), true);
      await subject.advance(4 * subject.ttlUnitMs);
      const { expiresAt } = await subject.assertHolds(key, "value");
      assert.equal(expiresAt, Number.POSITIVE_INFINITY);
    },
  },
  {
    name: "ends an entry at once with 0",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "value");
      assert.equal(await subject.backend.expire(key, 0, subject.context), true);
      await subject.assertMiss(key, "it was ended");
      assert.equal(await subject.backend.expire(key, 0, subject.context), false, "it was ended before");
    },
  },
  {
    name: "says false for a key that is absent or expired, and creates nothing",
    waits: true,
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const key = subject.key("a");
      assert.equal(await backend.expire(key, ttlUnitMs, context), false, "absent");
      await subject.put(key, "value", { ttlMs: 2 * ttlUnitMs });
      await subject.advance(3 * ttlUnitMs);
      assert.equal(await backend.expire(key, 60 * ttlUnitMs, context), false, "expired");
      await subject.assertMiss(key, "an expired entry does not come back");
    },
  },
  {
    name: "keeps the tags of an entry",
    requires: [needsCapability("tags")],
    async run(subject) {
      const key = subject.key("a");
      const tag = subject.key("tag");
      await subject.put(key, "value", { tags: [tag] });
      await subject.backend.expire(key, 60 * subject.ttlUnitMs, subject.context);
      assert.deepEqual([...(await subject.assertHolds(key, "value")).tags], [tag]);
    },
  },
]);
