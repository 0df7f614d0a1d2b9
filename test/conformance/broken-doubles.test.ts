import { describe, expect, it } from "vitest";
import { CONFORMANCE_GROUPS } from "../../src/testing/backend-cases/backend-case.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { runBackendConformance } from "../../src/testing/run-backend-conformance.ts";
import { brokenAtomicDoubles } from "./broken-atomic-doubles.ts";
import { brokenCollectionDoubles } from "./broken-collection-doubles.ts";
import { type BrokenDouble, createBrokenBackend } from "./broken-double.ts";
import { brokenEntryDoubles } from "./broken-entry-doubles.ts";

const doubles: readonly BrokenDouble[] = [...brokenEntryDoubles, ...brokenAtomicDoubles, ...brokenCollectionDoubles];

const PATIENT_TIMEOUT_MS = 5_000;
const HANGING_TIMEOUT_MS = 700;
/** Nothing has to pass here, so nobody needs to be waited for. */
const NEVER_TIMEOUT_MS = 100;

describe("the conformance kit can fail", () => {
  it.each(doubles)(
    "notices a store that $defect, in exactly its groups",
    async (double) => {
      const report = await runBackendConformance({
        name: double.defect,
        time: "fake",
        exclusiveData: true,
        timeoutMs: double.hangs === true ? HANGING_TIMEOUT_MS : PATIENT_TIMEOUT_MS,
        create: (host) => ({ backend: createBrokenBackend(double, host) }),
      });
      const failedGroups = new Set(report.failed.map((verdict) => verdict.group));
      expect([...failedGroups].sort()).toEqual([...double.failingGroups].sort());
      expect(report.isConformant).toBe(false);
    },
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
});
