import type { Backend } from "../../backend/backend.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsCapability,
  needsExclusiveData,
} from "./backend-case.ts";

const MANY_COUNT = 1_200;
const CHANGING_SLICE_COUNT = 6;

function slicesOf(subject: ConformanceSubject, prefix: string): AsyncIterable<readonly string[]> {
  return (subject.backend as Required<Backend>).scan(prefix, subject.context);
}

async function scanAll(subject: ConformanceSubject, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const slice of slicesOf(subject, prefix)) found.push(...slice);
  return found.sort();
}

async function putMany(subject: ConformanceSubject, stem: string): Promise<string[]> {
  const keys = Array.from({ length: MANY_COUNT }, (_, index) => subject.key(`${stem}${index}`));
  await subject.backend.setMulti(
    keys.map((key) => [key, subject.write(1)] as const),
    subject.context,
  );
  return keys.sort();
}

const definitions: readonly CaseDefinition[] = [
  {
    name: "lists every key with the prefix once, and no other",
    async run(subject) {
      const names = ["user:1", "user:2", "user:", "user:1:name", "users", "use", "account:1"];
      for (const name of names) await subject.put(subject.key(name), name);
      const expected = ["user:", "user:1", "user:1:name", "user:2"].map((name) => subject.key(name));
      assert.deepEqual(await scanAll(subject, subject.key("user:")), expected.sort());
      assert.deepEqual(await scanAll(subject, subject.key("nobody")), []);
    },
  },
  {
    name: "lists more than a thousand keys, each once",
    async run(subject) {
      const keys = await putMany(subject, "many ");
      assert.deepEqual(await scanAll(subject, subject.key("many ")), keys);
    },
  },
  {
    name: "takes pattern characters in a prefix literally",
    async run(subject) {
      const stems = ["*", "?", "[ab]", "a*", "\\", "\\*", "^", "{a,b}", "%", "_", "."];
      for (const name of [...stems, "a", "b", "ab", "anything"]) await subject.put(subject.key(name), name);
      for (const stem of stems) {
        const found = await scanAll(subject, subject.key(stem));
        const expected = [...stems, "a", "b", "ab", "anything"].filter((name) => name.startsWith(stem));
        assert.deepEqual(found, expected.map((name) => subject.key(name)).sort(), `prefix ${JSON.stringify(stem)}`);
      }
    },
  },
  {
    name: "lists keys exactly as they were written, odd ones too",
    async run(subject) {
      const keys = [
        "odd a b",
        "odd \r\n",
        "odd \u0000",
        "odd 🦔",
        "odd %20",
        "odd /../",
        `odd ${"z".repeat(2_000)}`,
      ].map((name) => subject.key(name));
      for (const key of keys) await subject.put(key, 1);
      assert.deepEqual(await scanAll(subject, subject.key("odd ")), keys.sort());
    },
  },
  {
    name: "lists no key that was deleted, has expired, or lost its entry to a tag",
    waits: true,
    async run(subject) {
      const { backend, context } = subject;
      for (const name of ["live", "deleted", "expired", "tagged"]) {
        const tags = name === "tagged" && backend.capabilities.tags ? [subject.key("tag")] : [];
        const ttlMs = name === "expired" ? 2 * subject.ttlUnitMs : Number.POSITIVE_INFINITY;
        await subject.put(subject.key(name), name, { ttlMs, tags });
      }
      await backend.delete(subject.key("deleted"), context);
      if (backend.capabilities.tags) await backend.invalidateTags?.([subject.key("tag")], context);
      else await backend.delete(subject.key("tagged"), context);
      await subject.advance(3 * subject.ttlUnitMs);
      assert.deepEqual(await scanAll(subject, subject.key("")), [subject.key("live")]);
    },
  },
  {
    name: "lists keys that are there throughout once, while others come and go",
    async run(subject) {
      const keys = await putMany(subject, "stay ");
      const found: string[] = [];
      let round = 0;
      for await (const slice of slicesOf(subject, subject.key("stay "))) {
        found.push(...slice);
        // A store may give slices of one key: changes between the first few are enough.
        for (let index = 0; round < CHANGING_SLICE_COUNT && index < 30; index += 1) {
          await subject.put(subject.key(`stay new ${round} ${index}`), 1);
          if (round > 0) await subject.backend.delete(subject.key(`stay new ${round - 1} ${index}`), subject.context);
        }
        round += 1;
      }
      const stayed = found.filter((key) => !key.startsWith(subject.key("stay new")));
      assert.deepEqual(stayed.sort(), keys);
    },
  },
  {
    name: "stops cleanly when the reader leaves in the middle",
    async run(subject) {
      await putMany(subject, "many ");
      for await (const slice of slicesOf(subject, subject.key("many "))) {
        if (slice.length > 0) break;
      }
      await subject.put(subject.key("after"), "value");
      await subject.assertHolds(subject.key("after"), "value");
    },
  },
  {
    name: "lists no leases",
    requires: [needsCapability("leases")],
    async run(subject) {
      const lease = {
        kind: "acquire",
        key: subject.key("lease"),
        owner: "one",
        ttlMs: 60 * subject.ttlUnitMs,
      } as const;
      await subject.backend.lease?.(lease, subject.context);
      assert.deepEqual(await scanAll(subject, subject.key("")), []);
    },
  },
  {
    name: "lists every key of the store with an empty prefix",
    requires: [needsExclusiveData],
    async run(subject) {
      const keys = ["plain", "@:escaped", subject.key("inner"), "@other/deep:key"];
      for (const key of keys) await subject.put(key, 1);
      assert.deepEqual(await scanAll(subject, ""), keys.sort());
    },
  },
];

/** Capability `scan`: the live keys, completely and exactly. */
export const scanCases: readonly BackendCase[] = defineCases(
  "scan",
  definitions.map((definition) => ({
    ...definition,
    requires: [needsCapability("scan"), ...(definition.requires ?? [])],
  })),
);
