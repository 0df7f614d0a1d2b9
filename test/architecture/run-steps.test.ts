import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const SCRIPTS = fileURLToPath(new URL("../../scripts/report", import.meta.url));

/** `programs` and `first` each wait for the other, so neither comes to its end unless both run; `last` needs what `programs` made. */
const MAKEFILE = `
programs:
	@touch begun; until [ -e first-is-over ]; do sleep 0.01; done; touch installed; echo it is installed
first:
	@until [ -e begun ]; do sleep 0.01; done; touch first-is-over; echo first is over
last:
	@test -e installed && echo last has what it needs
broken:
	@echo it is broken; false
`;

// A copy, because the script begins by emptying the folder of reports that lies beside it.
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gocachex-steps-"));
  cpSync(SCRIPTS, join(folder, "scripts/report"), { recursive: true });
  writeFileSync(join(folder, "Makefile"), MAKEFILE);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function runSteps(...args: readonly string[]) {
  return spawnSync(process.execPath, ["scripts/report/run-steps.mjs", ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 30_000,
  });
}

it("a step that stands beside the others runs with them, and is over before the one that it is named for", () => {
  const { status, stdout } = runSteps("--beside", "programs:last", "first", "last");
  expect(stdout).toMatch(
    /first is over[\s\S]*programs, beside the others[\s\S]*it is installed[\s\S]*last has what it/,
  );
  expect(status).toBe(0);
  const steps = JSON.parse(readFileSync(join(folder, ".tmp/reports/steps.json"), "utf8")) as { target: string }[];
  expect(steps.map(({ target }) => target)).toEqual(["first", "programs", "last"]);
});

it("a step that fails fails the run, beside the others too, and those after it run all the same", () => {
  writeFileSync(join(folder, "begun"), "");
  for (const args of [
    ["broken", "first"],
    ["--beside", "broken:first", "first"],
  ]) {
    const { status, stdout } = runSteps(...args);
    expect(status).toBe(1);
    expect(stdout).toMatch(/it is broken[\s\S]*first is over[\s\S]*FAILED {2}broken/);
  }
});

it("a test that failed is named in the summary with the beginning of what it said", () => {
  const test = {
    fullName: "a cache forgets",
    status: "failed",
    failureMessages: ["\u001b[31mexpected 1\u001b[39m\n    at cache.ts"],
  };
  const file = { name: join(folder, "cache.test.ts"), status: "failed", message: "", assertionResults: [test] };
  const broken = {
    name: join(folder, "broken.test.ts"),
    status: "failed",
    message: "no such module\n".repeat(99),
    assertionResults: [],
  };
  writeFileSync(join(folder, "report.json"), JSON.stringify({ testResults: [file, broken] }));
  writeFileSync(join(folder, "Makefile"), "tested:\n\t@cp report.json .tmp/reports/unit.json; false\n");
  const { stdout } = runSteps("tested");
  expect(stdout).toContain("failed: cache.test.ts: a cache forgets\n    expected 1\n        at cache.ts\n");
  expect(stdout.match(/no such module/g)).toHaveLength(12);
  expect(stdout).toContain("…\n0 passed, 2 failed");
});

it("a step that there is not is said to be none", () => {
  const { status, stderr } = runSteps("--beside", "programs:none", "first");
  expect(status).not.toBe(0);
  expect(stderr).toContain("--beside names no step: programs:none");
});
