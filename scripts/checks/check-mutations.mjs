// Takes each safeguard of a list out of the sources, one at a time and in memory only, and sees whether the test named for it fails. Says "survived" of a safeguard
// without which its test still passes, and of a mutation whose text or test is not there any more what is missing.
//
// Usage: node scripts/checks/check-mutations.mjs [--json] [words of the names of mutations …]
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";
import { importSource } from "../import-source.mjs";
import { isMain } from "./is-main.mjs";

const LIST = "test/mutations/loading-mutations.ts";
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A safeguard against hanging shows by a test that hangs; none of these tests takes long when it passes. */
const TEST_TIMEOUT_MS = 4_000;
/** Errors of code that is broken rather than without its safeguard: a mutation must not be caught by them. */
const BROKEN_CODE = new Set(["ReferenceError", "SyntaxError"]);

/**
 * @typedef {import("../../test/mutations/mutation.ts").Mutation} Mutation
 * @typedef {{ name: string, verdict: "caught" | "survived" | "not applied" | "no such test" | "broken", detail: string }} MutationResult
 */

/**
 * The mutated text of a file.
 *
 * @param {string} text
 * @param {Mutation} mutation
 * @returns {string | undefined} `undefined` when what is to be replaced is not there exactly once
 */
export function mutate(text, { search, replacement }) {
  const parts = text.split(search);
  return parts.length === 2 ? parts.join(replacement) : undefined;
}

/**
 * Runs mutations, two at a time.
 *
 * @param {readonly Mutation[]} mutations
 * @returns {Promise<MutationResult[]>} in the order of the list
 */
export async function runMutations(mutations) {
  /** @type {Map<string, MutationResult>} */
  const results = new Map();
  const applied = mutations.filter((mutation) => {
    if (mutate(readFileSync(ROOT + mutation.file, "utf8"), mutation) !== undefined) return true;
    const detail = `${mutation.file} has the text not once:\n${mutation.search}`;
    results.set(mutation.name, { name: mutation.name, verdict: "not applied", detail });
    return false;
  });
  if (applied.length > 0) for (const result of await runTests(applied)) results.set(result.name, result);
  return mutations.map(({ name }) => /** @type {MutationResult} */ (results.get(name)));
}

/** @param {readonly Mutation[]} mutations */
async function runTests(mutations) {
  const mutated = new Set(mutations.map(({ file }) => ROOT + file));
  const vitest = await createVitest("test", {
    root: ROOT,
    config: false,
    watch: false,
    reporters: [{}],
    // All runs read the same files but one each: those are transformed once.
    experimental: { fsModuleCache: true, fsModuleCachePath: `${ROOT}.tmp/mutations` },
    // All projects are runs of their own; a worker that took the next one's files would mix up their modules.
    projects: mutations.map((mutation, index) => ({
      root: ROOT,
      plugins: [swapText(mutation, mutated)],
      test: {
        name: String(index),
        include: [mutation.testFile],
        environment: "node",
        pool: "threads",
        testTimeout: TEST_TIMEOUT_MS,
        maxWorkers: 2,
      },
    })),
  });
  try {
    const specifications = mutations.map(({ testFile, testName }, index) =>
      projectAt(vitest, index).createSpecification(ROOT + testFile, {
        testNamePattern: new RegExp(`^\\s*${escaped(testName)}$`),
      }),
    );
    const { testModules } = await vitest.runTestSpecifications(specifications, true);
    return mutations.map((mutation, index) =>
      judge(
        mutation,
        testModules.filter(({ project }) => project.name === String(index)),
      ),
    );
  } finally {
    await vitest.close();
  }
}

/**
 * @param {import("vitest/node").Vitest} vitest
 * @param {number} index
 */
function projectAt(vitest, index) {
  return vitest.getProjectByName(String(index));
}

/**
 * A plugin that gives out a source file without its safeguard.
 *
 * @param {Mutation} mutation
 * @param {ReadonlySet<string>} mutated every file that some mutation changes: no run may take another's text of it
 * @returns {import("vitest/config").Plugin}
 */
function swapText(mutation, mutated) {
  return {
    name: "swap-text",
    enforce: "pre",
    configureVitest(context) {
      context.experimental_defineCacheKeyGenerator(({ id }) =>
        mutated.has(id.split("?")[0] ?? id) ? false : undefined,
      );
    },
    transform(code, id) {
      if (id.split("?")[0] !== ROOT + mutation.file) return undefined;
      return { code: mutate(code, mutation) ?? "throw new SyntaxError('The text is not there.');", map: null };
    },
  };
}

/**
 * @param {Mutation} mutation
 * @param {readonly import("vitest/node").TestModule[]} modules
 * @returns {MutationResult}
 */
function judge({ name, testName }, modules) {
  const errors = modules.flatMap((module) => module.errors());
  if (errors.length > 0) return { name, verdict: "broken", detail: errors.map(({ message }) => message).join("\n") };
  const tests = modules
    .flatMap((module) => [...module.children.allTests()])
    .filter((test) => test.result().state !== "skipped");
  if (tests.length !== 1)
    return { name, verdict: "no such test", detail: `${tests.length} tests are called: ${testName}` };
  const [result] = tests.map((test) => test.result());
  if (result?.state !== "failed") return { name, verdict: "survived", detail: `passes without it: ${testName}` };
  const [error] = result.errors;
  const detail = (error?.message ?? "").split("\n")[0] ?? "";
  return { name, verdict: BROKEN_CODE.has(error?.name ?? "") ? "broken" : "caught", detail };
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

async function main() {
  const words = process.argv.slice(2).filter((word) => word !== "--json");
  const { LOADING_MUTATIONS } = await importSource(LIST);
  const chosen = /** @type {readonly Mutation[]} */ (LOADING_MUTATIONS).filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  const results = await runMutations(chosen);
  if (process.argv.includes("--json")) console.log(JSON.stringify(results));
  else
    for (const { name, verdict, detail } of results)
      console.log(`${verdict.padEnd(12)} ${name}\n             ${detail}`);
  process.exitCode = results.every(({ verdict }) => verdict === "caught") ? 0 : 1;
}

if (isMain(import.meta.url)) await main();
