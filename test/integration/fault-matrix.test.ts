import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { classifyTime, groupOf } from "./fault-matrix/cell-outcome.ts";
import type { MatrixFault, RigKind } from "./fault-matrix/matrix-fault.ts";
import { MATRIX_FAULTS } from "./fault-matrix/matrix-faults.ts";
import {
  cellName,
  type MatrixCells,
  mergeCells,
  type PageCell,
  readMatrix,
  renderMatrix,
} from "./fault-matrix/matrix-page.ts";
import { MATRIX_STORES, type MatrixStore } from "./fault-matrix/matrix-stores.ts";
import { READ_OPERATIONS } from "./fault-matrix/read-operations.ts";
import { type CellReport, runScenario } from "./fault-matrix/run-scenario.ts";
import { LONG_LIMITS, type MatrixLimits, measureShortLimits, type StoreRig } from "./fault-matrix/store-rig.ts";
import { removeTrustFiles } from "./fault-matrix/trust-file.ts";
import { WRITE_OPERATIONS } from "./fault-matrix/write-operations.ts";

const OPERATIONS = [...READ_OPERATIONS, ...WRITE_OPERATIONS];
const OPERATION_NAMES = OPERATIONS.map(({ name }) => name);
const PAGE = fileURLToPath(new URL("../../docs/reference/fault-matrix.md", import.meta.url));
/** How late the event loop may be before what was seen is no evidence. */
const DISTURBED_MS = 60;
const MAX_ATTEMPTS = 4;
/** A second or two at rest. */
const SCENARIO_TIMEOUT_MS = 180_000;
const isUpdating = process.env["UPDATE_REFERENCE"] === "1";
const page: MatrixCells = existsSync(PAGE) ? readMatrix(readFileSync(PAGE, "utf8")) : new Map();
const seen = new Map<string, PageCell>();

/** What was seen, and with which deadlines. */
interface Run {
  readonly cells: readonly CellReport[];
  readonly limits: MatrixLimits;
}

/** Whether something else keeps the machine busy: this process was late, or more programs want to run than there are processors. */
function isDisturbed(lateMs: number): boolean {
  return lateMs > DISTURBED_MS || (loadavg()[0] ?? 0) > availableParallelism();
}

/** Columns of a store that its servers allow. */
function faultsOf({ notApplicable }: MatrixStore): typeof MATRIX_FAULTS {
  return MATRIX_FAULTS.filter((fault) => notApplicable[fault.rig] === undefined);
}

afterAll(removeTrustFiles);

describe.each(MATRIX_STORES)("$name", (store) => {
  const rigs = new Map<RigKind, Promise<StoreRig>>();
  const rigFor = (kind: RigKind): Promise<StoreRig> => {
    const rig = rigs.get(kind) ?? store.start(kind);
    rigs.set(kind, rig);
    return rig;
  };

  /**
   * What is seen while something else keeps the machine busy says nothing about deadlines of a few hundred milliseconds: then the scenario is
   * run again. One that is wrong on a machine at rest is wrong at once.
   */
  async function runUndisturbed(fault: MatrixFault): Promise<Run> {
    for (let attempt = 1; ; attempt += 1) {
      const limits = fault.letsAllArrive === true ? LONG_LIMITS : await measureShortLimits(attempt);
      try {
        const { cells, lateMs } = await runScenario(await rigFor(fault.rig), fault, OPERATIONS, limits);
        const isRight = cells.every(({ problems }) => problems.length === 0);
        if (isRight || attempt === MAX_ATTEMPTS || !isDisturbed(lateMs)) return { cells, limits };
      } catch (error) {
        // The servers could not even be made ready.
        if (attempt === MAX_ATTEMPTS || !isDisturbed(0)) throw error;
      }
      // What is left of servers that were broken is not what the next attempt needs.
      const broken = rigs.get(fault.rig);
      rigs.delete(fault.rig);
      await broken?.then((rig) => rig.stop()).catch(() => undefined);
    }
  }

  beforeAll(async () => {
    const kinds = store.startsAhead === true ? faultsOf(store).map(({ rig }) => rig) : (["network"] as const);
    await Promise.all(kinds.map(rigFor));
  });
  afterAll(async () => {
    const started = await Promise.allSettled(rigs.values());
    await Promise.all(started.map((result) => result.status === "fulfilled" && result.value.stop()));
  });

  it.each(faultsOf(store))(
    "$name: every call settles in time as it may, and the cache works again",
    { timeout: SCENARIO_TIMEOUT_MS },
    async (fault) => {
      const { cells, limits } = await runUndisturbed(fault);
      for (const { operation, outcome, elapsedMs, problems: own } of cells) {
        if (own.length > 0) continue;
        const name = cellName(store.name, fault.name, operation);
        const cell: PageCell = { outcomes: [outcome], time: classifyTime(elapsedMs, limits.storeMs) };
        seen.set(name, mergeCells(isUpdating ? page.get(name) : undefined, cell));
      }
      const problems = cells.flatMap(({ operation, problems: own }) =>
        own.map((problem) => `${operation}: ${problem}`),
      );
      expect(problems).toEqual([]);
    },
  );
});

describe("docs/reference/fault-matrix.md", () => {
  it("has an outcome for every cell that was seen", () => {
    if (isUpdating) writeFileSync(PAGE, renderMatrix(new Map([...page, ...seen]), OPERATION_NAMES));
    const now = readMatrix(readFileSync(PAGE, "utf8"));
    const unknown = [...seen.keys()].filter((name) => (now.get(name)?.outcomes ?? []).length === 0);
    expect(unknown).toEqual([]);
    // Each was judged where it was seen. A fault that meets a call at another moment may end it in another way that is allowed.
    const others = [...seen].flatMap(([name, { outcomes }]) => {
      const known = (now.get(name)?.outcomes ?? []).map(groupOf);
      return outcomes.filter((outcome) => !known.includes(groupOf(outcome))).map((outcome) => `${name}: ${outcome}`);
    });
    if (others.length > 0)
      console.info(`Seen and not on the page yet (UPDATE_REFERENCE=1 adds it):\n${others.join("\n")}`);
  });

  it("is what the tables of faults, stores and operations say", () => {
    expect(readFileSync(PAGE, "utf8")).toBe(renderMatrix(readMatrix(readFileSync(PAGE, "utf8")), OPERATION_NAMES));
  });
});
