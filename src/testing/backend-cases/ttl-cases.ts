import { assert } from "../bounded-assert.ts";
import { type BackendCase, defineCases, needsCapability, needsFakeTime } from "./backend-case.ts";

const DAY_MS = 86_400_000;
const HUNDRED_YEARS_MS = 100 * 365.25 * DAY_MS;
/** Around the 30 days from which memcached takes a TTL for an instant, and the 2^31 ms that a timer can wait. */
const LONG_TTLS_MS = [24.8 * DAY_MS, 24.9 * DAY_MS, 30 * DAY_MS, 30.1 * DAY_MS, 31 * DAY_MS, 400 * DAY_MS];

/** An entry lives as long as it was told to, and not longer. */
export const ttlCases: readonly BackendCase[] = defineCases("ttl", [
  {
    name: "finds an entry before its TTL is over and misses it afterwards",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "value", { ttlMs: 4 * subject.ttlUnitMs });
      await subject.assertHolds(key, "value");
      await subject.advance(subject.ttlUnitMs);
      await subject.assertHolds(key, "value");
      await subject.advance(4 * subject.ttlUnitMs);
      await subject.assertMiss(key, "its TTL is over");
    },
  },
  {
    name: "says when an entry expires",
    async run(subject) {
      const key = subject.key("a");
      const ttlMs = 20 * subject.ttlUnitMs;
      const earliestAt = subject.clock.wallMs() + ttlMs - subject.toleranceMs;
      await subject.put(key, "value", { ttlMs });
      const { expiresAt } = await subject.assertHolds(key, "value");
      const latestAt = subject.clock.wallMs() + ttlMs + subject.toleranceMs;
      assert.ok(
        expiresAt >= earliestAt && expiresAt <= latestAt,
        `expiresAt is ${expiresAt - earliestAt} ms after the earliest right instant`,
      );
    },
  },
  {
    name: "keeps an entry without a TTL when time passes",
    waits: true,
    async run(subject) {
      await subject.put(subject.key("a"), "value");
      await subject.advance(2 * subject.ttlUnitMs);
      await subject.assertHolds(subject.key("a"), "value");
    },
  },
  {
    name: "starts a sliding TTL anew with each read, and ends the entry when nobody reads it",
    waits: true,
    requires: [needsCapability("slidingTtl")],
    async run(subject) {
      const key = subject.key("a");
      const ttlMs = 4 * subject.ttlUnitMs;
      await subject.put(key, "value", { ttlMs, slidingTtlMs: ttlMs });
      for (let read = 0; read < 3; read += 1) {
        await subject.advance(2 * subject.ttlUnitMs);
        const entry = await subject.assertHolds(key, "value");
        assert.equal(entry.slidingTtlMs, ttlMs, "the entry says what reads start anew");
      }
      await subject.advance(5 * subject.ttlUnitMs);
      await subject.assertMiss(key, "nobody read it for its TTL");
    },
  },
  {
    name: "does not carry a sliding TTL over to a later write",
    waits: true,
    requires: [needsCapability("slidingTtl")],
    async run(subject) {
      const key = subject.key("a");
      const ttlMs = 4 * subject.ttlUnitMs;
      await subject.put(key, "sliding", { ttlMs, slidingTtlMs: ttlMs });
      await subject.put(key, "fixed", { ttlMs });
      await subject.advance(2 * subject.ttlUnitMs);
      await subject.assertHolds(key, "fixed");
      await subject.advance(3 * subject.ttlUnitMs);
      await subject.assertMiss(key, "its TTL is over");
    },
  },
  {
    name: "does not carry an old TTL over to a later write",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "short", { ttlMs: 2 * subject.ttlUnitMs });
      await subject.put(key, "for ever");
      await subject.advance(3 * subject.ttlUnitMs);
      const entry = await subject.assertHolds(key, "for ever");
      assert.equal(entry.expiresAt, Number.POSITIVE_INFINITY);
    },
  },
  {
    name: "shortens a life by a later write with a TTL",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "for ever");
      await subject.put(key, "short", { ttlMs: 2 * subject.ttlUnitMs });
      await subject.advance(3 * subject.ttlUnitMs);
      await subject.assertMiss(key, "the later TTL is over");
    },
  },
  {
    name: "ends each entry at its own time",
    waits: true,
    async run(subject) {
      const [soon, late] = [subject.key("soon"), subject.key("late")];
      await subject.put(late, "late", { ttlMs: 60 * subject.ttlUnitMs });
      await subject.put(soon, "soon", { ttlMs: 2 * subject.ttlUnitMs });
      await subject.advance(3 * subject.ttlUnitMs);
      await subject.assertMiss(soon, "its TTL is over");
      await subject.assertHolds(late, "late");
    },
  },
  {
    name: "takes an expired entry for absent when it is deleted",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "value", { ttlMs: 2 * subject.ttlUnitMs });
      await subject.advance(3 * subject.ttlUnitMs);
      assert.equal(await subject.backend.delete(key, subject.context), false);
    },
  },
  {
    name: "writes again after an entry expired",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "old", { ttlMs: 2 * subject.ttlUnitMs });
      await subject.advance(3 * subject.ttlUnitMs);
      await subject.put(key, "new");
      await subject.assertHolds(key, "new");
    },
  },
  {
    name: "takes the longest TTL without losing the entry",
    waits: true,
    async run(subject) {
      await subject.put(subject.key("a"), "value", { ttlMs: HUNDRED_YEARS_MS });
      await subject.advance(subject.ttlUnitMs);
      await subject.assertHolds(subject.key("a"), "value");
    },
  },
  {
    name: "takes TTLs of more than 30 days, alone, in batches and in expire, and says their end",
    async run(subject) {
      const { backend, clock, context, toleranceMs } = subject;
      async function assertEnd(name: string, ttlMs: number): Promise<void> {
        const { expiresAt } = await subject.assertHolds(subject.key(name), name);
        const differenceMs = expiresAt - (clock.wallMs() + ttlMs);
        assert.ok(Math.abs(differenceMs) <= toleranceMs, `${ttlMs} ms end ${differenceMs} ms beside their time`);
      }
      for (const ttlMs of LONG_TTLS_MS) {
        await subject.put(subject.key("set"), "set", { ttlMs });
        await assertEnd("set", ttlMs);
        await backend.setMulti([[subject.key("batch"), subject.write("batch", { ttlMs })]], context);
        await assertEnd("batch", ttlMs);
      }
      for (const ttlMs of LONG_TTLS_MS) {
        assert.equal(await backend.expire(subject.key("set"), ttlMs, context), true);
        await assertEnd("set", ttlMs);
      }
    },
  },
  {
    name: "ends an entry of 31 days after 31 days, and not before",
    waits: true,
    requires: [needsFakeTime],
    async run(subject) {
      await subject.put(subject.key("a"), "value", { ttlMs: 31 * DAY_MS });
      await subject.advance(31 * DAY_MS - 1_000);
      await subject.assertHolds(subject.key("a"), "value");
      await subject.advance(2_000);
      await subject.assertMiss(subject.key("a"), "its 31 days are over");
    },
  },
  {
    name: "takes a TTL that is no whole number of milliseconds",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "value", { ttlMs: 3 * subject.ttlUnitMs + 0.25 });
      await subject.assertHolds(key, "value");
      await subject.advance(4 * subject.ttlUnitMs + 1);
      await subject.assertMiss(key, "its TTL is over");
    },
  },
]);
