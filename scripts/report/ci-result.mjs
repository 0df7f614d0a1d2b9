// The last word of a CI run: `N passed, N failed`, after what went wrong. Steps that failed without a failing test (lint,
// the build) count as a failure each, so that the line never says that all is well when it is not.
//
// Usage: node scripts/report/ci-result.mjs <exit code of make test>
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { countTests, formatCounts, REPORT_FOLDER, readReports } from "./test-counts.mjs";

const makeFailed = process.argv[2] !== "0";
const stepsFile = new URL("steps.json", REPORT_FOLDER);
/** @type {{ target: string, ok: boolean, seconds: number }[]} */
const steps = existsSync(stepsFile) ? JSON.parse(readFileSync(stepsFile, "utf8")) : [];
const counts = steps.length === 0 ? countTests([], "") : countTests(readReports(), process.cwd());

const failedSteps = steps.filter(({ ok, target }) => !ok && !target.startsWith("test-"));
for (const { target } of failedSteps) console.log(`failed step: ${target}`);
counts.failed += failedSteps.length;
if (makeFailed && counts.failed === 0) {
  console.log("make test failed before or outside the tests");
  counts.failed = 1;
}
if (process.env.CI === "true" && counts.unexplainedSkips.length > 0) {
  for (const skip of counts.unexplainedSkips) console.log(`skipped without a reason: ${skip}`);
  process.exitCode = 1;
}
if (counts.passed === 0 && counts.failed === 0) {
  console.log("no test ran");
  process.exitCode = 1;
}
if (makeFailed || counts.failed > 0) process.exitCode = 1;
console.log(formatCounts(counts));
