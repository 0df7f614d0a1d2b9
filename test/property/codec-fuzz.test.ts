import process from "node:process";
import { expect, it } from "vitest";
import { describeReports, fuzzCodec } from "../fuzz/fuzz-codec.ts";

/** `GOCACHEX_FUZZ_CASES=100000` of each mode for a long run, `GOCACHEX_FUZZ_SEED` for another one; `scripts/fuzz-codec.mjs` for millions. */
const CASE_COUNT = Number(process.env["GOCACHEX_FUZZ_CASES"] ?? 2_000);
const SEED = Number(process.env["GOCACHEX_FUZZ_SEED"] ?? 20_261_128);

it("damaged, forged and made-up envelopes are values or faults, in little time and memory", async () => {
  // Other tests run beside this one.
  const reports = await fuzzCodec({ seed: SEED, caseCount: CASE_COUNT, maxCaseMs: 400 });
  const told = describeReports(SEED, reports);
  if (CASE_COUNT > 10_000) console.log(told);
  for (const { mode, caseCount, readCount, faultCounts, heapGrowthBytes } of reports) {
    const faultCount = Object.values(faultCounts).reduce((sum, count) => sum + count, 0);
    // Both happen, or the cases test nothing.
    expect(faultCount, `${mode}\n${told}`).toBeGreaterThan(caseCount / 20);
    if (mode === "flip") expect(readCount, told).toBe(0);
    else if (mode !== "compressed") expect(readCount, `${mode}\n${told}`).toBeGreaterThan(caseCount / 1_000);
    expect(heapGrowthBytes, told).toBeLessThan(300 * 2 ** 20);
  }
}, 1_800_000);
