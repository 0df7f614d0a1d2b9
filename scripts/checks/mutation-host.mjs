// What Vitest runs as a test file: the named tests of many mutations, each in modules of its own, and at the end the same tests without any mutation, in the
// same process, so that what an earlier one left behind cannot pass for a safeguard that was missed.
import { readFile } from "node:fs/promises";
import { beforeAll, describe, inject, it, vi } from "vitest";
import { BROKEN_TEST, mutate } from "./mutate.mjs";
import { MutatedModules } from "./mutated-modules.mjs";

/** Tests as they are must pass, however slow the machine; a mutant's may hang, and that is waited for but as long as the configuration says. */
const UNCHANGED_TEST_TIMEOUT_MS = 60_000;
const UNCHANGED_POLL_TIMEOUT_MS = 30_000;

const modules = new MutatedModules(inject(/** @type {never} */ ("programs")));
/** @type {readonly import("./check-mutations.mjs").HostedSuite[]} */
const suites = inject(/** @type {never} */ ("suites"));
for (const { suite, testFile, mutation } of suites) {
  describe(suite, async () => {
    if (mutation === undefined) {
      vi.setConfig({ testTimeout: UNCHANGED_TEST_TIMEOUT_MS, hookTimeout: UNCHANGED_TEST_TIMEOUT_MS });
      // Read when a test runs rather than when it is declared; those of the mutants have run by then.
      beforeAll(() => void vi.setConfig({ expect: { poll: { timeout: UNCHANGED_POLL_TIMEOUT_MS } } }));
    }
    try {
      await modules.import(testFile, mutation === undefined ? [] : [await mutatedText(mutation)]);
    } catch (error) {
      it(BROKEN_TEST, () => {
        throw error;
      });
    }
  });
}

/** @param {import("../../test/mutations/mutation.ts").Mutation} mutation with an absolute path */
async function mutatedText(mutation) {
  const text = mutate(await readFile(mutation.file, "utf8"), mutation);
  if (text === undefined) throw new SyntaxError("The text is not there.");
  return { path: mutation.file, text };
}
