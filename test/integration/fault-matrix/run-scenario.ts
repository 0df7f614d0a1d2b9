import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { waitUntil } from "../../../scripts/servers/wait-until.ts";
import type { Cache } from "../../../src/cache/cache.ts";
import { createCache } from "../../../src/create-cache.ts";
import { UnsupportedOperationError } from "../../../src/foundation/errors.ts";
import { type CellResult, classifyError, hasHappened } from "./cell-outcome.ts";
import { findKeys } from "./find-keys.ts";
import type { MatrixFault } from "./matrix-fault.ts";
import { type MatrixOperation, type OperationPlace, WrongResultError } from "./matrix-operation.ts";
import { DEADLINE_TOLERANCE_MS, LONG_LIMITS, type MatrixLimits, type StoreRig } from "./store-rig.ts";

/** What was seen of one fault, and how late this process was meanwhile. */
export interface ScenarioReport {
  readonly cells: readonly CellReport[];
  /** The longest that the event loop was late: a busy machine can make any call pass its deadline. */
  readonly lateMs: number;
}

/** What was seen in one cell, and what was wrong with it. */
export interface CellReport extends CellResult {
  readonly operation: string;
  /** How long the cache needed after the fault's end until it worked again. */
  readonly recoveredAfterMs: number;
  /** What must not be. Empty when all is as it should be. */
  readonly problems: readonly string[];
}

interface Cell {
  readonly operation: MatrixOperation;
  place: OperationPlace;
  result: CellResult | undefined;
  readonly problems: string[];
}

/** No cell has the keys of another, also when a scenario is run again. */
let cellCount = 0;

/** How long operations are repeated under a fault that lasts. */
const LASTING_MS = 1_000;
const LOOP_SETTLE_MS = 5;
const WARM_UP_MS = 5_000;
const RETRY_PAUSE_MS = 10;
/** A cache that has recovered answers well within this. */
const CLOSE_BOUND_MS = 1_000;

/**
 * Lets every operation meet one fault at the same time, on keys of its own; then ends the fault, waits until the cache works again, and
 * compares the store with what was reported.
 */
export async function runScenario(
  rig: StoreRig,
  fault: MatrixFault,
  operations: readonly MatrixOperation[],
  limits: MatrixLimits,
): Promise<ScenarioReport> {
  const seeder = createCache(rig.seederConfig(LONG_LIMITS));
  const cache = createCache(rig.config(limits));
  // One that is closed while the fault lasts.
  const closing = createCache(rig.config(limits));
  const cells = await Promise.all(
    operations.map((operation) => prepareCell(rig, operation, seeder, operation.kind === "close" ? closing : cache)),
  );
  await rig.settle?.();
  const loop = monitorEventLoopDelay({ resolution: 1 });
  try {
    if (fault.isThereAtStart !== true) await Promise.all(cells.map(({ place }) => warmUp(place)));
    await fault.begin(rig);
    // It measures from its first tick on.
    loop.enable();
    await delay(LOOP_SETTLE_MS);
    const running: Promise<void>[] = [];
    for (const cell of cells) {
      running.push(fault.isLasting === true ? repeat(cell) : runOnce(cell));
      // A turn each: stores send together what comes together, and then the fate of one is that of others.
      await nextTurn();
    }
    await fault.during?.(rig);
    await Promise.all(running);
    // A loop that was late until now is known to have been only when its next turn comes.
    await delay(LOOP_SETTLE_MS);
    loop.disable();
    await fault.end(rig);
    const endedAt = performance.now();
    const recoveries = await Promise.all(cells.map((cell) => checkAfterwards(cell, fault, endedAt, rig)));
    const lateMs = loop.max / 1e6;
    const reports = cells.map((cell, index) =>
      reportCell(cell, fault, recoveries[index] as number, boundOf(cell.operation, limits) + lateMs),
    );
    return { cells: reports, lateMs };
  } finally {
    await Promise.all([seeder, cache, closing].map((each) => each.close()));
  }
}

function boundOf({ kind, stepCount }: MatrixOperation, { cacheMs }: MatrixLimits): number {
  return (kind === "close" ? CLOSE_BOUND_MS : stepCount * cacheMs) + DEADLINE_TOLERANCE_MS;
}

async function prepareCell(rig: StoreRig, operation: MatrixOperation, seeder: Cache, cache: Cache): Promise<Cell> {
  cellCount += 1;
  const name = `${operation.name}-${cellCount}`;
  const view = cache.namespace(name);
  const seederView = seeder.namespace(name);
  const keys = await findKeys(rig, seederView, name);
  const prepared = await operation.prepare(seederView, keys).catch((error: unknown) => {
    if (!(error instanceof UnsupportedOperationError)) throw error;
  });
  return { operation, place: { cache, view, keys, prepared }, result: undefined, problems: [] };
}

/** Opens the connections that the operation will use. All cells do that at once, so the first attempts may take too long. */
async function warmUp({ view, keys }: OperationPlace): Promise<void> {
  await waitUntil("a cache to work before the fault", WARM_UP_MS, async () => {
    await view.getMulti(keys);
    await view.set(`${keys[0]} warm`, 1);
    await view.delete(`${keys[0]} warm`);
    return true;
  });
}

