import { describe, expect, it } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { defineBackend } from "../backend/define-backend.ts";
import type { BackendHost } from "../backend/registry.ts";
import { createMemoryBackend } from "../memory/memory-backend.ts";
import { backendCases } from "./backend-cases/all-backend-cases.ts";
import { type BackendCase, CONFORMANCE_GROUPS } from "./backend-cases/backend-case.ts";
import type { ConformanceTarget, ResolvedConformance } from "./backend-conformance.ts";
import { createCaseRunner } from "./case-order.ts";
import { createMapBackend } from "./map-backend/map-backend.ts";
import { runBackendCase } from "./run-backend-case.ts";
import { resolveConformance, runBackendConformance } from "./run-backend-conformance.ts";

describe("runBackendConformance", () => {
  it("reports every case once: passed, or skipped for a reason", async () => {
    const report = await runBackendConformance({
      name: "map",
      time: "fake",
      skip: { "keeps null as a hit": "to see that it is reported" },
      create: ({ clock }) => ({ backend: createMapBackend({ clock, capabilities: { tags: false } }) }),
    });
    expect(report.failed).toEqual([]);
    expect(report.isConformant).toBe(true);
    expect(report.passed.length + report.skipped.length).toBe(backendCases.length);
    const reasons = new Set(report.skipped.map((verdict) => verdict.reason));
    expect([...reasons].sort()).toEqual([
      "needs a second client (openSecond)",
      "needs a way to hang and resume the server (faults.hang, faults.resume)",
      "needs a way to reset the connections (faults.reset)",
      "needs a way to stop and start the server (faults)",
      'needs capability "slidingTtl"',
      'needs capability "tags"',
      'needs capability "transactions: co-located"',
      'needs capability "transactions: single-key"',
      "needs connections()",
      "needs data of its own (exclusiveData: true)",
      "needs isolate()",
      "needs report()",
      "needs revalidation",
      "to see that it is reported",
    ]);
  });

  it("accepts a store of three methods that promises nothing", async () => {
    const report = await runBackendConformance({
      name: "minimal",
      time: "fake",
      create: ({ clock }) => {
        const { get, set, delete: remove } = createMapBackend({ clock });
        return { backend: defineBackend({ name: "minimal", get, set, delete: remove }) };
      },
    });
    expect(report.failed).toEqual([]);
    expect(new Set(report.passed.map((verdict) => verdict.group)).size).toBe(10);
    expect(report.skipped.filter((verdict) => verdict.group === "expire").map((verdict) => verdict.reason)).toContain(
      'needs an expire() of the store\'s own or capability "conditionalWrites"',
    );
  });

  it("runs only the groups that were asked for", async () => {
    const report = await runBackendConformance({
      name: "map",
      time: "fake",
      groups: ["ttl", "scan"],
      create: ({ clock }) => ({ backend: createMapBackend({ clock }) }),
    });
    expect(new Set(report.passed.map((verdict) => verdict.group))).toEqual(new Set(["ttl", "scan"]));
  });

  it("really waits with real time", async () => {
    const report = await runBackendConformance({
      name: "map",
      time: "real",
      groups: ["expire"],
      create: ({ clock }) => ({ backend: createMapBackend({ clock }) }),
    });
    expect(report.failed).toEqual([]);
    expect(report.durationMs).toBeGreaterThan(1_000);
  });

  it("waits by the clock of a server that says how to, when that is not the clock of this process", async () => {
    const slowly = (now: () => number) => {
      const startedAt = now();
      return () => startedAt + (now() - startedAt) / 2;
    };
    const report = await runBackendConformance({
      name: "map of a server whose clock goes at half the speed",
      time: "real",
      groups: ["scan"],
      create: ({ clock }) => ({
        backend: createMapBackend({
          clock: { wallMs: slowly(() => clock.wallMs()), monotonicMs: slowly(() => clock.monotonicMs()) },
        }),
        wait: (ms, sleep) => sleep(2 * ms),
      }),
    });
    expect(report.failed).toEqual([]);
    expect(report.passed.length).toBeGreaterThan(0);
  });

  it("connects each store before its case, closes it once and disposes of it, also after a failure", async () => {
    const calls: string[] = [];
    const failing = (backend: Backend): Backend => ({
      ...backend,
      connect: () => void calls.push("connect"),
      get: () => Promise.reject(new Error("away")),
      close: () => void calls.push("close"),
    });
    const report = await runBackendConformance({
      name: "failing",
      time: "fake",
      groups: ["expire"],
      create: ({ clock }) => ({
        backend: failing(createMapBackend({ clock })),
        dispose: () => void calls.push("dispose"),
      }),
    });
    expect(report.isConformant).toBe(false);
    expect(calls).toEqual(report.failed.concat(report.passed as never).flatMap(() => ["connect", "close", "dispose"]));
  });

  it("closes a store once that a case has closed already", async () => {
    let openCount = 0;
    const report = await runBackendConformance({
      name: "once",
      time: "fake",
      groups: ["close"],
      create: ({ clock }) => {
        openCount += 1;
        const close = (): void => {
          openCount -= 1;
        };
        return { backend: { ...createMapBackend({ clock }), close } };
      },
    });
    expect(report.failed).toEqual([]);
    expect(openCount).toBe(0);
  });

  it("reports a store that cannot be built or connected as a failure of each case", async () => {
    const report = await runBackendConformance({
      name: "absent",
      time: "fake",
      groups: ["basics"],
      create: () => Promise.reject(new Error("no server")),
    });
    expect(report.passed).toEqual([]);
    expect(report.failed[0]?.error).toMatchObject({ message: "no server" });
  });

  it("lets a store yield with soon inside a call, while the clock stands still", async () => {
    const report = await runBackendConformance({
      name: "yielding",
      time: "fake",
      groups: ["basics", "close"],
      create: ({ clock, scheduler }) => {
        const backend = createMapBackend({ clock, async: true });
        const turn = (): Promise<void> => new Promise((resolve) => scheduler.soon(resolve));
        return { backend: { ...backend, get: async (key, context) => turn().then(() => backend.get(key, context)) } };
      },
    });
    expect(report.failed).toEqual([]);
  });
});

