import { readdirSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

/** Where the test runs of one `make test` leave what they found. */
export const REPORT_FOLDER = new URL("../../.tmp/reports/", import.meta.url);

/** A skip is explained by `context.skip(reason)`, or by its name: `(skipped: zstd needs Node 22.15)`. */
const EXPLAINED_NAME = /skipped: \S/;

/** What of a failed test's first message the summary shows: it may be all that is left of a long log. */
const SHOWN_LINES = 12;
const SHOWN_COLUMNS = 300;

/**
 * @typedef {{ fullName: string, status: string, failureMessages?: string[], meta?: { skipReason?: string } }} TestResult
 * @typedef {{ name: string, status: string, message: string, assertionResults: TestResult[] }} FileResult
 * @typedef {{ testResults: FileResult[] }} Report
 * @typedef {{ passed: number, failed: number, skipped: number, failures: string[], unexplainedSkips: string[] }} TestCounts
 */

/**
 * The reports that lie in the report folder.
 *
 * @returns {Report[]}
 */
export function readReports() {
  const folder = fileURLToPath(REPORT_FOLDER);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json") && name !== "steps.json")
    .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")));
}

/**
 * Adds up test runs. A file that failed without a failing test (it could not be loaded, a hook threw) is one failure.
 *
 * @param {readonly Report[]} reports
 * @param {string} root what file names are shown relative to
 * @returns {TestCounts}
 */
export function countTests(reports, root) {
  /** @type {TestCounts} */
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [], unexplainedSkips: [] };
  for (const file of reports.flatMap((report) => report.testResults)) {
    const failedBefore = counts.failed;
    for (const test of file.assertionResults) countOne(counts, test, relative(root, file.name));
    if (file.status === "failed" && counts.failed === failedBefore) {
      counts.failed += 1;
      counts.failures.push(`${relative(root, file.name)}: ${shown(file.message)}`);
    }
  }
  return counts;
}

/**
 * @param {TestCounts} counts
 * @param {TestResult} test
 * @param {string} file
 */
function countOne(counts, test, file) {
  if (test.status === "passed") counts.passed += 1;
  else if (test.status === "failed") {
    counts.failed += 1;
    counts.failures.push(`${file}: ${test.fullName}\n    ${shown(test.failureMessages?.[0] ?? "")}`.trimEnd());
  } else {
    counts.skipped += 1;
    const isExplained = Boolean(test.meta?.skipReason) || EXPLAINED_NAME.test(test.fullName);
    if (!isExplained) counts.unexplainedSkips.push(`${file}: ${test.fullName}`);
  }
}

/**
 * The beginning of a message, without colours.
 *
 * @param {string} message
 */
function shown(message) {
  const lines = stripVTControlCharacters(message).trim().split("\n");
  const first = lines.slice(0, SHOWN_LINES).map((line) => line.slice(0, SHOWN_COLUMNS));
  return [...first, ...(lines.length > SHOWN_LINES ? ["…"] : [])].join("\n    ");
}

/**
 * `"12 passed, 0 failed"`, and the skipped ones when there are any.
 *
 * @param {TestCounts} counts
 */
export function formatCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
