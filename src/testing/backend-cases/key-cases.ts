import { createHash } from "node:crypto";
import { MAX_COUNTER, MIN_COUNTER } from "../../backend/counter.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import { type BackendCase, defineCases } from "./backend-case.ts";

const LONGEST_KEY_BYTES = 65_536;

/** Names that some store, file system or protocol would confuse with each other or with its own words. */
const ODD_NAMES = [
  " ",
  "  ",
  "a b",
  "a\r\nb",
  "a\nset other 0 0 1",
  "a\u0000b",
  "a\u0000",
  "a",
  "A",
  "á",
  "a\u0301",
  "%61",
  "%2561",
  "\\u0061",
  "&#97;",
  "YQ==",
  "a/../b",
  "../a",
  ".",
  "..",
  "/",
  "\\",
  "C:\\a",
  "~",
  "{a}",
  "{a}b",
  "*",
  "?",
  "[a]",
  "a:b",
  "a::b",
  ":",
  "@a",
  "@:a",
  "__proto__",
  "constructor",
  "toString",
  "undefined",
  "null",
  "0",
  "00",
  "-0",
  "1e3",
  "漢字",
  "🦔",
  "🦔🦔",
  "\u007f",
  "\u0080",
  "\ufeffa",
  "\u202ea",
  "'; DROP TABLE cache; --",
  '"quoted"',
  "a,b",
  "a\tb",
  "a\rb",
  "\r\nEN\r\n",
  "a\\",
  "a*b",
  "a?b",
  "a[b",
  "a{b",
  "a}b",
  "{}",
  "{}a",
  "{a}{b}",
  "$5",
  "-ERR",
  "+OK",
  "noreply",
  "\u2028",
  "\u{10ffff}",
  "a\u200db",
];

/** What stores use to make keys of their own. */
const ODD_OWN_NAMES = [
  ":v",
  "a:v",
  ":lock",
  "a:lock",
  ":tags",
  ":meta",
  "!a",
  "#a",
  "a#0",
  "a#1",
  "gcx:",
  "gcx:a",
  "k:a",
];

/** Those of the odd names that some client would cut, escape or reject, for operations other than reading and writing. */
const NAMES_FOR_EVERY_OPERATION = [
  "a b",
  "a\r\nb",
  "a\u0000b",
  "{a}b",
  "*",
  "?[a]\\",
  "漢字🦔",
  "__proto__",
  "x".repeat(251),
  "x".repeat(252),
  "k".repeat(LONGEST_KEY_BYTES),
];

/** What the other operations do under a key, beside reading and writing: each must meet the entry of that very key. */
async function assertEveryOperationMeets(subject: ConformanceSubject, key: string): Promise<void> {
  const { backend, context, ttlUnitMs } = subject;
  const { capabilities } = backend;
  if (capabilities.conditionalWrites) {
    const write = subject.write("created", { condition: { kind: "absent" } });
    assert.equal((await backend.set(key, write, context)).stored, true, "nothing was there");
    assert.equal((await backend.set(key, write, context)).stored, false, "it was created before");
    assert.equal(await backend.expire(key, 60 * ttlUnitMs, context), true, "expire");
  } else {
    await subject.put(key, "created");
  }
  await subject.assertHolds(key, "created");
  assert.equal(await backend.deleteMulti([key], context), 1, "deleteMulti");
  await subject.assertMiss(key, "it was deleted");
  if (capabilities.counters) {
    const request = { delta: 1n, initial: 0n, ttlMs: 60 * ttlUnitMs, minimum: MIN_COUNTER, maximum: MAX_COUNTER };
    await backend.increment?.(key, request, context);
    assert.equal((await backend.increment?.(key, request, context))?.value, 2n, "increment");
    assert.ok((await backend.get(key, context)) !== undefined, "the counter is under its key");
    assert.equal(await backend.delete(key, context), true, "the counter is deleted under its key");
  }
  if (capabilities.leases) {
    const lease = { key, ttlMs: 60 * ttlUnitMs };
    assert.equal((await backend.lease?.({ ...lease, kind: "acquire", owner: "one" }, context))?.kind, "held");
    assert.equal((await backend.lease?.({ ...lease, kind: "acquire", owner: "two" }, context))?.kind, "busy");
  }
  if (capabilities.transactions !== "none") {
    const done = await backend.commit?.([{ key, version: 0 }], [{ key, write: subject.write("committed") }], context);
    assert.equal(done?.committed, true, "commit");
    await subject.assertHolds(key, "committed");
  }
}

