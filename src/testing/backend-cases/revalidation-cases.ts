import { MAX_COUNTER, MIN_COUNTER } from "../../backend/counter.ts";
import type { KnownEntry, Revalidation } from "../../backend/revalidation.ts";
import type { StoredEntry } from "../../backend/stored-entry.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsCapability,
  needsRevalidation,
  needsSecondClient,
} from "./backend-case.ts";

/** How long entries live here, in TTL units: long enough for whatever a case does. */
const TTL_UNITS = 60;
/** What a cut-short end is apart from the old one, whatever a store rounds to. */
const CUT_UNITS = 30;
/** More than any store asks about in one request. */
const MANY_COUNT = 2_500;

/** A live entry as a read returned it. */
function knownOf(key: string, entry: StoredEntry | undefined): KnownEntry {
  assert.ok(entry !== undefined, `"${key}" is there`);
  const { version, expiresAt, tags } = entry as StoredEntry;
  return { key, version, expiresAt, tags };
}

async function known(subject: ConformanceSubject, key: string): Promise<KnownEntry> {
  return knownOf(key, await subject.backend.get(key, subject.context));
}

async function allKnown(subject: ConformanceSubject, keys: readonly string[]): Promise<readonly KnownEntry[]> {
  const found = await subject.backend.getMulti(keys, subject.context);
  return keys.map((key, index) => knownOf(key, found[index]));
}

/** Writes samples for a time. @returns the entries as reads return them */
async function putKnown(
  subject: ConformanceSubject,
  names: readonly string[],
  tags: readonly string[] = [],
): Promise<readonly KnownEntry[]> {
  const write = subject.write("value", { ttlMs: TTL_UNITS * subject.ttlUnitMs, tags });
  await subject.backend.setMulti(
    names.map((name) => [subject.key(name), write] as const),
    subject.context,
  );
  return allKnown(subject, names.map(subject.key));
}

async function assertVerdicts(
  subject: ConformanceSubject,
  entries: readonly KnownEntry[],
  expected: readonly string[],
  why: string,
): Promise<void> {
  const revalidation = subject.backend.revalidation as Revalidation;
  assert.deepEqual([...(await revalidation.revalidate(entries, subject.context))], [...expected], why);
}

const definitions: readonly CaseDefinition[] = [
  {
    name: "tells entries that were read from those that were written, deleted and never there, in their order",
    async run(subject) {
      const { backend, context } = subject;
      const entries = await putKnown(subject, ["same", "written", "deleted"]);
      const [same, written, deleted] = entries as [KnownEntry, KnownEntry, KnownEntry];
      await assertVerdicts(subject, entries, ["unchanged", "unchanged", "unchanged"], "nothing happened yet");
      await subject.put(written.key, "other", { ttlMs: TTL_UNITS * subject.ttlUnitMs });
      await backend.delete(deleted.key, context);
      const never = { ...same, key: subject.key("never") };
      const asked = [written, same, never, deleted, same];
      const expected = ["changed", "unchanged", "changed", "changed", "unchanged"];
      await assertVerdicts(subject, asked, expected, "written, same, never there, deleted, same again");
      await assertVerdicts(subject, [], [], "about nothing");
    },
  },
  {
    name: "takes an entry that was written back after a delete for another one",
    async run(subject) {
      const [entry] = await putKnown(subject, ["a"]);
      await subject.backend.delete(subject.key("a"), subject.context);
      await putKnown(subject, ["a"]);
      await assertVerdicts(subject, [entry as KnownEntry], ["changed"], "the same value, written anew");
    },
  },
  {
    name: "takes an entry whose end was moved for another one",
    async run(subject) {
      const { backend, context, ttlUnitMs } = subject;
      const entries = await putKnown(subject, ["shorter", "endless", "same"]);
      await backend.expire(subject.key("shorter"), CUT_UNITS * ttlUnitMs, context);
      await backend.expire(subject.key("endless"), Number.POSITIVE_INFINITY, context);
      await assertVerdicts(subject, entries, ["changed", "changed", "unchanged"], "two ends were moved");
    },
  },
  {
    name: "takes an entry whose TTL is over for another one",
    waits: true,
    async run(subject) {
      const { ttlUnitMs } = subject;
      const key = subject.key("a");
      await subject.put(key, "value", { ttlMs: 2 * ttlUnitMs });
      const entry = await known(subject, key);
      await subject.advance(3 * ttlUnitMs);
      await assertVerdicts(subject, [entry], ["changed"], "its TTL is over");
    },
  },
  {
    name: "takes an entry that was counted for another one",
    requires: [needsCapability("counters")],
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("count");
      const range = { minimum: MIN_COUNTER, maximum: MAX_COUNTER };
      const add = async (delta: bigint): Promise<unknown> =>
        backend.increment?.(key, { delta, initial: 1n, ttlMs: Number.POSITIVE_INFINITY, ...range }, context);
      await add(1n);
      const entry = await known(subject, key);
      await assertVerdicts(subject, [entry], ["unchanged"], "nobody counted");
      await add(1n);
      await assertVerdicts(subject, [entry], ["changed"], "somebody counted");
    },
  },
  {
    name: "takes an entry one of whose tags was invalidated for another one, and no other",
    requires: [needsCapability("tags")],
    async run(subject) {
      const { backend, context } = subject;
      const [ended, other] = [subject.key("ended tag"), subject.key("other tag")];
      const [both] = await putKnown(subject, ["both"], [other, ended]);
      const [one] = await putKnown(subject, ["one"], [other]);
      const asked = [both as KnownEntry, one as KnownEntry];
      await assertVerdicts(subject, asked, ["unchanged", "unchanged"], "no tag was invalidated");
      await backend.invalidateTags?.([ended], context);
      await assertVerdicts(subject, asked, ["changed", "unchanged"], "one of the two tags was invalidated");
    },
  },
  {
    name: "takes the entries of a namespace that was cleared for others",
    requires: [needsCapability("clear")],
    async run(subject) {
      const entries = await putKnown(subject, ["a", "b"]);
      await subject.backend.clear?.(subject.namespace, subject.context);
      await assertVerdicts(subject, entries, ["changed", "changed"], "their namespace was cleared");
      await putKnown(subject, ["b"]);
      await assertVerdicts(subject, entries, ["changed", "changed"], "one was written anew");
    },
  },
  {
    name: "knows what another client changes",
    requires: [needsSecondClient],
    async run(subject) {
      const entries = await putKnown(subject, ["written", "same"]);
      const second = await subject.openSecond();
      await second.set(subject.key("written"), subject.write("other"), subject.context);
      await assertVerdicts(subject, entries, ["changed", "unchanged"], "another client wrote");
    },
  },
  {
    name: "is asked about thousands of entries at once",
    async run(subject) {
      const names = Array.from({ length: MANY_COUNT }, (_, index) => `k ${index}`);
      await subject.backend.setMulti(
        names.map((name) => [subject.key(name), subject.write(1)] as const),
        subject.context,
      );
      const entries = await allKnown(subject, names.map(subject.key));
      const changed = MANY_COUNT / 2;
      await subject.put(subject.key(`k ${changed}`), 2);
      const expected = names.map((_, index) => (index === changed ? "changed" : "unchanged"));
      await assertVerdicts(subject, entries, expected, "one of thousands was written");
    },
  },
];

/** Caches in front ask whether what was read is current, without reading it again. */
export const revalidationCases: readonly BackendCase[] = defineCases(
  "revalidation",
  definitions.map((definition) => ({ ...definition, requires: [needsRevalidation, ...(definition.requires ?? [])] })),
);
