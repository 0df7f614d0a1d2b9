import { describe, expect, it } from "vitest";
import { backendCases } from "../../src/testing/backend-cases/all-backend-cases.ts";
import { CONFORMANCE_GROUPS, type ConformanceGroup } from "../../src/testing/backend-cases/backend-case.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { runBackendConformance } from "../../src/testing/run-backend-conformance.ts";
import { brokenAtomicDoubles } from "./broken-atomic-doubles.ts";
import { brokenCollectionDoubles } from "./broken-collection-doubles.ts";
import { type BrokenDouble, createBrokenTarget } from "./broken-double.ts";
import { brokenEntryDoubles } from "./broken-entry-doubles.ts";
import { brokenNetworkDoubles } from "./broken-network-doubles.ts";
import { brokenReachDoubles } from "./broken-reach-doubles.ts";
import { brokenRevalidationDoubles } from "./broken-revalidation-doubles.ts";
import { brokenStaleDoubles } from "./broken-stale-doubles.ts";

const doubles: readonly BrokenDouble[] = [
  ...brokenEntryDoubles,
  ...brokenStaleDoubles,
  ...brokenRevalidationDoubles,
  ...brokenAtomicDoubles,
  ...brokenCollectionDoubles,
  ...brokenReachDoubles,
  ...brokenNetworkDoubles,
];

const PATIENT_TIMEOUT_MS = 5_000;
const HANGING_TIMEOUT_MS = 700;
/** Nothing has to pass here, so nobody needs to be waited for. */
const NEVER_TIMEOUT_MS = 100;

/** Several times the deadline of the model of a network, which answers within some turns. */
const SHORT_DEADLINE_MS = 400;
const SHORT_RECOVERY_MS = 300;

/** Cases that take a tenth of a second each: they run for defects of their own group only. */
const HEAVY_CASES: ReadonlyMap<string, ConformanceGroup> = new Map([
  ["keeps a value of 1 MiB, or refuses it as too large and keeps what was there", "values"],
  ["keeps a value of 8 MiB, or refuses it as too large and keeps what was there", "values"],
  ["keeps a text of one million characters, or refuses it as too large and keeps what was there", "values"],
  [
    "answers each of thousands of calls that run together with its own: writes, hits, misses, batches, deletes",
    "concurrency",
  ],
]);

function heavyCasesBeside({ failingGroups }: BrokenDouble): Record<string, string> {
  const beside = [...HEAVY_CASES].filter(([, group]) => !failingGroups.includes(group));
  return Object.fromEntries(beside.map(([name]) => [name, "its group is not that of the defect"]));
}

/** Whether real time passes while the kit runs. */
function doesWait({ time, hangs = false }: BrokenDouble): boolean {
  return hangs || time === "real";
}

/** The defects that each case has noticed. */
const caught = new Map<string, readonly string[]>();

async function notice(double: BrokenDouble): Promise<void> {
  const report = await runBackendConformance({
    name: double.defect,
    time: double.time ?? "fake",
    ...(double.groups !== undefined && { groups: double.groups }),
    skip: heavyCasesBeside(double),
    exclusiveData: true,
    timeoutMs: double.hangs === true ? HANGING_TIMEOUT_MS : PATIENT_TIMEOUT_MS,
    deadlineMs: SHORT_DEADLINE_MS,
    recoveryMs: SHORT_RECOVERY_MS,
    create: (host) => createBrokenTarget(double, host),
  });
  for (const { name } of report.failed) caught.set(name, [...(caught.get(name) ?? []), double.defect]);
  const failedGroups = new Set(report.failed.map((verdict) => verdict.group));
  expect([...failedGroups].sort()).toEqual([...double.failingGroups].sort());
  expect(report.isConformant).toBe(false);
}

describe("the conformance kit can fail", () => {
  // They wait most of the time, and so for each other's time as well; the others have the processor to do with.
  it.concurrent.each(doubles.filter(doesWait))("notices a store that $defect, in exactly its groups", notice, 60_000);

  it.each(doubles.filter((double) => !doesWait(double)))(
    "notices a store that $defect, in exactly its groups",
    notice,
    60_000,
  );

  it("notices a store that never ends closing", async () => {
    const report = await runBackendConformance({
      name: "never ends closing",
      time: "fake",
      timeoutMs: NEVER_TIMEOUT_MS,
      groups: ["close"],
      create: ({ clock }) => ({
        backend: { ...createMapBackend({ clock }), close: () => new Promise(() => undefined) },
      }),
    });
    expect(report.passed).toEqual([]);
  });

  it("has a broken store for every group whose first concern is that group", () => {
    const covered = new Set(doubles.map((double) => double.failingGroups[0]));
    for (const double of doubles.filter(({ failingGroups }) => failingGroups.length === 1))
      covered.add(double.failingGroups[0]);
    expect([...covered].sort()).toEqual([...CONFORMANCE_GROUPS].sort());
  });

  it("has a broken store for every case", () => {
    expect(backendCases.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
  });
});