/** Writes a different value under each key, then reads all of them. */
async function assertDistinct(subject: ConformanceSubject, keys: readonly string[]): Promise<void> {
  for (const [index, key] of keys.entries()) await subject.put(key, `value ${index}`);
  for (const [index, key] of keys.entries()) await subject.assertHolds(key, `value ${index}`);
  const entries = await subject.backend.getMulti(keys, subject.context);
  for (const index of keys.keys()) subject.assertEntry(entries[index], `value ${index}`, "getMulti of all");
  const [first, ...others] = keys;
  assert.equal(await subject.backend.delete(first as string, subject.context), true);
  await subject.assertMiss(first as string, "it was deleted");
  for (const [index, key] of others.entries()) await subject.assertHolds(key, `value ${index + 1}`);
}

/** Keys are opaque: any text is a key, and different texts are different keys. */
export const keyCases: readonly BackendCase[] = defineCases("keys", [
  {
    name: "keeps odd keys apart: spaces, line ends, NUL, escapes, paths, globs, other scripts",
    run: (subject) =>
      assertDistinct(
        subject,
        ODD_NAMES.map((name) => subject.key(name)),
      ),
  },
  {
    name: "keeps keys apart that are prefixes of each other",
    run: (subject) =>
      assertDistinct(
        subject,
        ["a", "ab", "abc", "abcd", "abcde"].map((name) => subject.key(name)),
      ),
  },
  {
    name: "keeps keys apart that differ in their case only",
    run: (subject) =>
      assertDistinct(
        subject,
        ["key", "Key", "KEY", "kEY"].map((name) => subject.key(name)),
      ),
  },
  {
    name: "keeps keys of 64 KiB apart that differ in their last character only",
    async run(subject) {
      const stem = "k".repeat(LONGEST_KEY_BYTES - 1);
      await assertDistinct(subject, [subject.key(`${stem}1`), subject.key(`${stem}2`), subject.key(stem)]);
    },
  },
  {
    name: "keeps keys apart around the lengths where stores begin to hash or escape them",
    async run(subject) {
      const lengths = [1, 100, 199, 200, 201, 249, 250, 251, 254, 255, 256, 257, 1_023, 1_024, 4_096];
      await assertDistinct(
        subject,
        lengths.map((length) => subject.key("x".repeat(length))),
      );
    },
  },
  {
    name: "keeps long keys apart from a digest that looks like one",
    async run(subject) {
      const long = subject.key("y".repeat(300));
      const digests = ["sha1", "sha256", "md5"].flatMap((algorithm) =>
        (["hex", "base64", "base64url"] as const).map((encoding) =>
          createHash(algorithm).update(long).digest(encoding),
        ),
      );
      await assertDistinct(subject, [long, ...digests.map((digest) => subject.key(digest))]);
    },
  },
  {
    name: "keeps keys apart whose multi-byte characters fill 64 KiB",
    async run(subject) {
      const stem = "🦔".repeat(LONGEST_KEY_BYTES / 4 - 1);
      await assertDistinct(subject, [subject.key(`${stem}🦔`), subject.key(`${stem}🦓`)]);
    },
  },
  {
    name: "meets the entry of an odd or long key with every operation: conditions, TTLs, counters, leases, commits",
    async run(subject) {
      const keys = NAMES_FOR_EVERY_OPERATION.map((name) => subject.key(name));
      await Promise.all(keys.map((key) => assertEveryOperationMeets(subject, key)));
    },
  },
  {
    name: "keeps keys apart that look like those it makes itself",
    async run(subject) {
      const plain = subject.key("a");
      const names = subject.ownNames.flatMap((name) => [name, `${name}a`, `a${name}`, `${name}${name}`]);
      // As a key of the root too, where nothing stands before it; `plain` makes it this case's own.
      const roots = subject.ownNames.filter((name) => !name.startsWith("@")).map((name) => `${name}${plain}`);
      const own = new Set([...names, ...ODD_OWN_NAMES].map((name) => subject.key(name)));
      own.delete(plain);
      await assertDistinct(subject, [plain, ...own, ...roots]);
    },
  },
]);
