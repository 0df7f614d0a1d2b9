import type { Backend } from "../../src/backend/backend.ts";
import type { BackendHost } from "../../src/backend/registry.ts";
import type { ConformanceGroup } from "../../src/testing/backend-cases/backend-case.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";

/** A store with one defect, and the groups of cases that must notice it. */
export interface BrokenDouble {
  /** Continues "a store that …". */
  readonly defect: string;
  /** Every group that fails, and no other may; the defect's own group first. */
  readonly failingGroups: readonly ConformanceGroup[];
  /** The defect, on top of a correct store. */
  readonly breakBackend: (correct: Required<Backend>, host: BackendHost) => Partial<Backend>;
  /** Whether the correct store underneath answers through promises. */
  readonly async?: boolean;
  /** Whether the defect makes calls hang, so that a short deadline is used. */
  readonly hangs?: boolean;
}

/** Builds the broken store; members that the defect does not replace stay correct. */
export function createBrokenBackend(double: BrokenDouble, host: BackendHost): Backend {
  const correct = createMapBackend({ clock: host.clock, async: double.async === true }) as unknown as Required<Backend>;
  return { ...correct, ...double.breakBackend(correct, host) };
}

/** Lets other calls in between. */
export function oneTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