async function runOnce(cell: Cell): Promise<void> {
  const startedAt = performance.now();
  const elapsedMs = (): number => performance.now() - startedAt;
  try {
    const outcome = await cell.operation.run(cell.place);
    cell.result = { outcome, elapsedMs: elapsedMs() };
  } catch (error) {
    cell.result = { outcome: outcomeOf(error, cell), elapsedMs: elapsedMs(), error };
  }
}

function outcomeOf(error: unknown, cell: Cell): CellResult["outcome"] {
  try {
    return classifyError(error);
  } catch {
    cell.problems.push(
      error instanceof WrongResultError ? `wrong result: ${error.message}` : `surprise: ${describe(error)}`,
    );
    return "refused";
  }
}

/** Runs it on new keys again and again; the first that goes wrong is the result, else the slowest. */
async function repeat(cell: Cell): Promise<void> {
  const { operation, place } = cell;
  const isRepeatable = operation.kind !== "close" && operation.kind !== "health";
  await runOnce(cell);
  let slowest = cell.result as CellResult;
  const endAt = performance.now() + LASTING_MS;
  for (let round = 1; isRepeatable && performance.now() < endAt; round += 1) {
    const view = place.view.namespace(`round ${round}`);
    const keys = place.keys.map((key) => `${key} ${round}`) as unknown as OperationPlace["keys"];
    const prepared = await operation.prepare(view, keys).catch((error: unknown) => {
      cell.problems.push(`round ${round} cannot be prepared: ${describe(error)}`);
    });
    const again: Cell = {
      operation,
      place: { ...place, view, keys, prepared },
      result: undefined,
      problems: cell.problems,
    };
    await runOnce(again);
    const result = again.result as CellResult;
    if (result.error !== undefined && slowest.error === undefined) slowest = result;
    if (result.elapsedMs > slowest.elapsedMs && slowest.error === undefined) slowest = result;
  }
  cell.result = slowest;
}

/** @returns after how many ms the cache worked again */
async function checkAfterwards(cell: Cell, fault: MatrixFault, endedAt: number, rig: StoreRig): Promise<number> {
  const { operation, place, problems } = cell;
  const { outcome } = cell.result as CellResult;
  if (operation.kind === "close") return 0;
  const recoveredAfterMs = await recover(cell, fault, endedAt);
  const losesData = fault.losesData === true || rig.losesData === true;
  if (operation.verify === undefined || losesData || outcome === "unsupported") return recoveredAfterMs;
  if (fault.isLasting === true || !Number.isFinite(recoveredAfterMs)) return recoveredAfterMs;
  await operation.verify(place, hasHappened(outcome)).catch((error: unknown) => {
    problems.push(`afterwards (${outcome} reported): ${describe(error)}`);
  });
  return recoveredAfterMs;
}

async function recover({ place, problems }: Cell, fault: MatrixFault, endedAt: number): Promise<number> {
  const key = `${place.keys[0]} again`;
  let failure: unknown;
  for (;;) {
    try {
      await place.view.set(key, "works");
      const value = await place.view.get(key);
      if (value !== "works") problems.push(`afterwards a value that was set reads as ${String(value)}`);
      return performance.now() - endedAt;
    } catch (error) {
      failure = error;
    }
    if (performance.now() - endedAt > fault.recoveryMs) {
      problems.push(`does not work ${fault.recoveryMs} ms after the fault: ${describe(failure)}`);
      return Number.POSITIVE_INFINITY;
    }
    await delay(RETRY_PAUSE_MS);
  }
}

function reportCell(cell: Cell, fault: MatrixFault, recoveredAfterMs: number, boundMs: number): CellReport {
  const { operation, problems } = cell;
  const result = cell.result as CellResult;
  if (!isAllowed(operation, fault, result)) {
    problems.push(
      `"${result.outcome}" is not allowed${result.error === undefined ? "" : `: ${describe(result.error)}`}`,
    );
  }
  const { error } = result;
  if (fault.reason !== undefined && result.outcome !== "unsupported" && error !== undefined) {
    if (!fault.reason.test(describe(error))) problems.push(`does not say why: ${describe(error)}`);
  }
  if (fault.isLasting !== true && result.elapsedMs > boundMs) {
    problems.push(`took ${Math.round(result.elapsedMs)} ms, more than ${Math.round(boundMs)} ms`);
  }
  return { ...result, operation: operation.name, recoveredAfterMs, problems };
}

function isAllowed({ kind }: MatrixOperation, { allowed }: MatrixFault, { outcome }: CellResult): boolean {
  switch (kind) {
    case "load":
      return outcome === "loaded";
    case "close":
      return outcome === "closed";
    case "health":
      return allowed.health.includes(outcome);
    default:
      return outcome === "done" || outcome === "unsupported" || allowed[kind].includes(outcome);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : ` (${describe(error.cause)})`;
  return `${error.name}: ${error.message}${cause}`;
}
