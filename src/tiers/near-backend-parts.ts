import type { Backend } from "../backend/backend.ts";
import type { CoherenceFleet } from "../coherence/coherence-fleet.ts";
import type { CoherenceNode } from "../coherence/coherence-node.ts";
import type { MiddleReader } from "./middle-reader.ts";
import type { NearCopies } from "./near-copies.ts";
import type { ServerClock } from "./server-clock.ts";

/** What a store with near copies is made of. */
export interface NearBackendParts {
  /** The shared store; keeps values. */
  readonly far: Backend;
  readonly copies: NearCopies;
  readonly node: CoherenceNode;
  readonly serverClock: ServerClock;
  /** The local store under `copies`: closed with this one. */
  readonly near: Backend;
  /** Whether what this process writes leaves a copy here; otherwise only what it reads or loads does. */
  readonly keepsWrites: boolean;
  /** The tiers between the copies here and the shared store; `undefined`: there are none. */
  readonly middle?: MiddleReader | undefined;
  /** The other nodes. */
  readonly fleet: CoherenceFleet;
}
