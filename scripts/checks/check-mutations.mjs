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
import { BROKEN_TEST, mutate } from "./mutate.mjs";
import { programsBelow } from "./mutated-modules.mjs";

const LIST = "test/mutations/all-mutations.ts";
const HOST = "scripts/checks/mutation-host.mjs";
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A safeguard against hanging shows by a test that hangs; none of these tests takes long when it passes. */
const TEST_TIMEOUT_MS = 4_000;
/** What is opened for a mutant may not close. What a test needs before it can begin, such as certificates, takes a fraction of it. */
const HOOK_TIMEOUT_MS = 10_000;
/** What a mutation takes whose test fails at once, roughly. */
const USUAL_TIME_MS = 250;
/** Errors of code that is broken rather than without its safeguard: a mutation must not be caught by them. */
const BROKEN_CODE = new Set(["ReferenceError", "SyntaxError"]);
/** More than there are processors: a mutant that waits in vain until its timeout keeps none busy. */
const WORKER_COUNT = 6;

/**
 * @typedef {import("../../test/mutations/mutation.ts").Mutation} Mutation
 * @typedef {{ name: string, verdict: "caught" | "survived" | "not applied" | "no such test" | "broken", detail: string }} MutationResult
 * @typedef {{ suite: string, testFile: string, testName: string, mutation: Mutation | undefined }} HostedSuite what a host runs of a test file, with what mutation
 */

/**
 * Runs mutations, a few at a time.
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
  const hosts = shared(mutations).map(suitesOf);
  const programs = await programsBelow(mutations.map(({ testFile }) => ROOT + testFile));
  const vitest = await createVitest("test", {
    root: ROOT,
    config: false,
    watch: false,
    reporters: [{}],
    // What a mutant leaves behind may fail after its test has: that is no news.
    dangerouslyIgnoreUnhandledErrors: true,
    projects: hosts.map((suites, host) => ({
      root: ROOT,
      test: {
        name: String(host),
        include: [HOST],
        environment: "node",
        pool: "threads",
        testTimeout: TEST_TIMEOUT_MS,
        hookTimeout: HOOK_TIMEOUT_MS,
        maxWorkers: WORKER_COUNT,
        provide: { suites, programs },
      },
    })),
  });
  try {
    const specifications = hosts.map((suites, host) =>
      vitest.getProjectByName(String(host)).createSpecification(ROOT + HOST, { testNamePattern: patternOf(suites) }),
    );
    const { testModules } = await vitest.runTestSpecifications(specifications, true);
    const errors = testModules.flatMap((module) => module.errors());
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
    const outcomes = new Map(testModules.flatMap((module) => [...module.children.suites()].map(testsRunIn)));
    return mutations.map((mutation) => judge(mutation, outcomes));
  } finally {
    await vitest.close();
  }
}

/**
 * The mutations of each host: about as much time for all, and those of one test file together, so that it runs without a mutation in one host alone.
 *
 * @param {readonly Mutation[]} mutations
 * @returns {Mutation[][]}
 */
function shared(mutations) {
  const files = [...new Set(mutations.map(({ testFile }) => testFile))];
  const ofFiles = files.map((file) => mutations.filter(({ testFile }) => testFile === file));
  const hosts = Array.from({ length: Math.min(WORKER_COUNT, files.length) }, () => ({
    mutations: /** @type {Mutation[]} */ ([]),
    timeMs: 0,
  }));
  // The longest first: what is short fills the gaps.
  for (const file of ofFiles.sort((one, other) => timeOf(other) - timeOf(one))) {
    const idlest = hosts.reduce((least, host) => (host.timeMs < least.timeMs ? host : least));
    idlest.mutations.push(...file);
    idlest.timeMs += timeOf(file);
  }
  return hosts.map((host) => host.mutations);
}

/** @param {readonly Mutation[]} mutations */
function timeOf(mutations) {
  return mutations.reduce((timeMs, { hangs = false }) => timeMs + USUAL_TIME_MS + (hangs ? TEST_TIMEOUT_MS : 0), 0);
}

/**
 * @param {readonly Mutation[]} mutations
 * @returns {HostedSuite[]} one for each, and after them one for each test without a mutation
 */
function suitesOf(mutations) {
  const mutated = mutations.map((mutation) => ({
    suite: mutation.name,
    testFile: ROOT + mutation.testFile,
    testName: mutation.testName,
    mutation: { ...mutation, file: ROOT + mutation.file },
  }));
  const unchanged = mutated.map((suite) => ({ ...suite, suite: controlOf(suite), mutation: undefined }));
  return [...mutated, ...new Map(unchanged.map((suite) => [suite.suite, suite])).values()];
}

/** @param {{ testFile: string, testName: string }} suite */
function controlOf({ testFile, testName }) {
  return `without a mutation, ${testFile.replace(ROOT, "")}, ${testName}`;
}

/** @param {readonly HostedSuite[]} suites */
function patternOf(suites) {
  const names = suites.flatMap(({ suite, testName }) => [`${suite} ${testName}`, `${suite} ${BROKEN_TEST}`]);
  return new RegExp(`^\\s*(?:${names.map(escaped).join("|")})$`);
}

/**
 * @param {import("vitest/node").TestSuite} suite
 * @returns {[string, { name: string, state: string, error: import("vitest").TestError | undefined }[]]}
 */
function testsRunIn(suite) {
  const tests = [...suite.children.allTests()].map((test) => ({ name: test.name, ...test.result() }));
  const run = tests
    .filter(({ state }) => state === "passed" || state === "failed")
    .map(({ name, state, errors }) => ({ name, state, error: errors?.[0] }));
  // A hook that fails skips its tests.
  const [error] = suite.errors();
  return [suite.name, run.length > 0 || error === undefined ? run : [{ name: BROKEN_TEST, state: "failed", error }]];
}

/**
 * @param {Mutation} mutation
 * @param {ReadonlyMap<string, ReturnType<typeof testsRunIn>[1]>} outcomes by the name of the suite
 * @returns {MutationResult}
 */
function judge(mutation, outcomes) {
  const { name, testName } = mutation;
  const tests = outcomes.get(name) ?? [];
  const [test] = tests;
  if (test === undefined || tests.length !== 1)
    return { name, verdict: "no such test", detail: `${tests.length} tests are called: ${testName}` };
  const detail = test.error?.message.split("\n")[0] ?? "";
  if (test.name === BROKEN_TEST) return { name, verdict: "broken", detail };
  if (test.state === "passed") return { name, verdict: "survived", detail: `passes without it: ${testName}` };
  const [unchanged] = outcomes.get(controlOf(mutation)) ?? [];
  if (unchanged?.state !== "passed")
    return { name, verdict: "broken", detail: `fails with it too: ${unchanged?.error?.message ?? testName}` };
  return { name, verdict: BROKEN_CODE.has(test.error?.name ?? "") ? "broken" : "caught", detail };
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

async function main() {
  const words = process.argv.slice(2).filter((word) => word !== "--json");
  const { ALL_MUTATIONS } = await importSource(LIST);
  const chosen = /** @type {readonly Mutation[]} */ (ALL_MUTATIONS).filter(
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
