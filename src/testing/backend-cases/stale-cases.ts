import type { Backend } from "../../backend/backend.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../backend/counter.ts";
import type { EntryWrite, StoredEntry } from "../../backend/stored-entry.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsCapability,
  needsCommit,
  needsSecondClient,
} from "./backend-case.ts";

/** How a write lives here, in TTL units, and when it only stands in. */
const TTL_UNITS = 2;
const STALE_UNITS = 60;

type Details = Partial<Omit<EntryWrite, "value">>;

async function getStale(
  subject: ConformanceSubject,
  keys: readonly string[],
  client: Backend = subject.backend,
): Promise<ReadonlyArray<StoredEntry | undefined>> {
  return (client as Required<Backend>).getStale(keys, subject.context);
}

/** Asserts that data stands in for a key: a miss for reads, found by `getStale` with an end that has come. */
async function assertStandsIn(subject: ConformanceSubject, key: string, sample: unknown): Promise<StoredEntry> {
  await subject.assertMiss(key, "its TTL is over");
  const [found] = await getStale(subject, [key]);
  const entry = subject.assertEntry(found, sample, "getStale");
  assert.ok(entry.expiresAt <= subject.clock.wallMs(), "what stands in says an end that has come");
  return entry;
}

async function assertGone(subject: ConformanceSubject, key: string, why: string): Promise<void> {
  await subject.assertMiss(key, why);
  assert.deepEqual(await getStale(subject, [key]), [undefined], `getStale: ${why}`);
}

/** Writes the sample and lets its TTL pass. @returns its version */
async function putStale(
  subject: ConformanceSubject,
  key: string,
  sample: unknown,
  details: Details = {},
): Promise<number> {
  const { ttlUnitMs } = subject;
  const version = await subject.put(key, sample, {
    ttlMs: TTL_UNITS * ttlUnitMs,
    staleMs: STALE_UNITS * ttlUnitMs,
    ...details,
  });
  await subject.advance((TTL_UNITS + 1) * ttlUnitMs);
  return version;
}

