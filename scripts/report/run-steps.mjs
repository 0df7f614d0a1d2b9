// Runs make targets one after the other, all of them even when one fails, and ends with a summary of times and tests.
//
// Usage: node scripts/report/run-steps.mjs [--beside <target>:<step>]… <target>…
// A target that stands beside the others is begun first, and waited for before the step that is named: for what waits for the network while they keep the
// processors busy. What it says is printed when it is over.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { countTests, formatCounts, REPORT_FOLDER, readReports } from "./test-counts.mjs";

/** @typedef {{ target: string, ok: boolean, seconds: number }} Step */

/**
 * @param {readonly string[]} args
 * @returns {{ targets: string[], beside: { target: string, step: string }[] }}
 */
function readArguments(args) {
  const targets = [];
  const beside = [];
  for (let at = 0; at < args.length; at += 1) {
    if (args[at] !== "--beside") {
      targets.push(/** @type {string} */ (args[at]));
      continue;
    }
    at += 1;
    const [target = "", step = ""] = (args[at] ?? "").split(":");
    beside.push({ target, step });
  }
  for (const { target, step } of beside)
    if (target === "" || !args.includes(step)) throw new TypeError(`--beside names no step: ${target}:${step}`);
  return { targets, beside };
}

/**
 * @param {string} target
 * @param {"inherit" | "pipe"} output
 * @returns {Promise<Step & { output: string }>}
 */
function make(target, output) {
  const startedAt = performance.now();
  const child = spawn("make", ["--no-print-directory", target], { stdio: ["inherit", output, output] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (/** @type {Buffer} */ chunk) => {
      said += chunk.toString("utf8");
    });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ target, ok: code === 0, seconds: (performance.now() - startedAt) / 1000, output: said }),
    );
  });
}

const { targets, beside } = readArguments(process.argv.slice(2));

/** Only what this run wrote may count. */
rmSync(REPORT_FOLDER, { recursive: true, force: true });
mkdirSync(REPORT_FOLDER, { recursive: true });

/** @type {Step[]} */
const steps = [];
const others = beside.map(({ target, step }) => ({ step, run: make(target, "pipe") }));
for (const target of targets) {
  for (const { step, run } of others) {
    if (step !== target) continue;
    const { output, ...other } = await run;
    console.log(`\n── ${other.target}, beside the others ──\n${output.trimEnd()}`);
    steps.push(other);
  }
  console.log(`\n── ${target} ──`);
  const { output: _, ...step } = await make(target, "inherit");
  steps.push(step);
}
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
