import type { Backend } from "../../backend/backend.ts";
import type { KeyCheck, KeyWrite } from "../../backend/commit.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import { type BackendCase, defineCases, needsColocation, needsCommit, needsSingleKey } from "./backend-case.ts";

/** How many keys are looked at for two that live apart; on a store of one server there are none. */
const MOST_KEYS_LOOKED_AT = 1_000;

/** Two keys that one commit cannot touch, or `undefined` when all live together. */
function findApart(subject: ConformanceSubject): readonly [string, string] | undefined {
  const { areColocated } = subject.backend as Required<Backend>;
  const first = subject.key("{0}");
  for (let index = 1; index < MOST_KEYS_LOOKED_AT; index += 1) {
    const other = subject.key(`{${index}}`);
    if (!areColocated([first, other])) return [first, other];
  }
  return undefined;
}

async function assertRefusedWhole(
  subject: ConformanceSubject,
  checks: readonly KeyCheck[],
  writes: readonly KeyWrite[],
): Promise<void> {
  const { commit } = subject.backend as Required<Backend>;
  const keys = [...new Set([...checks, ...writes].map(({ key }) => key))];
  const before = await subject.backend.getMulti(keys, subject.context);
  await assert.rejects(
    async () => commit(checks, writes, subject.context),
    (error) => {
      const { code } = (error ?? {}) as { readonly code?: unknown };
      assert.equal(code, "GCX_OPERATION_UNSUPPORTED", `a commit over ${keys.length} keys that it cannot do`);
    },
  );
  const after = await subject.backend.getMulti(keys, subject.context);
  assert.deepEqual(
    after.map((entry) => entry?.version),
    before.map((entry) => entry?.version),
    "a refused commit changes nothing",
  );
}

/** Which keys a commit may touch. */
export const transactionReachCases: readonly BackendCase[] = defineCases("transactions", [
  {
    name: "commits a write and a delete of one key under its check, and neither when the check fails",
    requires: [needsCommit],
    async run(subject) {
      const { commit } = subject.backend as Required<Backend>;
      const key = subject.key("alone");
      const first = await commit([{ key, version: 0 }], [{ key, write: subject.write("new") }], subject.context);
      assert.equal(first.committed, true);
      const { version } = await subject.assertHolds(key, "new");
      assert.equal(first.versions[0], version);
      const stale = await commit([{ key, version: 0 }], [{ key, write: subject.write("late") }], subject.context);
      assert.deepEqual([stale.committed, [...stale.versions]], [false, []]);
      const late = await commit([{ key, version: version + 1 }], [{ key, write: undefined }], subject.context);
      assert.equal(late.committed, false, "a delete under a check that fails");
      await subject.assertHolds(key, "new");
      const gone = await commit([{ key, version }], [{ key, write: undefined }], subject.context);
      assert.deepEqual([gone.committed, [...gone.versions]], [true, [0]]);
      await subject.assertMiss(key, "the commit deleted it");
    },
  },
  {
    name: "takes keys with a common hash tag for living together, a key with itself, and no keys at all",
    requires: [needsColocation],
    async run(subject) {
      const { areColocated } = subject.backend as Required<Backend>;
      const together = ["a", "b", "c"].map((name) => subject.togetherKey(name));
      assert.equal(areColocated(together), true, "keys with a common hash tag");
      for (const name of ["a", "{t}a", "a b", "{", "{}a"]) {
        const key = subject.key(name);
        assert.equal(areColocated([key]), true, "a key alone");
        assert.equal(areColocated([key, key]), true, "a key with itself");
      }
      assert.equal(areColocated([]), true, "no keys");
      assert.equal(areColocated([...together].reverse()), true, "their order does not matter");
    },
  },
  {
    name: "refuses a commit over keys that live apart as unsupported, before any change",
    requires: [needsColocation],
    async run(subject) {
      const apart = findApart(subject);
      if (apart === undefined) return;
      const [first, other] = apart;
      const version = await subject.put(first, "old");
      const writes = [
        { key: first, write: subject.write("new") },
        { key: other, write: subject.write("new") },
      ];
      await assertRefusedWhole(subject, [], writes);
      await assertRefusedWhole(subject, [{ key: first, version }], writes);
      await assertRefusedWhole(subject, [{ key: other, version: 0 }], writes.slice(0, 1));
      await assertRefusedWhole(
        subject,
        [
          { key: first, version },
          { key: other, version: 0 },
        ],
        [],
      );
    },
  },
  {
    name: "refuses a commit over two keys as unsupported where it can do one, before any change",
    requires: [needsSingleKey],
    async run(subject) {
      const [first, other] = [subject.togetherKey("a"), subject.togetherKey("b")];
      const version = await subject.put(first, "old");
      const writes = [
        { key: first, write: subject.write("new") },
        { key: other, write: subject.write("new") },
      ];
      await assertRefusedWhole(subject, [{ key: first, version }], writes);
      await assertRefusedWhole(subject, [{ key: other, version: 0 }], writes.slice(0, 1));
    },
  },
]);