/** What can be asked for at once, so that it takes one wait. */
const readingCases: readonly CaseDefinition[] = [
  {
    name: "finds data beyond its TTL by getStale, as it was written, while every other read misses it",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      const earliestAt = subject.clock.wallMs() + TTL_UNITS * subject.ttlUnitMs - subject.toleranceMs;
      const version = await putStale(subject, key, { a: ["value", null] });
      const entry = await assertStandsIn(subject, key, { a: ["value", null] });
      assert.equal(entry.version, version);
      assert.ok(entry.expiresAt >= earliestAt, "what stands in says when its TTL ended");
    },
  },
  {
    name: "finds a live entry by getStale as get does",
    async run(subject) {
      const key = subject.key("a");
      const ttlMs = STALE_UNITS * subject.ttlUnitMs;
      const version = await subject.put(key, "value", { ttlMs, staleMs: ttlMs });
      await subject.put(subject.key("plain"), "plain");
      const [entry, plain] = await getStale(subject, [key, subject.key("plain")]);
      assert.equal(subject.assertEntry(entry, "value", "getStale").version, version);
      assert.ok((entry?.expiresAt ?? 0) > subject.clock.wallMs(), "it lives");
      assert.equal(subject.assertEntry(plain, "plain", "getStale").expiresAt, Number.POSITIVE_INFINITY);
    },
  },
  {
    name: "answers getStale in the order of its keys: live, standing in, over, absent, twice the same",
    waits: true,
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const key = (name: string): string => subject.key(name);
      const ttlMs = TTL_UNITS * ttlUnitMs;
      await backend.setMulti(
        [
          [key("live"), subject.write("live")],
          [key("stale"), subject.write("stale", { ttlMs, staleMs: STALE_UNITS * ttlUnitMs })],
          [key("over"), subject.write("over", { ttlMs })],
        ],
        context,
      );
      await subject.advance(3 * ttlUnitMs);
      const names = ["stale", "absent", "live", "over", "stale"];
      const found = await getStale(subject, names.map(key));
      assert.deepEqual(
        found.map((entry) => (entry === undefined ? undefined : subject.sampleOf(entry.value))),
        ["stale", undefined, "live", undefined, "stale"],
      );
      assert.deepEqual([...(await getStale(subject, []))], []);
    },
  },
  {
    name: "ends what stands in when its time for that is over, however often it was read",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await putStale(subject, key, "value", { staleMs: 4 * subject.ttlUnitMs });
      await assertStandsIn(subject, key, "value");
      await subject.advance(5 * subject.ttlUnitMs);
      await assertGone(subject, key, "its time to stand in is over");
    },
  },
  {
    name: "keeps nothing beyond its TTL that was not written to stand in",
    waits: true,
    async run(subject) {
      const [plain, rewritten] = [subject.key("plain"), subject.key("rewritten")];
      const { ttlUnitMs } = subject;
      await subject.put(rewritten, "old", { ttlMs: TTL_UNITS * ttlUnitMs, staleMs: STALE_UNITS * ttlUnitMs });
      await subject.put(rewritten, "new", { ttlMs: TTL_UNITS * ttlUnitMs });
      await putStale(subject, plain, "value", { staleMs: undefined });
      await assertGone(subject, plain, "it was written without staleMs");
      await assertGone(subject, rewritten, "the last write was without staleMs");
    },
  },
  {
    name: "starts no sliding TTL anew with getStale",
    waits: true,
    requires: [needsCapability("slidingTtl")],
    async run(subject) {
      const key = subject.key("a");
      const ttlMs = 4 * subject.ttlUnitMs;
      await subject.put(key, "value", { ttlMs, slidingTtlMs: ttlMs });
      await subject.advance(2 * subject.ttlUnitMs);
      subject.assertEntry((await getStale(subject, [key]))[0], "value", "getStale");
      await subject.advance(3 * subject.ttlUnitMs);
      await subject.assertMiss(key, "only getStale read it");
    },
  },
  {
    name: "does not list what stands in",
    waits: true,
    requires: [needsCapability("scan")],
    async run(subject) {
      const key = subject.key("a");
      await putStale(subject, key, "value");
      const listed: string[] = [];
      for await (const slice of subject.backend.scan?.(key, subject.context) ?? []) listed.push(...slice);
      assert.deepEqual(listed, []);
      await assertStandsIn(subject, key, "value");
    },
  },
  {
    name: "lists what stands in beside what lives, each once, for who ends what is listed",
    waits: true,
    requires: [needsCapability("scan")],
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const [prefix, live, stale] = [subject.key("mine"), subject.key("mine-live"), subject.key("mine-stale")];
      const staleMs = STALE_UNITS * ttlUnitMs;
      await subject.put(live, "value", { ttlMs: staleMs, staleMs });
      await subject.put(subject.key("other"), "value", { ttlMs: TTL_UNITS * ttlUnitMs, staleMs });
      await putStale(subject, stale, "value");
      const listed: string[] = [];
      const slices = backend.scan?.(prefix, { ...context, isStaleListed: true }) ?? [];
      for await (const slice of slices) listed.push(...slice);
      assert.deepEqual(listed.sort(), [live, stale].sort());
      await backend.deleteMulti(listed, context);
      for (const key of [live, stale]) await assertGone(subject, key, "it was listed and ended");
    },
  },
  {
    name: "lets data stand in for every client of it",
    waits: true,
    requires: [needsSecondClient],
    async run(subject) {
      const key = subject.key("a");
      const second = await subject.openSecond();
      await putStale(subject, key, "value");
      subject.assertEntry((await getStale(subject, [key], second))[0], "value", "getStale of the other client");
    },
  },
];

