import { expect, it } from "vitest";
import { fuzzCompressors } from "../fuzz/fuzz-compressors.ts";
import { fuzzDictionaries } from "../fuzz/fuzz-dictionaries.ts";

/** For longer runs: GOCACHEX_FUZZ_CASES=1000000, GOCACHEX_FUZZ_SEED=7. */
const caseCount = Number(process.env["GOCACHEX_FUZZ_CASES"] ?? 20_000);
const seed = Number(process.env["GOCACHEX_FUZZ_SEED"] ?? 1 + (Date.now() % 1_000_000));

it(`bytes that nobody wrote become a fault or the declared number of bytes (seed ${seed})`, async () => {
  const report = await fuzzCompressors({ caseCount, seed });
  expect(report.faultCount + report.readCount).toBe(caseCount);
  expect(report.faultCount).toBeGreaterThan(caseCount / 2);
  if (caseCount > 100_000) console.log(report);
}, 3_600_000);

it(`dictionaries that were changed are refused or work (seed ${seed})`, async () => {
  const dictionaryCount = Math.ceil(caseCount / 10);
  expect(await fuzzDictionaries({ caseCount: dictionaryCount, seed })).toBeGreaterThan(dictionaryCount / 20);
}, 3_600_000);
