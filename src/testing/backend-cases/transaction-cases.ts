import type { Backend } from "../../backend/backend.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "../../backend/commit.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsCapability,
  needsSecondClient,
  needsTransactions,
} from "./backend-case.ts";

const MAX_ATTEMPTS = 1_000;

async function commit(
  subject: ConformanceSubject,
  checks: readonly KeyCheck[],
  writes: readonly KeyWrite[],
  client: Backend = subject.backend,
): Promise<CommitResult> {
  return (client as Required<Backend>).commit(checks, writes, subject.context);
}

/** Moves one unit from an account to another until it succeeds. */
async function transfer(subject: ConformanceSubject, client: Backend, from: string, to: string): Promise<void> {
  // Bounded, for a store that refuses for ever and synchronously would keep even the kit's deadline from firing.
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const [source, target] = await client.getMulti([from, to], subject.context);
    assert.ok(source !== undefined && target !== undefined, "both accounts are there");
    const checks = [
      { key: from, version: source.version },
      { key: to, version: target.version },
    ];
    const writes = [
      { key: from, write: subject.write((subject.sampleOf(source.value) as number) - 1) },
      { key: to, write: subject.write((subject.sampleOf(target.value) as number) + 1) },
    ];
    if ((await commit(subject, checks, writes, client)).committed) return;
  }
  assert.fail(`the transaction was refused ${MAX_ATTEMPTS} times`);
}

async function assertSumKept(subject: ConformanceSubject, clients: readonly Backend[]): Promise<void> {
  const accounts = ["a", "b", "c"].map((name) => subject.togetherKey(name));
  for (const account of accounts) await subject.put(account, 100);
  await Promise.all(
    Array.from({ length: 24 }, (_, index) =>
      transfer(
        subject,
        clients[index % clients.length] as Backend,
        accounts[index % 3] as string,
        accounts[(index + 1 + (index % 2)) % 3] as string,
      ),
    ),
  );
  const entries = await subject.backend.getMulti(accounts, subject.context);
  assert.equal(
    entries.reduce((sum, entry) => sum + (subject.sampleOf(entry?.value) as number), 0),
    300,
    "nothing was lost or made",
  );
}

/**
 * Each reads two absent keys and writes one of them: of serializable transactions one at most can commit, for every other one has read
 * what that one wrote. A store that checks only what it writes lets one of each half commit.
 */
async function assertNoWriteSkew(subject: ConformanceSubject, clients: readonly Backend[]): Promise<void> {
  const keys = ["left", "right"].map((name) => subject.togetherKey(name));
  const checks = keys.map((key) => ({ key, version: 0 }));
  const results = await Promise.all(
    Array.from({ length: 24 }, (_, index) => {
      const key = keys[Math.floor(index / clients.length) % 2] as string;
      return commit(subject, checks, [{ key, write: subject.write(index) }], clients[index % clients.length]);
    }),
  );
  assert.equal(results.filter(({ committed }) => committed).length, 1, "transactions that committed");
  const entries = await subject.backend.getMulti(keys, subject.context);
  assert.equal(entries.filter((entry) => entry !== undefined).length, 1, "keys that were written");
}

