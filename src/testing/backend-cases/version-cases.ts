import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  defineCases,
  needsCapability,
  needsSecondClient,
  needsTransactions,
} from "./backend-case.ts";

/** Asserts that each version is larger than the one before. */
function assertGrowing(versions: readonly number[]): void {
  for (const [index, version] of versions.entries()) {
    assert.ok(Number.isSafeInteger(version) && version > 0, `version ${version} is no positive safe integer`);
    const before = versions[index - 1] ?? 0;
    assert.ok(version > before, `write ${index} has version ${version}, not larger than ${before}`);
  }
}

async function putAgain(subject: ConformanceSubject, between: () => unknown): Promise<void> {
  const key = subject.key("a");
  const versions: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    versions.push(await subject.put(key, round, { ttlMs: 2 * subject.ttlUnitMs }));
    await between();
  }
  assertGrowing(versions);
}

/** Versions of a key only grow; whoever holds an old one can never take it for a new one. */
export const versionCases: readonly BackendCase[] = defineCases("versions", [
  {
    name: "gives every write of a key a larger version",
    run: (subject) => putAgain(subject, () => undefined),
  },
  {
    name: "lets versions grow across a delete",
    run: (subject) => putAgain(subject, () => subject.backend.delete(subject.key("a"), subject.context)),
  },
  {
    name: "lets versions grow across a delete of many",
    run: (subject) => putAgain(subject, () => subject.backend.deleteMulti([subject.key("a")], subject.context)),
  },
  {
    name: "lets versions grow across the end of a TTL",
    waits: true,
    run: (subject) => putAgain(subject, () => subject.advance(3 * subject.ttlUnitMs)),
  },
  {
    name: "lets versions grow across an expire to 0",
    run: (subject) => putAgain(subject, () => subject.backend.expire(subject.key("a"), 0, subject.context)),
  },
  {
    name: "lets versions grow across a clear",
    requires: [needsCapability("clear")],
    run: (subject) => putAgain(subject, () => subject.backend.clear?.(subject.namespace, subject.context)),
  },
  {
    name: "lets versions grow across an invalidation of tags",
    requires: [needsCapability("tags")],
    async run(subject) {
      const tag = subject.key("tag");
      const first = await subject.put(subject.key("a"), 1, { tags: [tag] });
      await subject.backend.invalidateTags?.([tag], subject.context);
      assertGrowing([first, await subject.put(subject.key("a"), 2, { tags: [tag] })]);
    },
  },
  {
    name: "reports the same version from a read as from the write",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "first");
      const version = await subject.put(key, "second");
      assert.equal((await subject.assertHolds(key, "second")).version, version);
      const [fromBatch] = await subject.backend.getMulti([key], subject.context);
      assert.equal(fromBatch?.version, version);
    },
  },
  {
    name: "lets versions of batches, single writes and deletes grow together",
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("a");
      const first = await subject.put(key, 1);
      const [second] = await backend.setMulti([[key, subject.write(2)]], context);
      await backend.delete(key, context);
      const [third] = await backend.setMulti([[key, subject.write(3)]], context);
      assertGrowing([first, second?.version ?? 0, third?.version ?? 0, await subject.put(key, 4)]);
    },
  },
  {
    name: "lets versions of counters, transactions and writes grow together",
    requires: [needsCapability("counters"), needsTransactions],
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("a");
      const request = { delta: 1n, initial: 0n, ttlMs: Number.POSITIVE_INFINITY, minimum: -1000n, maximum: 1000n };
      const counted = await backend.increment?.(key, request, context);
      const again = await backend.increment?.(key, request, context);
      const committed = await backend.commit?.([], [{ key, write: subject.write(7) }], context);
      const written = await subject.put(key, 8);
      assertGrowing([counted?.version ?? 0, again?.version ?? 0, committed?.versions[0] ?? 0, written]);
    },
  },
  {
    name: "gives writes of one key that run together different versions",
    async run(subject) {
      const key = subject.key("a");
      const versions = await Promise.all(Array.from({ length: 50 }, (_, index) => subject.put(key, index)));
      assert.equal(new Set(versions).size, versions.length);
      const entry = await subject.backend.get(key, subject.context);
      assert.equal(entry?.version, Math.max(...versions), "the entry that stays has the largest version");
    },
  },
  {
    name: "lets versions grow when two clients write in turn",
    requires: [needsSecondClient],
    async run(subject) {
      const key = subject.key("a");
      const second = await subject.openSecond();
      const versions: number[] = [];
      for (let round = 0; round < 4; round += 1) {
        const client = round % 2 === 0 ? subject.backend : second;
        versions.push((await client.set(key, subject.write(round), subject.context)).version);
        if (round === 1) await second.delete(key, subject.context);
      }
      assertGrowing(versions);
    },
  },
]);
