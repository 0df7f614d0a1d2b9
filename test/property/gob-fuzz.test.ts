import process from "node:process";
import { expect, it } from "vitest";
import { fuzzGob } from "../fuzz/fuzz-gob.ts";

/** `GOCACHEX_FUZZ_CASES=3000000` for a long run; `GOCACHEX_FUZZ_SEED` for another one. */
const CASE_COUNT = Number(process.env["GOCACHEX_FUZZ_CASES"] ?? 20_000);
const SEED = Number(process.env["GOCACHEX_FUZZ_SEED"] ?? 20_261_128);

it("changed and made-up gobs are read or refused, in little time and memory", () => {
  const report = fuzzGob(SEED, CASE_COUNT);
  const told = `seed ${SEED}: ${JSON.stringify(report)}`;
  if (CASE_COUNT > 1e6) console.log(told);
  // Both happen, or the cases test nothing.
  expect(report.readCount, told).toBeGreaterThan(CASE_COUNT / 50);
  expect(report.faultCount, told).toBeGreaterThan(CASE_COUNT / 4);
  expect(report.slowestMs, told).toBeLessThan(1_000);
  expect(report.heapGrowthBytes, told).toBeLessThan(400 * 2 ** 20);
}, 1_800_000);
