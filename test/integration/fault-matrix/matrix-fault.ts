import type { FaultProxy } from "../support/fault-proxy.ts";
import type { CellOutcome } from "./cell-outcome.ts";
import type { BreakableRig, StoreRig } from "./store-rig.ts";

/** Which servers a fault needs. */
export type RigKind = "network" | "crash" | "password" | "tls" | "memory" | "failover" | "migration";

/** The outcomes that are right under a fault, by kind of operation; `done` and `unsupported` always are. */
export interface AllowedOutcomes {
  readonly read: readonly CellOutcome[];
  readonly write: readonly CellOutcome[];
  readonly health: readonly CellOutcome[];
}

/** Something that goes wrong, and what may come of it. */
export interface MatrixFault {
  readonly name: string;
  /** For the page: what happens. */
  readonly meaning: string;
  readonly rig: RigKind;
  /** Whether it is there before the cache connects. Default: it comes while all is well. */
  readonly isThereAtStart?: boolean | undefined;
  /** Whether the store may lose what it held. Default: it keeps all. */
  readonly losesData?: boolean | undefined;
  /** Whether operations are repeated for as long as the fault lasts. Default: each runs once. */
  readonly isLasting?: boolean | undefined;
  /** Whether everything arrives in the end, so that no deadline should pass. Default: deadlines are short and asserted. */
  readonly letsAllArrive?: boolean | undefined;
  /** How long after its end a cache may need until it works again. */
  readonly recoveryMs: number;
  readonly allowed: AllowedOutcomes;
  /** What an error or one of its causes must say, so that an operator knows what to mend. Default: nothing in particular. */
  readonly reason?: RegExp | undefined;
  /** Before the operations. */
  begin(rig: StoreRig): Promise<void> | void;
  /** While they are in flight. */
  during?(rig: StoreRig): Promise<void>;
  /** After they settled. */
  end(rig: StoreRig): Promise<void> | void;
}

/** Applies a change to every proxy of a rig. */
export function eachProxy(rig: StoreRig, change: (proxy: FaultProxy) => void): void {
  for (const proxy of rig.proxies) change(proxy);
}

/** @throws Error when the rig's servers cannot be broken, which is a mistake of the matrix */
export function asBreakable(rig: StoreRig): BreakableRig {
  if ("breakServer" in rig) return rig as BreakableRig;
  throw new Error("This rig has no fault of its own.");
}
