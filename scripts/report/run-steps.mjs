// Runs make targets one after the other, all of them even when one fails, and ends with a summary of times and tests.
//
// Usage: node scripts/report/run-steps.mjs <target>…
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { countTests, formatCounts, REPORT_FOLDER, readReports } from "./test-counts.mjs";

/** Only what this run wrote may count. */
rmSync(REPORT_FOLDER, { recursive: true, force: true });
mkdirSync(REPORT_FOLDER, { recursive: true });

const steps = process.argv.slice(2).map((target) => {
  console.log(`\n── ${target} ──`);
  const startedAt = performance.now();
  const { status } = spawnSync("make", ["--no-print-directory", target], { stdio: "inherit" });
  return { target, ok: status === 0, seconds: (performance.now() - startedAt) / 1000 };
});
writeFileSync(new URL("steps.json", REPORT_FOLDER), JSON.stringify(steps));

console.log("\n── summary ──");
for (const { target, ok, seconds } of steps) {
  console.log(`${ok ? "ok    " : "FAILED"}  ${target.padEnd(18)} ${seconds.toFixed(1).padStart(6)} s`);
}
const counts = countTests(readReports(), process.cwd());
for (const failure of counts.failures) console.log(`failed: ${failure}`);
for (const skip of counts.unexplainedSkips) console.log(`skipped without a reason: ${skip}`);
console.log(formatCounts(counts));
process.exitCode = steps.every(({ ok }) => ok) && counts.failed === 0 ? 0 : 1;
