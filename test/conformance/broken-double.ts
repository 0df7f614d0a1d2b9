import type { Backend } from "../../src/backend/backend.ts";
import type { BackendCapabilities } from "../../src/backend/capabilities.ts";
import type { BackendHost } from "../../src/backend/registry.ts";
import { createMemoryBackend } from "../../src/memory/memory-backend.ts";
import type { ConformanceGroup } from "../../src/testing/backend-cases/backend-case.ts";
import type { ConformanceTarget } from "../../src/testing/backend-conformance.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { createLinkedMap } from "./linked-map.ts";

const UNBOUNDED = { maxSizeBytes: Number.POSITIVE_INFINITY, maxKeys: Number.POSITIVE_INFINITY } as const;

/** Short, for each of many doubles waits for it several times. */
const NETWORK_DEADLINE_MS = 100;

/** A store with one defect, and the groups of cases that must notice it. */
export interface BrokenDouble {
  /** Continues "a store that …". */
  readonly defect: string;
  /** Every group that fails, and no other may; the defect's own group first. */
  readonly failingGroups: readonly ConformanceGroup[];
  /** The defect, on top of a correct store. */
  readonly breakBackend: (correct: Required<Backend>, host: BackendHost) => Partial<Backend>;
  /** The correct store underneath: plain maps, the memory store, or a model of a client over a network. Default maps. */
  readonly over?: "map" | "memory" | "network";
  /** Runs these groups only. Default: all. */
  readonly groups?: readonly ConformanceGroup[];
  /** Faults need time that passes by itself. Default: fake. */
  readonly time?: "fake" | "real";
  /** Whether the cases about two clients run too: each client has the defect by itself, or they do not share their data. */
  readonly secondClient?: "alike" | "apart";
  /** What the store says that it puts into keys. */
  readonly ownNames?: readonly string[];
  /** Capabilities of the correct store underneath that are other ones. */
  readonly capabilities?: Partial<Pick<BackendCapabilities, "transactions">>;
  /** Whether the correct store underneath answers through promises. */
  readonly async?: boolean;
  /** Whether the defect makes calls hang, so that a short deadline is used. */
  readonly hangs?: boolean;
}

/** Builds the broken store; members that the defect does not replace stay correct. */
export function createBrokenTarget(double: BrokenDouble, host: BackendHost): ConformanceTarget {
  const { ownNames = [], secondClient } = double;
  const { backend, faults, openSecond } = createCorrectTarget(double, host);
  const withDefect = (correct: Backend): Backend => {
    const capabilities = { ...correct.capabilities, ...double.capabilities };
    const whole = { ...correct, capabilities } as Required<Backend>;
    return { ...whole, ...double.breakBackend(whole, host) };
  };
  const target = { backend: withDefect(backend), ownNames, ...(faults !== undefined && { faults }) };
  if (secondClient === undefined) return target;
  const openOther = secondClient === "alike" ? openSecond : () => createCorrectTarget(double, host).backend;
  return { ...target, openSecond: () => withDefect(openOther()) };
}

function createCorrectTarget(
  { over, async = false }: BrokenDouble,
  host: BackendHost,
): Pick<ConformanceTarget, "backend" | "faults"> & { readonly openSecond: () => Backend } {
  if (over === "network") return createLinkedMap(host, { deadlineMs: NETWORK_DEADLINE_MS });
  const map = createMapBackend({ clock: host.clock, async });
  if (over !== "memory") return { backend: map, openSecond: () => map.openSecond() };
  const backend = createMemoryBackend(
    { ...UNBOUNDED, evictionPolicy: "lru", cleanupIntervalMs: 60_000, copy: false },
    host,
  );
  return { backend, openSecond: () => backend };
}

/** Lets other calls in between. */
export function oneTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Resolves never. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
