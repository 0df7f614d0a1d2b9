import { afterEach, describe, expect, it, vi } from "vitest";
import { backendCases } from "./backend-cases/all-backend-cases.ts";
import { CONFORMANCE_GROUPS } from "./backend-cases/backend-case.ts";
import type { BackendConformanceOptions } from "./backend-conformance.ts";
import { type ConformanceRunner, defineBackendConformance } from "./define-backend-conformance.ts";
import { createMapBackend } from "./map-backend/map-backend.ts";

type TestBody = (this: unknown, ...given: unknown[]) => Promise<void>;

/** A runner that only writes down what it is given. */
function recordingRunner(): ConformanceRunner & { readonly suites: string[]; readonly tests: Map<string, TestBody> } {
  const suites: string[] = [];
  const tests = new Map<string, TestBody>();
  return {
    suites,
    tests,
    describe: (name, body) => {
      suites.push(name);
      body();
    },
    it: (name, body) => void tests.set(name, body),
  };
}

const options: BackendConformanceOptions = {
  name: "map",
  time: "fake",
  create: ({ clock }) => ({ backend: createMapBackend({ clock, capabilities: { scan: false } }) }),
};

const PASSING = "keeps null as a hit";
const LACKING = "lists no leases";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("defineBackendConformance", () => {
  it("defines every case once, in suites by group", () => {
    const runner = recordingRunner();
    defineBackendConformance({ ...options, runner });
    expect(runner.suites).toEqual(["backend conformance: map", ...CONFORMANCE_GROUPS]);
    expect([...runner.tests.keys()].sort()).toEqual(backendCases.map((backendCase) => backendCase.name).sort());
    expect(runner.tests.size).toBe(backendCases.length);
  });

  it("uses the global describe and it when it is given no runner", () => {
    const runner = recordingRunner();
    vi.stubGlobal("describe", runner.describe);
    vi.stubGlobal("it", runner.it);
    defineBackendConformance(options);
    expect(runner.tests.size).toBe(backendCases.length);
  });

  it("says what to do when there is no runner at all", () => {
    vi.stubGlobal("describe", undefined);
    vi.stubGlobal("it", undefined);
    expect(() => defineBackendConformance(options)).toThrow(/Pass them/);
  });

  it("declares tests without parameters, which jest and mocha would take for callbacks", () => {
    const runner = recordingRunner();
    defineBackendConformance({ ...options, runner });
    for (const body of runner.tests.values()) expect(body.length).toBe(0);
  });

  it("skips through the context of vitest and node:test, with the reason", async () => {
    const runner = recordingRunner();
    defineBackendConformance({ ...options, runner });
    const skip = vi.fn();
    await runner.tests.get(PASSING)?.call(undefined, { skip });
    expect(skip).not.toHaveBeenCalled();
    await runner.tests.get(LACKING)?.call(undefined, { skip });
    expect(skip).toHaveBeenCalledWith('needs capability "scan"');
  });

  it("skips through mocha's this, raises its time limit, and prints the reason", async () => {
    const runner = recordingRunner();
    defineBackendConformance({ ...options, runner });
    const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const mochaContext = { skip: vi.fn(), timeout: vi.fn() };
    await runner.tests.get(LACKING)?.call(mochaContext);
    expect(mochaContext.skip).toHaveBeenCalledOnce();
    expect(mochaContext.timeout).toHaveBeenCalledWith(31_000);
    expect(written.mock.calls.join("")).toContain(`map: ${LACKING}: needs capability "scan"`);
  });

  it("prints the reason where a runner cannot skip from inside a test", async () => {
    const runner = recordingRunner();
    defineBackendConformance({ ...options, skip: { [PASSING]: "not today" }, runner });
    const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    await runner.tests.get(PASSING)?.call(undefined);
    expect(written.mock.calls.join("")).toContain(`${PASSING}: not today`);
  });

  it("refuses to skip a case that does not exist", () => {
    const runner = recordingRunner();
    expect(() => defineBackendConformance({ ...options, skip: { "keeps everything": "?" }, runner })).toThrow(
      /"keeps everything"/,
    );
  });
});
