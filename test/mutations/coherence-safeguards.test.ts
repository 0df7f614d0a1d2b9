import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { SAFEGUARDS } from "../simulation/safeguards.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/simulate.mjs", import.meta.url));
const RECORD = new URL("./caught-safeguards.json", import.meta.url);

interface MissedSafeguard {
  readonly name: string;
  /** The scenario that misses it; not there when none does. */
  readonly caught?: { readonly scenario: string; readonly seed: number };
}

it("sees each safeguard of coherence missed by the scenario of the record when it is taken out (UPDATE_REFERENCE=1 rewrites the record)", {
  timeout: 300_000,
}, () => {
  const run = spawnSync(process.execPath, [SCRIPT, "--safeguards", "--json"], { encoding: "utf8" });
  const report = run.stdout.trim().split("\n").at(-1);
  if (!report?.startsWith("[")) throw new Error(`The safeguards were not taken out:\n${run.stdout}${run.stderr}`);
  const results = JSON.parse(report) as readonly MissedSafeguard[];
  expect(results.filter(({ caught }) => caught === undefined)).toEqual([]);
  expect(results.map(({ name }) => name)).toEqual(SAFEGUARDS.map(({ name }) => name));
  expect(new Set(SAFEGUARDS.map(({ name }) => name)).size).toBe(SAFEGUARDS.length);
  // Where the scenario of the record comes out right without its safeguard, all have been tried: what is said here instead is what misses it now.
  const record = Object.fromEntries(results.map(({ name, caught }) => [name, caught]));
  if (process.env["UPDATE_REFERENCE"] === "1") writeFileSync(RECORD, `${JSON.stringify(record, undefined, 2)}\n`);
  expect(JSON.parse(readFileSync(RECORD, "utf8"))).toEqual(record);
});