const endingCases: readonly CaseDefinition[] = [
  {
    name: "replaces what stands in by a write, which finds no previous entry",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      const version = await putStale(subject, key, "old");
      const write = subject.write("new", { returnPrevious: subject.backend.capabilities.conditionalWrites });
      const result = await subject.backend.set(key, write, subject.context);
      assert.equal(result.previous, undefined);
      assert.ok(result.version > version, "versions go on growing");
      await subject.assertHolds(key, "new");
      subject.assertEntry((await getStale(subject, [key]))[0], "new", "getStale");
    },
  },
  {
    name: "ends what stands in with a delete, which says that nothing was there",
    waits: true,
    async run(subject) {
      const { backend, context } = subject;
      const [one, many, live] = [subject.key("one"), subject.key("many"), subject.key("live")];
      const staleMs = STALE_UNITS * subject.ttlUnitMs;
      await subject.put(live, "value", { ttlMs: staleMs, staleMs });
      await subject.put(many, "value", { ttlMs: TTL_UNITS * subject.ttlUnitMs, staleMs });
      await putStale(subject, one, "value");
      assert.equal(await backend.delete(live, context), true);
      assert.equal(await backend.delete(one, context), false);
      assert.equal(await backend.deleteMulti([many], context), 0);
      for (const key of [one, many, live]) await assertGone(subject, key, "it was deleted");
    },
  },
  {
    name: "ends data altogether with expire 0, whether it lives or stands in",
    waits: true,
    async run(subject) {
      const [stale, live] = [subject.key("stale"), subject.key("live")];
      const staleMs = STALE_UNITS * subject.ttlUnitMs;
      await subject.put(live, "value", { ttlMs: staleMs, staleMs });
      assert.equal(await subject.backend.expire(live, 0, subject.context), true);
      await assertGone(subject, live, "it was ended");
      await putStale(subject, stale, "value");
      assert.equal(await subject.backend.expire(stale, 0, subject.context), false);
      await assertGone(subject, stale, "it was ended");
    },
  },
  {
    name: "says false to another TTL for what stands in, and leaves it as it is",
    waits: true,
    async run(subject) {
      const key = subject.key("a");
      await putStale(subject, key, "value");
      assert.equal(await subject.backend.expire(key, 60 * subject.ttlUnitMs, subject.context), false);
      await assertStandsIn(subject, key, "value");
    },
  },
  {
    name: "lets data stand in for as long beyond the end that expire has moved",
    waits: true,
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const key = subject.key("a");
      await subject.put(key, "value", { ttlMs: 60 * ttlUnitMs, staleMs: 4 * ttlUnitMs });
      assert.equal(await backend.expire(key, TTL_UNITS * ttlUnitMs, context), true);
      await subject.advance(3 * ttlUnitMs);
      await assertStandsIn(subject, key, "value");
      await subject.advance(5 * ttlUnitMs);
      await assertGone(subject, key, "its time to stand in is over");
    },
  },
  {
    name: "ends data altogether when one of its tags is invalidated, whether it lives or stands in",
    waits: true,
    requires: [needsCapability("tags")],
    async run(subject) {
      const { backend, context } = subject;
      const [stale, live, tag] = [subject.key("stale"), subject.key("live"), subject.key("tag")];
      const staleMs = STALE_UNITS * subject.ttlUnitMs;
      await subject.put(live, "value", { ttlMs: staleMs, staleMs, tags: [tag] });
      await backend.invalidateTags?.([tag], context);
      await assertGone(subject, live, "its tag was invalidated");
      await putStale(subject, stale, "value", { tags: [subject.key("other"), tag] });
      const { tags } = await assertStandsIn(subject, stale, "value");
      assert.deepEqual([...tags], [subject.key("other"), tag]);
      await backend.invalidateTags?.([tag], context);
      await assertGone(subject, stale, "its tag was invalidated");
    },
  },
  {
    name: "ends data altogether when its namespace is cleared, whether it lives or stands in",
    waits: true,
    requires: [needsCapability("clear")],
    async run(subject) {
      const [stale, live] = [subject.key("stale"), subject.key("live")];
      const staleMs = STALE_UNITS * subject.ttlUnitMs;
      await putStale(subject, stale, "value");
      await subject.put(live, "value", { ttlMs: staleMs, staleMs });
      await subject.backend.clear?.(subject.namespace, subject.context);
      for (const key of [stale, live]) await assertGone(subject, key, "its namespace was cleared");
    },
  },
];

