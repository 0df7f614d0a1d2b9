import { createHash } from "node:crypto";
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
];

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
]);
