import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { ALL_MUTATIONS } from "./all-mutations.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/checks/check-mutations.mjs", import.meta.url));

interface MutationResult {
  readonly name: string;
  readonly verdict: string;
  readonly detail: string;
}

it("names every mutation once", () => {
  expect(new Set(ALL_MUTATIONS.map(({ name }) => name)).size).toBe(ALL_MUTATIONS.length);
});

describe("sees missed by its test, when it is taken out,", () => {
  const results = new Map<string, MutationResult>();

  beforeAll(() => {
    // A process of its own: one Vitest must not run inside another.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST")));
    const { stdout, stderr } = spawnSync(process.execPath, [SCRIPT, "--json"], { encoding: "utf8", env });
    const report = stdout.trim().split("\n").at(-1);
    if (!report?.startsWith("[")) throw new Error(`The mutations did not run:\n${stdout}${stderr}`);
    for (const result of JSON.parse(report) as MutationResult[]) results.set(result.name, result);
  }, 600_000);

  // One test for each: the summary of a run names its failed tests, and so the safeguard.
  for (const { name } of ALL_MUTATIONS) {
    it(name, () => {
      const { verdict, detail } = results.get(name) ?? { verdict: "not run", detail: "" };
      if (verdict !== "caught") expect.fail(`${verdict}: ${detail}`);
    });
  }
});
