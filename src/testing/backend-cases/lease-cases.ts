import type { Backend } from "../../backend/backend.ts";
import type { LeaseOutcome } from "../../backend/lease.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsCapability,
  needsSecondClient,
} from "./backend-case.ts";

/** What one owner does with the lease of one key. */
function leaseholder(subject: ConformanceSubject, owner: string, client: Backend = subject.backend) {
  const { lease } = client as Required<Backend>;
  const key = subject.key("lease");
  const ask = lease.bind(client);
  return {
    acquire: async (ttlMs: number): Promise<LeaseOutcome> =>
      ask({ kind: "acquire", key, owner, ttlMs }, subject.context),
    extend: async (ttlMs: number): Promise<LeaseOutcome> => ask({ kind: "extend", key, owner, ttlMs }, subject.context),
    release: async (): Promise<LeaseOutcome> => ask({ kind: "release", key, owner }, subject.context),
  };
}

function assertHeld(outcome: LeaseOutcome): number {
  assert.ok(outcome.kind === "held", `the lease is ${outcome.kind}, not held`);
  assert.ok(Number.isSafeInteger(outcome.token), `token ${outcome.token} is no safe integer`);
  return outcome.token;
}

async function assertOneHolder(subject: ConformanceSubject, clients: readonly Backend[]): Promise<void> {
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      leaseholder(subject, `owner ${index}`, clients[index % clients.length]).acquire(60 * subject.ttlUnitMs),
    ),
  );
  assert.equal(outcomes.filter((outcome) => outcome.kind === "held").length, 1);
  assert.equal(outcomes.filter((outcome) => outcome.kind === "busy").length, 39);
}

const definitions: readonly CaseDefinition[] = [
  {
    name: "gives a free lease to the first who asks and tells the second how long to wait",
    async run(subject) {
      const ttlMs = 20 * subject.ttlUnitMs;
      assertHeld(await leaseholder(subject, "one").acquire(ttlMs));
      const outcome = await leaseholder(subject, "two").acquire(ttlMs);
      assert.ok(outcome.kind === "busy", "somebody holds it");
      assert.ok(
        outcome.remainingMs > 0 && outcome.remainingMs <= ttlMs + subject.toleranceMs,
        `${outcome.remainingMs} ms remain`,
      );
    },
  },
  {
    name: "lets the next one in after a release",
    async run(subject) {
      const one = leaseholder(subject, "one");
      assertHeld(await one.acquire(60 * subject.ttlUnitMs));
      assert.deepEqual(await one.release(), { kind: "released" });
      assertHeld(await leaseholder(subject, "two").acquire(60 * subject.ttlUnitMs));
    },
  },
  {
    name: "lets nobody but its owner extend or release a lease",
    async run(subject) {
      const [one, two] = [leaseholder(subject, "one"), leaseholder(subject, "two")];
      assertHeld(await one.acquire(60 * subject.ttlUnitMs));
      assert.deepEqual(await two.release(), { kind: "lost" });
      assert.deepEqual(await two.extend(60 * subject.ttlUnitMs), { kind: "lost" });
      assert.equal((await two.acquire(60 * subject.ttlUnitMs)).kind, "busy", "the owner still holds it");
      assert.deepEqual(await one.release(), { kind: "released" });
    },
  },
  {
    name: "ends a lease when its time is over, also for its owner",
    waits: true,
    async run(subject) {
      const [one, two] = [leaseholder(subject, "one"), leaseholder(subject, "two")];
      assertHeld(await one.acquire(2 * subject.ttlUnitMs));
      await subject.advance(3 * subject.ttlUnitMs);
      assert.deepEqual(await one.extend(60 * subject.ttlUnitMs), { kind: "lost" });
      assert.deepEqual(await one.release(), { kind: "lost" });
      assertHeld(await two.acquire(60 * subject.ttlUnitMs));
      assert.deepEqual(await one.release(), { kind: "lost" }, "a late release does not end the other's lease");
      assert.equal((await one.acquire(subject.ttlUnitMs)).kind, "busy");
    },
  },
  {
    name: "keeps the token when a lease is extended, and counts its time from the extension",
    waits: true,
    async run(subject) {
      const [one, two] = [leaseholder(subject, "one"), leaseholder(subject, "two")];
      const token = assertHeld(await one.acquire(3 * subject.ttlUnitMs));
      await subject.advance(subject.ttlUnitMs);
      assert.equal(assertHeld(await one.extend(4 * subject.ttlUnitMs)), token);
      await subject.advance(2.5 * subject.ttlUnitMs);
      assert.equal((await two.acquire(subject.ttlUnitMs)).kind, "busy", "the extension lasts");
      await subject.advance(2.5 * subject.ttlUnitMs);
      assertHeld(await two.acquire(subject.ttlUnitMs));
    },
  },
  {
    name: "keeps lease and token when the holder asks for it again, and counts its time anew",
    waits: true,
    async run(subject) {
      const [one, two] = [leaseholder(subject, "one"), leaseholder(subject, "two")];
      const token = assertHeld(await one.acquire(3 * subject.ttlUnitMs));
      await subject.advance(subject.ttlUnitMs);
      assert.equal(assertHeld(await one.acquire(4 * subject.ttlUnitMs)), token, "the token of the lease it holds");
      await subject.advance(2.5 * subject.ttlUnitMs);
      assert.equal((await two.acquire(subject.ttlUnitMs)).kind, "busy", "its time counts from the last request");
      assert.deepEqual(await one.release(), { kind: "released" }, "one release is enough");
      assert.ok(assertHeld(await two.acquire(subject.ttlUnitMs)) > token, "the next holder has a larger token");
    },
  },
  {
    name: "gives every acquisition a larger token, after releases and after leases that ended",
    waits: true,
    async run(subject) {
      let before = Number.NEGATIVE_INFINITY;
      for (let round = 0; round < 4; round += 1) {
        const holder = leaseholder(subject, `owner ${round}`);
        const token = assertHeld(await holder.acquire(2 * subject.ttlUnitMs));
        assert.ok(token > before, `token ${token} is not larger than ${before}`);
        before = token;
        if (round % 2 === 0) await holder.release();
        else await subject.advance(3 * subject.ttlUnitMs);
      }
    },
  },
  {
    name: "keeps leases apart from entries of the same key",
    async run(subject) {
      const key = subject.key("lease");
      const one = leaseholder(subject, "one");
      assertHeld(await one.acquire(60 * subject.ttlUnitMs));
      await subject.assertMiss(key, "a lease is no entry");
      await subject.put(key, "value");
      await subject.assertHolds(key, "value");
      assert.equal(await subject.backend.delete(key, subject.context), true);
      assert.equal(
        (await leaseholder(subject, "two").acquire(subject.ttlUnitMs)).kind,
        "busy",
        "a delete ends no lease",
      );
      assert.deepEqual(await one.release(), { kind: "released" });
    },
  },
  {
    name: "lets exactly one of many who ask together hold the lease",
    run: (subject) => assertOneHolder(subject, [subject.backend]),
  },
  {
    name: "lets exactly one of many of two clients hold the lease",
    requires: [needsSecondClient],
    run: async (subject) => assertOneHolder(subject, [subject.backend, await subject.openSecond()]),
  },
];

/** Capability `leases`: one holder at a time, and tokens that never go back. */
export const leaseCases: readonly BackendCase[] = defineCases(
  "leases",
  definitions.map((definition) => ({
    ...definition,
    requires: [needsCapability("leases"), ...(definition.requires ?? [])],
  })),
);
