import type { BackendCapabilities } from "../../backend/capabilities.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";

/** The groups of cases, in the order they run. */
export const CONFORMANCE_GROUPS = [
  "basics",
  "values",
  "keys",
  "ttl",
  "expire",
  "versions",
  "batches",
  "conditional-writes",
  "counters",
  "transactions",
  "leases",
  "tags",
  "scan",
  "clear",
  "concurrency",
  "abort",
  "close",
] as const;

/** The name of a group of cases. */
export type ConformanceGroup = (typeof CONFORMANCE_GROUPS)[number];

/** What a requirement looks at. */
export interface RequirementFacts {
  readonly capabilities: BackendCapabilities;
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

/** Needs transactions over any number of keys. */
export const needsTransactions: Requirement = {
  description: 'capability "transactions: any-keys"',
  isMet: ({ capabilities }) => capabilities.transactions === "any-keys",
};

/** Needs a store that keeps values as they are. */
export const needsValueStorage: Requirement = {
  description: 'capability "storage: values"',
  isMet: ({ capabilities }) => capabilities.storage === "values",
};

/** Needs a store that keeps bytes. */
export const needsByteStorage: Requirement = {
  description: 'capability "storage: bytes"',
  isMet: ({ capabilities }) => capabilities.storage === "bytes",
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