describe("cases that wait together", () => {
  it("wait as long as the longest of them, and each is reported as what it is", async () => {
    let openCount = 0;
    let mostOpenCount = 0;
    const report = await runBackendConformance({
      name: "map",
      time: "real",
      waitsTogether: true,
      groups: ["ttl", "expire", "leases"],
      create: ({ clock }) => {
        openCount += 1;
        mostOpenCount = Math.max(mostOpenCount, openCount);
        const backend = createMapBackend({ clock });
        const dispose = (): void => {
          openCount -= 1;
        };
        const lease: Backend["lease"] = (request, context) =>
          request.kind === "extend" ? { kind: "lost" } : (backend.lease?.(request, context) ?? { kind: "lost" });
        return { backend: { ...backend, lease }, dispose };
      },
    });
    expect(report.failed.map(({ name }) => name)).toEqual([
      "keeps the token when a lease is extended, and counts its time from the extension",
    ]);
    expect(mostOpenCount).toBeGreaterThan(10);
    // One after the other they wait for more than 6 seconds.
    expect(report.durationMs).toBeLessThan(3_000);
  });

  it("are over before a case begins that needs all of the data", async () => {
    let openCount = 0;
    const openCounts: number[] = [];
    const create = ({ clock }: BackendHost): ConformanceTarget => {
      openCount += 1;
      const backend = createMapBackend({ clock });
      const scan: Backend["scan"] = (prefix, context) => {
        if (prefix === "") openCounts.push(openCount);
        return (backend as Required<Backend>).scan(prefix, context);
      };
      const dispose = (): void => {
        openCount -= 1;
      };
      return { backend: { ...backend, scan }, dispose };
    };
    const options = { name: "map", time: "real", waitsTogether: true, exclusiveData: true, create } as const;
    const run = createCaseRunner(resolveConformance(options));
    const caseNamed = (name: string): BackendCase =>
      backendCases.find((backendCase) => backendCase.name === name) as BackendCase;
    // Not one after the other, as of a runner that shuffles its tests.
    const waiting = run(caseNamed("finds an entry before its TTL is over and misses it afterwards"));
    const exclusive = run(caseNamed("lists every key of the store with an empty prefix"));
    expect(openCount).toBeGreaterThan(1);
    expect(await Promise.all([waiting, exclusive])).toEqual([{ kind: "passed" }, { kind: "passed" }]);
    expect(openCounts).toEqual([1]);
  });

  it("are exactly those that let time pass", async () => {
    const waiting = new Set<string>();
    let passedMs = 0;
    const optionsFor = (isMemory: boolean): ResolvedConformance =>
      resolveConformance({
        name: "clocked",
        time: "fake",
        exclusiveData: true,
        create: (host) => {
          const startedAtMs = host.clock.monotonicMs();
          const dispose = (): void => {
            passedMs = host.clock.monotonicMs() - startedAtMs;
          };
          if (isMemory) return { backend: createMemoryBackend(MEMORY, host), dispose };
          // What remote stores alone have, and local ones alone.
          const backend = createMapBackend({ clock: host.clock, async: true });
          return { backend, openSecond: () => backend.openSecond(), dispose };
        },
      });
    for (const options of [optionsFor(false), optionsFor(true)]) {
      for (const backendCase of backendCases) {
        passedMs = 0;
        await runBackendCase(backendCase, options);
        if (passedMs > 0) waiting.add(backendCase.name);
      }
    }
    expect(backendCases.filter(({ waits }) => waits === true).map(({ name }) => name)).toEqual(
      backendCases.map(({ name }) => name).filter((name) => waiting.has(name)),
    );
  });
});

const MEMORY = {
  maxSizeBytes: Number.POSITIVE_INFINITY,
  maxKeys: Number.POSITIVE_INFINITY,
  evictionPolicy: "lru",
  cleanupIntervalMs: 60_000,
  copy: false,
} as const;

describe("the cases", () => {
  it("have unique names and fill every group", () => {
    expect(new Set(backendCases.map((backendCase) => backendCase.name)).size).toBe(backendCases.length);
    expect(new Set(backendCases.map((backendCase) => backendCase.group))).toEqual(new Set(CONFORMANCE_GROUPS));
  });
});
