import type { Backend } from "../../backend/backend.ts";
import type { BackendCapabilities } from "../../backend/capabilities.ts";
import type { ConformanceFaults } from "../conformance-faults.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";

/** The groups of cases, in the order they run. */
export const CONFORMANCE_GROUPS = [
  "basics",
  "values",
  "keys",
  "ttl",
  "expire",
  "stale",
  "versions",
  "batches",
  "conditional-writes",
  "counters",
  "transactions",
  "leases",
  "tags",
  "scan",
  "clear",
  "revalidation",
  "concurrency",
  "abort",
  "close",
  "faults",
] as const;

/** The name of a group of cases. */
export type ConformanceGroup = (typeof CONFORMANCE_GROUPS)[number];

/** What a requirement looks at. */
export interface RequirementFacts {
  readonly capabilities: BackendCapabilities;
  /** The store, for its optional methods. */
  readonly backend: Backend;
  /** What the author gave to break the way to the server. */
  readonly faults: ConformanceFaults | undefined;
  /** Whether the author gave a way to open a second client of the same data. */
  readonly hasSecondClient: boolean;
  /** Whether nobody else uses the data, so that all of it may be cleared. */
  readonly hasExclusiveData: boolean;
  /** Whether the store follows the kit's clock and scheduler. */
  readonly hasFakeTime: boolean;
}

/** Something that a case needs; without it the case is skipped and says so. */
export interface Requirement {
  /** Continues "needs …". */
  readonly description: string;
  readonly isMet: (facts: RequirementFacts) => boolean;
}

/** One promise of the contract, as a check that can be run. */
export interface BackendCase {
  readonly group: ConformanceGroup;
  /** What the store does, as a sentence. Unique in the kit. */
  readonly name: string;
  /** What the case needs; all of it. Default: nothing. */
  readonly requires?: readonly Requirement[];
  /** Runs before `connect` when false: the case connects by itself. Default true. */
  readonly connected?: boolean;
  /** Whether time has to pass in it. Such cases can wait together; a test compares this mark with what they do. Default false. */
  readonly waits?: boolean;
  /** Resolves when the promise is kept, rejects with an `AssertionError` when it is not. */
  readonly run: (subject: ConformanceSubject) => Promise<void>;
}

/** A case as its file writes it; the group is the file's. */
export type CaseDefinition = Omit<BackendCase, "group">;

/** Puts a file's cases into its group. */
export function defineCases(group: ConformanceGroup, definitions: readonly CaseDefinition[]): readonly BackendCase[] {
  return definitions.map((definition) => ({ group, ...definition }));
}

type SwitchName = Exclude<keyof BackendCapabilities, "storage" | "transactions">;

/** Needs a capability that is on or off. */
export function needsCapability(name: SwitchName): Requirement {
  return { description: `capability "${name}"`, isMet: ({ capabilities }) => capabilities[name] === true };
}

/** Needs transactions over several keys, at least over those with a common `{hash tag}`. */
export const needsTransactions: Requirement = {
  description: 'capability "transactions: any-keys" or "co-located"',
  isMet: ({ capabilities }) => capabilities.transactions === "any-keys" || capabilities.transactions === "co-located",
};

/** Needs transactions over some keys, a single one at least. */
export const needsCommit: Requirement = {
  description: 'capability "transactions"',
  isMet: ({ capabilities }) => capabilities.transactions !== "none",
};

/** Needs a store whose transactions touch only keys that live together. */
export const needsColocation: Requirement = {
  description: 'capability "transactions: co-located"',
  isMet: ({ capabilities }) => capabilities.transactions === "co-located",
};

/** Needs a store whose transactions touch a single key. */
export const needsSingleKey: Requirement = {
  description: 'capability "transactions: single-key"',
  isMet: ({ capabilities }) => capabilities.transactions === "single-key",
};

/** Needs an optional method that no capability names. */
export function needsMethod(name: "connections" | "report" | "usage" | "isolate"): Requirement {
  return { description: `${name}()`, isMet: ({ backend }) => typeof backend[name] === "function" };
}

/** Needs a store that says which entries are current. */
export const needsRevalidation: Requirement = {
  description: "revalidation",
  isMet: ({ backend }) => backend.revalidation !== undefined,
};

/** Needs a store that keeps values as they are. */
export const needsValueStorage: Requirement = {
  description: 'capability "storage: values"',
  isMet: ({ capabilities }) => capabilities.storage === "values",
};

/** Needs a second client of the same data. */
export const needsSecondClient: Requirement = {
  description: "a second client (openSecond)",
  isMet: ({ hasSecondClient }) => hasSecondClient,
};

/** Needs data that nobody else uses. */
export const needsExclusiveData: Requirement = {
  description: "data of its own (exclusiveData: true)",
  isMet: ({ hasExclusiveData }) => hasExclusiveData,
};

/** Needs the kit's clock and scheduler. */
export const needsFakeTime: Requirement = {
  description: 'a store that follows the kit\'s clock (time: "fake")',
  isMet: ({ hasFakeTime }) => hasFakeTime,
};

/** Needs time that passes by itself: a store's deadlines do not fire while the kit's clock stands still. */
export const needsRealTime: Requirement = {
  description: 'real time (time: "real")',
  isMet: ({ hasFakeTime }) => !hasFakeTime,
};

/** Needs a server that can be taken away and brought back. */
export const needsFaults: Requirement = {
  description: "a way to stop and start the server (faults)",
  isMet: ({ faults }) => faults !== undefined,
};

/** Needs a server that can be made to hang. */
export const needsHang: Requirement = {
  description: "a way to hang and resume the server (faults.hang, faults.resume)",
  isMet: ({ faults }) => faults?.hang !== undefined && faults.resume !== undefined,
};

/** Needs connections that can be reset. */
export const needsReset: Requirement = {
  description: "a way to reset the connections (faults.reset)",
  isMet: ({ faults }) => faults?.reset !== undefined,
};
