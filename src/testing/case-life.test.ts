import { describe, expect, it } from "vitest";
import type { Backend } from "../backend/backend.ts";
import type { BackendHost } from "../backend/registry.ts";
import { backendCases } from "./backend-cases/all-backend-cases.ts";
import type { BackendConformanceOptions } from "./backend-conformance.ts";
import { createCaseLife } from "./case-life.ts";
import { createMapBackend } from "./map-backend/map-backend.ts";
import { type ConformanceReport, runBackendConformance } from "./run-backend-conformance.ts";

function oneTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await oneTurn();
}

/** Runs the kit against the correct store with some members replaced. */
function runWith(
  members: (correct: Backend, host: BackendHost) => Partial<Backend>,
  options: Partial<BackendConformanceOptions>,
): Promise<ConformanceReport> {
  return runBackendConformance({
    name: "changed",
    time: "fake",
    ...options,
    create: (host) => {
      // Answers at once and also after `close`: nothing but the kit can stop a case.
      const correct = createMapBackend({ clock: host.clock });
      return { backend: { ...correct, ...members(correct, host) } };
    },
  });
}

/** A million tasks each time are enough once. */
function allLeaseCasesButOne(): Readonly<Record<string, string>> {
  const names = backendCases.filter(({ group }) => group === "leases").map(({ name }) => name);
  return Object.fromEntries(names.slice(1).map((name) => [name, "one is enough"]));
}

describe("a case that is over", () => {
  it("asks nothing more of the store, also when only one of its workers has failed", async () => {
    let callCount = 0;
    const report = await runWith(
      (correct) => ({
        set: async (key, write, context) => {
          callCount += 1;
          if (callCount % 100 === 7) throw new Error("away");
          await oneTurn();
          return correct.set(key, write, context);
        },
      }),
      { groups: ["concurrency"] },
    );
    expect(report.isConformant).toBe(false);
    const callCountAtEnd = callCount;
    await manyTurns();
    expect(callCount).toBe(callCountAtEnd);
  });

  it("has ended a listing that never ends, also one that lets no event through", async () => {
    let sliceCount = 0;
    const report = await runWith(
      () => ({
        async *scan(prefix) {
          for (;;) {
            sliceCount += 1;
            yield [`${prefix}again`];
          }
        },
      }),
      { groups: ["scan"], timeoutMs: 30 },
    );
    expect(report.passed.map((verdict) => verdict.name)).toEqual([
      "stops cleanly when the reader leaves in the middle",
    ]);
    const sliceCountAtEnd = sliceCount;
    await manyTurns();
    expect(sliceCount).toBe(sliceCountAtEnd);
  });

  it("runs no task any more of a store that never stops scheduling", async () => {
    let roundCount = 0;
    const report = await runWith(
      (_, { scheduler }) => ({
        connect: () => {
          const again = (): void => {
            roundCount += 1;
            void Promise.resolve().then(() => scheduler.soon(again));
          };
          again();
        },
      }),
      { groups: ["basics"] },
    );
    expect(report.failed).toEqual([]);
    await oneTurn();
    const roundCountAtEnd = roundCount;
    await manyTurns();
    expect(roundCount).toBe(roundCountAtEnd);
  });

  it("moves the clock no further through timers that follow each other closely", async () => {
    let roundCount = 0;
    const report = await runWith(
      (_, { scheduler }) => ({
        connect: () => {
          const again = (): void => {
            roundCount += 1;
            scheduler.after(0.001, again);
          };
          again();
        },
      }),
      { groups: ["ttl"], timeoutMs: 20 },
    );
    expect(report.isConformant).toBe(false);
    await oneTurn();
    const roundCountAtEnd = roundCount;
    await manyTurns();
    expect(roundCount).toBe(roundCountAtEnd);
  });

  it.each(["soon", "after"] as const)("has failed when %s tasks follow each other without end", async (kind) => {
    const report = await runWith(
      (_, { scheduler }) => ({
        connect: async () => {
          const again = (): void => void (kind === "soon" ? scheduler.soon(again) : scheduler.after(0, again));
          again();
          await manyTurns();
        },
      }),
      { groups: ["leases"], skip: allLeaseCasesButOne() },
    );
    expect(report.passed).toEqual([]);
    expect(String(report.failed[0]?.error)).toMatch("schedules itself without end");
  });

  it("has failed with what a task of the store threw, and the process lives", async () => {
    const report = await runWith(
      (_, { scheduler }) => ({
        connect: async () => {
          scheduler.soon(() => {
            throw new Error("a task failed");
          });
          await manyTurns();
        },
      }),
      { groups: ["expire"] },
    );
    expect(report.passed).toEqual([]);
    for (const { error } of report.failed) expect(error).toMatchObject({ message: "a task failed" });
  });

  it("closes a store that was built too late", async () => {
    const opened: (() => void)[] = [];
    const closings: number[] = [];
    const report = await runBackendConformance({
      name: "late",
      time: "fake",
      timeoutMs: 5,
      groups: ["close"],
      create: async ({ clock }) => {
        await new Promise<void>((resolve) => opened.push(resolve));
        return { backend: { ...createMapBackend({ clock }), close: () => void closings.push(1) } };
      },
    });
    expect(report.passed).toEqual([]);
    for (const open of opened) open();
    await oneTurn();
    expect(closings.length).toBe(opened.length);
  });

  it("waits for no real time any more", async () => {
    const life = createCaseLife();
    const waiting = life.wait(60_000);
    life.end();
    await expect(waiting).rejects.toThrow("the case is over");
    await expect(life.wait(60_000)).rejects.toThrow("the case is over");
  });
});

describe("a store under a case", () => {
  it("is used through itself, whatever it is made of", async () => {
    class PrivateStore {
      readonly #name = "private";
      get name(): string {
        return this.#name;
      }
      ping(): string {
        return this.#name;
      }
    }
    const guarded = createCaseLife().guard(Object.freeze(new PrivateStore()) as unknown as Backend);
    expect(guarded.name).toBe("private");
    expect(guarded.ping?.({})).toBe("private");
    expect(guarded.peek).toBeUndefined();
    expect("ping" in guarded).toBe(true);
  });
});
