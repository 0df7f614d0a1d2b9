import type { Backend } from "../../backend/backend.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsCapability,
  needsSecondClient,
} from "./backend-case.ts";

async function invalidate(subject: ConformanceSubject, ...tags: readonly string[]): Promise<void> {
  await (subject.backend as Required<Backend>).invalidateTags(tags, subject.context);
}

async function stamp(subject: ConformanceSubject): Promise<number> {
  return (subject.backend as Required<Backend>).stamp(subject.context);
}

const definitions: readonly CaseDefinition[] = [
  {
    name: "returns an entry with the tags it was written with",
    async run(subject) {
      const tags = [subject.key("t 1"), subject.key("ação\r\n,;")];
      await subject.put(subject.key("a"), "value", { tags });
      assert.deepEqual(new Set((await subject.assertHolds(subject.key("a"), "value")).tags), new Set(tags));
    },
  },
  {
    name: "makes every entry with an invalidated tag a miss, and no other",
    async run(subject) {
      const [red, blue] = [subject.key("red"), subject.key("blue")];
      await subject.put(subject.key("1"), 1, { tags: [red] });
      await subject.put(subject.key("2"), 2, { tags: [blue, red] });
      await subject.put(subject.key("3"), 3, { tags: [blue] });
      await subject.put(subject.key("4"), 4);
      await invalidate(subject, red);
      await subject.assertMiss(subject.key("1"), "its tag was invalidated");
      await subject.assertMiss(subject.key("2"), "one of its tags was invalidated");
      await subject.assertHolds(subject.key("3"), 3);
      await subject.assertHolds(subject.key("4"), 4);
    },
  },
  {
    name: "invalidates several tags at once, unknown ones too",
    async run(subject) {
      const [red, blue] = [subject.key("red"), subject.key("blue")];
      await subject.put(subject.key("1"), 1, { tags: [red] });
      await subject.put(subject.key("2"), 2, { tags: [blue] });
      await invalidate(subject, red, subject.key("unknown"), blue);
      await subject.assertMiss(subject.key("1"));
      await subject.assertMiss(subject.key("2"));
    },
  },
  {
    name: "keeps odd tags apart: spaces, line ends, NUL, commas, other scripts, long ones",
    async run(subject) {
      const names = [
        "a",
        "A",
        "a ",
        "a\r\nb",
        "a,b",
        "b",
        "a\u0000",
        "{a}",
        "*",
        "漢字🦔",
        "x".repeat(252),
        "x".repeat(251),
      ];
      const tags = names.map((name) => subject.key(name));
      for (const [index, tag] of tags.entries()) await subject.put(subject.key(`of ${index}`), index, { tags: [tag] });
      for (const [index, tag] of tags.entries()) {
        assert.deepEqual([...(await subject.assertHolds(subject.key(`of ${index}`), index)).tags], [tag]);
        await subject.backend.invalidateTags?.([tag], subject.context);
        await subject.assertMiss(subject.key(`of ${index}`), "its tag was invalidated");
      }
    },
  },
  {
    name: "keeps an entry that is written with the tag right after the invalidation",
    async run(subject) {
      const tag = subject.key("tag");
      for (let round = 0; round < 5; round += 1) {
        await subject.put(subject.key("a"), `old ${round}`, { tags: [tag] });
        await invalidate(subject, tag);
        await subject.put(subject.key("a"), `new ${round}`, { tags: [tag] });
        await subject.assertHolds(subject.key("a"), `new ${round}`);
      }
    },
  },
  {
    name: "judges an entry by the tags of its last write only",
    async run(subject) {
      const [red, blue] = [subject.key("red"), subject.key("blue")];
      await subject.put(subject.key("a"), "red", { tags: [red] });
      await subject.put(subject.key("a"), "blue", { tags: [blue] });
      await invalidate(subject, red);
      await subject.assertHolds(subject.key("a"), "blue");
      await invalidate(subject, blue);
      await subject.assertMiss(subject.key("a"));
    },
  },
  {
    name: "takes an invalidated entry for absent in delete, expire and conditions",
    async run(subject) {
      const { backend, context } = subject;
      const [key, tag] = [subject.key("a"), subject.key("tag")];
      await subject.put(key, "old", { tags: [tag] });
      await invalidate(subject, tag);
      assert.equal(await backend.expire(key, 60 * subject.ttlUnitMs, context), false, "expire");
      assert.equal(await backend.delete(key, context), false, "delete");
      if (!backend.capabilities.conditionalWrites) return;
      await subject.put(key, "old", { tags: [tag] });
      await invalidate(subject, tag);
      const result = await backend.set(key, subject.write("new", { condition: { kind: "absent" } }), context);
      assert.equal(result.stored, true, "set on condition of absence");
    },
  },
  {
    name: "invalidates what batches wrote",
    async run(subject) {
      const tag = subject.key("tag");
      const items = ["a", "b"].map((name) => [subject.key(name), subject.write(name, { tags: [tag] })] as const);
      await subject.backend.setMulti(items, subject.context);
      await invalidate(subject, tag);
      await subject.assertMiss(subject.key("a"));
      await subject.assertMiss(subject.key("b"));
    },
  },
  {
    name: "gives out stamps that are larger than every version before and not larger than those after",
    async run(subject) {
      const before = await subject.put(subject.key("a"), 1);
      const stamped = await stamp(subject);
      const after = await subject.put(subject.key("a"), 2);
      assert.ok(stamped > before, `stamp ${stamped} is not larger than version ${before}`);
      assert.ok(after >= stamped, `version ${after} is smaller than the earlier stamp ${stamped}`);
    },
  },
  {
    name: "refuses the result of a load when one of its tags was invalidated after its stamp",
    async run(subject) {
      const [key, tag] = [subject.key("a"), subject.key("tag")];
      const tagsUnchangedSince = await stamp(subject);
      await invalidate(subject, tag);
      const late = subject.write("loaded", { tags: [subject.key("other"), tag], tagsUnchangedSince });
      assert.equal((await subject.backend.set(key, late, subject.context)).stored, false);
      await subject.assertMiss(key, "the load began before the invalidation");
    },
  },
  {
    name: "keeps the live entry when it refuses the result of a load",
    async run(subject) {
      const [key, tag] = [subject.key("a"), subject.key("tag")];
      const tagsUnchangedSince = await stamp(subject);
      await invalidate(subject, tag);
      const version = await subject.put(key, "written", { tags: [tag] });
      const result = await subject.backend.set(
        key,
        subject.write("loaded", { tags: [tag], tagsUnchangedSince }),
        subject.context,
      );
      assert.deepEqual({ stored: result.stored, version: result.version }, { stored: false, version });
      await subject.assertHolds(key, "written");
    },
  },
  {
    name: "stores the result of a load when other tags, or its own only before its stamp, were invalidated",
    async run(subject) {
      const [key, tag] = [subject.key("a"), subject.key("tag")];
      await invalidate(subject, tag);
      const tagsUnchangedSince = await stamp(subject);
      await invalidate(subject, subject.key("other"));
      const result = await subject.backend.set(
        key,
        subject.write("loaded", { tags: [tag], tagsUnchangedSince }),
        subject.context,
      );
      assert.equal(result.stored, true);
      await subject.assertHolds(key, "loaded");
    },
  },
  {
    name: "sees an invalidation by another client at once",
    requires: [needsSecondClient],
    async run(subject) {
      const [key, tag] = [subject.key("a"), subject.key("tag")];
      const second = await subject.openSecond();
      const tagsUnchangedSince = await stamp(subject);
      await subject.put(key, "value", { tags: [tag] });
      await second.invalidateTags?.([tag], subject.context);
      await subject.assertMiss(key, "the other client invalidated its tag");
      const late = subject.write("loaded", { tags: [tag], tagsUnchangedSince });
      assert.equal((await subject.backend.set(key, late, subject.context)).stored, false);
    },
  },
];

/** Capability `tags`: an invalidation ends everything older that carries the tag, and nothing newer. */
export const tagCases: readonly BackendCase[] = defineCases(
  "tags",
  definitions.map((definition) => ({
    ...definition,
    requires: [needsCapability("tags"), ...(definition.requires ?? [])],
  })),
);