const absenceCases: readonly CaseDefinition[] = [
  {
    name: "takes what stands in for absent in conditions, and leaves it where they refuse",
    waits: true,
    requires: [needsCapability("conditionalWrites")],
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("a");
      const version = await putStale(subject, key, "old");
      const onVersion = subject.write("new", { condition: { kind: "version", version } });
      assert.deepEqual(await backend.set(key, onVersion, context), { stored: false, version: 0 });
      await assertStandsIn(subject, key, "old");
      const onAbsence = subject.write("new", { condition: { kind: "absent" } });
      assert.equal((await backend.set(key, onAbsence, context)).stored, true);
      await subject.assertHolds(key, "new");
    },
  },
  {
    name: "leaves what stands in when the result of a load comes too late for its tags",
    waits: true,
    requires: [needsCapability("tags")],
    async run(subject) {
      const { backend, context } = subject;
      const [key, tag] = [subject.key("a"), subject.key("tag")];
      await putStale(subject, key, "old");
      const tagsUnchangedSince = await (backend as Required<Backend>).stamp(context);
      await backend.invalidateTags?.([tag], context);
      const late = subject.write("late", { tags: [tag], tagsUnchangedSince });
      assert.equal((await backend.set(key, late, context)).stored, false);
      await assertStandsIn(subject, key, "old");
    },
  },
  {
    name: "begins a counter anew where only an old one stands in",
    waits: true,
    requires: [needsCapability("counters")],
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const key = subject.key("n");
      const range = { minimum: MIN_COUNTER, maximum: MAX_COUNTER };
      const add = (ttlMs: number) =>
        backend.increment?.(key, { delta: 5n, initial: 1n, ttlMs, ...range }, context) ?? assert.fail("no increment");
      await subject.put(key, 40, { ttlMs: TTL_UNITS * ttlUnitMs, staleMs: STALE_UNITS * ttlUnitMs });
      await subject.advance((TTL_UNITS + 1) * ttlUnitMs);
      assert.equal((await add(STALE_UNITS * ttlUnitMs)).value, 6n);
      const entry = await backend.get(key, context);
      assert.ok((entry?.expiresAt ?? 0) > subject.clock.wallMs(), "it has the TTL of a new counter");
    },
  },
  {
    name: "takes what stands in for absent in the checks of a transaction, which may write what stands in later",
    waits: true,
    requires: [needsCommit],
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const key = subject.key("a");
      const commit = async (version: number, value: string): Promise<boolean> => {
        const write = subject.write(value, { ttlMs: TTL_UNITS * ttlUnitMs, staleMs: STALE_UNITS * ttlUnitMs });
        const result = await backend.commit?.([{ key, version }], [{ key, write }], context);
        return result?.committed === true;
      };
      const version = await putStale(subject, key, "old");
      assert.equal(await commit(version, "refused"), false);
      await assertStandsIn(subject, key, "old");
      assert.equal(await commit(0, "new"), true);
      await subject.assertHolds(key, "new");
      await subject.advance((TTL_UNITS + 1) * ttlUnitMs);
      await assertStandsIn(subject, key, "new");
    },
  },
];

/** Data is kept beyond its TTL to stand in: nobody finds it who does not ask for that. */
export const staleCases: readonly BackendCase[] = defineCases(
  "stale",
  [...readingCases, ...endingCases, ...absenceCases].map((definition) => ({
    ...definition,
    requires: [needsCapability("stale"), ...(definition.requires ?? [])],
  })),
);
