import type { Backend, MaybePromise } from "../backend/backend.ts";
import type { BackendHost } from "../backend/registry.ts";
import type { BackendCase, ConformanceGroup } from "./backend-cases/backend-case.ts";
import type { ConformanceFaults } from "./conformance-faults.ts";

/** A store to be proven, as its author hands it over: built, not connected. */
export interface ConformanceTarget {
  /** The store. The kit calls its `connect` and its `close`. */
  readonly backend: Backend;
  /** Builds another client of the same data, not connected. Without it the cases about two clients are skipped. */
  readonly openSecond?: () => MaybePromise<Backend>;
  /** Breaks the way to the server. Without it the group `faults` is skipped; a store with a network should be proven with it. */
  readonly faults?: ConformanceFaults;
  /** Texts that the store itself puts into keys: prefixes, suffixes, names of its own records. They are tried as keys. */
  readonly ownNames?: readonly string[];
  /**
   * With real time, how a case lets time pass: settles when `ms` have passed by the clock that ends TTLs. For a server whose clock may lag behind this
   * process's, as one that counts whole seconds does on a machine that pauses. Default: `sleep`.
   *
   * @param sleep waits by the clock of this process; rejects when the case is over, and so must this
   */
  readonly wait?: (ms: number, sleep: (ms: number) => Promise<void>) => Promise<void>;
  /** Frees what the author made for this case, after the store was closed: directories, servers. */
  readonly dispose?: () => MaybePromise<void>;
}

/** Options of {@link defineBackendConformance} and {@link runBackendConformance}. */
export interface BackendConformanceOptions {
  /** The store's name in titles and reports. */
  readonly name: string;
  /**
   * Builds a store for one case. Called once per case; the kit uses keys of a namespace that no other case has.
   *
   * @param host what a cache would give the store; with `time: "fake"` its clock and scheduler stand still until a case moves them
   */
  readonly create: (host: BackendHost) => MaybePromise<ConformanceTarget>;
  /** `"fake"`: the store takes time from the host only. `"real"`: the kit really waits, some 170 TTL units in all, 100 without the capability `stale`. */
  readonly time: "fake" | "real";
  /**
   * The unit of the TTLs in the cases, in ms: at least twice what the store rounds TTLs to. Default 1,000 with fake time,
   * 100 with real time; 2,000 suits a store that counts in seconds.
   */
  readonly ttlUnitMs?: number;
  /** How long one case may take, in ms, before it counts as hanging. Default 10,000 plus 10 TTL units of real time. */
  readonly timeoutMs?: number;
  /**
   * Group `faults`: the longest that a call may take until it is given up, in ms, when the server is away or hangs: the store's longest
   * deadline and some time to spare. Give the store short deadlines, for several cases wait for them. Default 3,000.
   */
  readonly deadlineMs?: number;
  /** Group `faults`: the longest until calls work again after the server came back, in ms. Default 10,000. */
  readonly recoveryMs?: number;
  /**
   * With real time: the cases in which time has to pass run together, so that all wait for as long as the longest does, some 12 TTL units instead of
   * 170. For stores that count in seconds. `create` is then called for some 50 cases at once. Default false.
   */
  readonly waitsTogether?: boolean;
  /** Whether nobody else uses the data, so that `clear("")` and `scan("")` may be tried. Default false. */
  readonly exclusiveData?: boolean;
  /** Cases to leave out: the case's name and why. A name that does not exist is an error, so that no entry goes stale. */
  readonly skip?: Readonly<Record<string, string>>;
  /** Only these groups. Default: all. */
  readonly groups?: readonly ConformanceGroup[];
}

/** {@link BackendConformanceOptions} with every default filled in. */
export interface ResolvedConformance extends Required<BackendConformanceOptions> {}

const FAKE_TTL_UNIT_MS = 1_000;
const REAL_TTL_UNIT_MS = 100;
const BASE_TIMEOUT_MS = 10_000;
const DEADLINE_MS = 3_000;
const RECOVERY_MS = 10_000;
/** How often a case of faults waits for a deadline and for a recovery, at most. */
const DEADLINES_OF_CASE = 4;
const RECOVERIES_OF_CASE = 6;
/** The longest case waits for six units of real time. */
const LONGEST_CASE_UNITS = 10;

/**
 * Fills in the defaults.
 *
 * @throws TypeError when `skip` names a case that does not exist
 */
export function resolveBackendConformance(
  options: BackendConformanceOptions,
  knownNames: ReadonlySet<string>,
  allGroups: readonly ConformanceGroup[],
): ResolvedConformance {
  const isFake = options.time === "fake";
  const ttlUnitMs = options.ttlUnitMs ?? (isFake ? FAKE_TTL_UNIT_MS : REAL_TTL_UNIT_MS);
  for (const name of Object.keys(options.skip ?? {})) {
    if (!knownNames.has(name)) throw new TypeError(`skip names "${name}", which is no case of the conformance kit.`);
  }
  return {
    exclusiveData: false,
    waitsTogether: false,
    skip: {},
    groups: allGroups,
    deadlineMs: DEADLINE_MS,
    recoveryMs: RECOVERY_MS,
    timeoutMs: BASE_TIMEOUT_MS + (isFake ? 0 : LONGEST_CASE_UNITS * ttlUnitMs),
    ...options,
    ttlUnitMs,
  };
}

/** How long a case may take, in ms: those of faults wait for deadlines and recoveries besides. */
export function caseTimeoutMs({ group }: BackendCase, options: ResolvedConformance): number {
  const { timeoutMs, deadlineMs, recoveryMs } = options;
  return group === "faults" ? timeoutMs + DEADLINES_OF_CASE * deadlineMs + RECOVERIES_OF_CASE * recoveryMs : timeoutMs;
}