const definitions: readonly CaseDefinition[] = [
  {
    name: "applies all writes and deletes of a transaction, and answers with their versions",
    async run(subject) {
      const [changed, created, removed] = [
        subject.togetherKey("changed"),
        subject.togetherKey("created"),
        subject.togetherKey("removed"),
      ];
      const checks = [
        { key: changed, version: await subject.put(changed, "old") },
        { key: created, version: 0 },
        { key: removed, version: await subject.put(removed, "old") },
      ];
      const result = await commit(subject, checks, [
        { key: changed, write: subject.write("new") },
        { key: created, write: subject.write(null) },
        { key: removed, write: undefined },
      ]);
      assert.equal(result.committed, true);
      assert.equal((await subject.assertHolds(changed, "new")).version, result.versions[0]);
      assert.equal((await subject.assertHolds(created, null)).version, result.versions[1]);
      assert.equal(result.versions[2], 0, "a delete has version 0");
      await subject.assertMiss(removed, "the transaction deleted it");
    },
  },
  {
    name: "changes nothing at all when the last check fails",
    async run(subject) {
      const keys = ["a", "b", "c"].map((name) => subject.togetherKey(name));
      const versions = await Promise.all(keys.map((key) => subject.put(key, "old")));
      const stale = { key: keys[2] as string, version: versions[2] as number };
      await subject.put(stale.key, "newer");
      const result = await commit(
        subject,
        [
          { key: keys[0] as string, version: versions[0] as number },
          { key: keys[1] as string, version: versions[1] as number },
          stale,
        ],
        [
          { key: keys[0] as string, write: subject.write("new") },
          { key: keys[1] as string, write: undefined },
          { key: stale.key, write: subject.write("new") },
        ],
      );
      assert.deepEqual(
        { committed: result.committed, versions: [...result.versions] },
        { committed: false, versions: [] },
      );
      assert.equal((await subject.assertHolds(keys[0] as string, "old")).version, versions[0]);
      assert.equal((await subject.assertHolds(keys[1] as string, "old")).version, versions[1]);
      await subject.assertHolds(stale.key, "newer");
    },
  },
  {
    name: "checks keys that it does not write, and writes keys that it does not check",
    async run(subject) {
      const [read, written] = [subject.togetherKey("read"), subject.togetherKey("written")];
      const version = await subject.put(read, "seen");
      await subject.put(written, "old");
      assert.equal(
        (await commit(subject, [{ key: read, version }], [{ key: written, write: subject.write("new") }])).committed,
        true,
      );
      await subject.put(read, "changed");
      assert.equal(
        (await commit(subject, [{ key: read, version }], [{ key: written, write: subject.write("late") }])).committed,
        false,
      );
      await subject.assertHolds(written, "new");
    },
  },
  {
    name: "commits without writes when every check holds",
    async run(subject) {
      const key = subject.togetherKey("a");
      const version = await subject.put(key, "value");
      assert.deepEqual([...(await commit(subject, [{ key, version }], [])).versions], []);
      assert.equal((await commit(subject, [{ key, version }], [])).committed, true);
      assert.equal((await commit(subject, [{ key, version: 0 }], [])).committed, false);
    },
  },
  {
    name: "takes a deleted or expired entry for absent, and a new one for changed",
    waits: true,
    async run(subject) {
      const [key, expired] = [subject.togetherKey("a"), subject.togetherKey("expired")];
      const version = await subject.put(expired, "old", { ttlMs: 2 * subject.ttlUnitMs });
      await subject.advance(3 * subject.ttlUnitMs);
      assert.equal((await commit(subject, [{ key: expired, version }], [])).committed, false, "its TTL is over");
      assert.equal((await commit(subject, [{ key: expired, version: 0 }], [])).committed, true, "it is absent");
      const first = await subject.put(key, "same");
      await subject.backend.delete(key, subject.context);
      assert.equal((await commit(subject, [{ key, version: 0 }], [])).committed, true, "it was deleted");
      await subject.put(key, "same");
      assert.equal((await commit(subject, [{ key, version: first }], [])).committed, false, "it was written again");
      assert.equal((await commit(subject, [{ key, version: 0 }], [])).committed, false, "it is not absent");
    },
  },
  {
    name: "gives what a transaction writes its TTL",
    waits: true,
    async run(subject) {
      const key = subject.togetherKey("a");
      await commit(subject, [], [{ key, write: subject.write("value", { ttlMs: 2 * subject.ttlUnitMs }) }]);
      await subject.assertHolds(key, "value");
      await subject.advance(3 * subject.ttlUnitMs);
      await subject.assertMiss(key, "its TTL is over");
    },
  },
  {
    name: "gives what a transaction writes its tags, and takes an invalidated entry for absent",
    requires: [needsCapability("tags")],
    async run(subject) {
      const [key, tag] = [subject.togetherKey("a"), subject.key("tag")];
      const { versions } = await commit(subject, [], [{ key, write: subject.write("value", { tags: [tag] }) }]);
      await subject.backend.invalidateTags?.([tag], subject.context);
      await subject.assertMiss(key, "its tag was invalidated");
      assert.equal((await commit(subject, [{ key, version: versions[0] as number }], [])).committed, false);
      assert.equal((await commit(subject, [{ key, version: 0 }], [])).committed, true);
    },
  },
  {
    name: "keeps a sum when many transactions move parts of it",
    run: (subject) => assertSumKept(subject, [subject.backend]),
  },
  {
    name: "keeps a sum when transactions of two clients move parts of it",
    requires: [needsSecondClient],
    run: async (subject) => assertSumKept(subject, [subject.backend, await subject.openSecond()]),
  },
  {
    name: "lets exactly one of many transactions that read the same commit",
    async run(subject) {
      const keys = [subject.togetherKey("a"), subject.togetherKey("b")] as const;
      const checks = keys.map((key) => ({ key, version: 0 }));
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          commit(
            subject,
            checks,
            keys.map((key) => ({ key, write: subject.write(index) })),
          ),
        ),
      );
      const winners = results.flatMap((result, index) => (result.committed ? [index] : []));
      assert.equal(winners.length, 1, `${winners.length} transactions committed`);
      for (const key of keys) await subject.assertHolds(key, winners[0]);
    },
  },
  {
    name: "lets one at most commit of transactions that read the same keys and each write one of them",
    run: (subject) => assertNoWriteSkew(subject, [subject.backend]),
  },
  {
    name: "lets one at most commit of such transactions of two clients",
    requires: [needsSecondClient],
    run: async (subject) => assertNoWriteSkew(subject, [subject.backend, await subject.openSecond()]),
  },
];

/** Capability `transactions`: checks and writes of several keys in one step. See `transaction-reach-cases.ts` for which keys. */
export const transactionCases: readonly BackendCase[] = defineCases(
  "transactions",
  definitions.map((definition) => ({ ...definition, requires: [needsTransactions, ...(definition.requires ?? [])] })),
);
