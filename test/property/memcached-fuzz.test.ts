import process from "node:process";
import { expect, it } from "vitest";
import { fuzzMemcached } from "../fuzz/fuzz-memcached.ts";

/** `GOCACHEX_FUZZ_CASES=1000000` for a long run; `GOCACHEX_FUZZ_SEED` for another one. */
const CASE_COUNT = Number(process.env["GOCACHEX_FUZZ_CASES"] ?? 6_000);
const SEED = Number(process.env["GOCACHEX_FUZZ_SEED"] ?? 20_261_128);

it("replies of Memcached that were changed and made up give every request its own answer or an error", async () => {
  const report = await fuzzMemcached(SEED, CASE_COUNT);
  const told = `seed ${SEED}: ${JSON.stringify(report)}`;
  if (CASE_COUNT > 1e5) console.log(told);
  // All of it happens, or the cases test nothing.
  expect(report.rightCount, told).toBeGreaterThan(CASE_COUNT);
  expect(report.failedCount, told).toBeGreaterThan(CASE_COUNT / 4);
  expect(report.brokenCount, told).toBeGreaterThan(CASE_COUNT / 5);
  expect(report.slowestMs, told).toBeLessThan(1_000);
}, 1_800_000);
