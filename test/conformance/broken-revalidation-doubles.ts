import type { Backend } from "../../src/backend/backend.ts";
import type { EntryVerdict, KnownEntry } from "../../src/backend/revalidation.ts";
import type { BrokenDouble } from "./broken-double.ts";

/** A correct store that answers questions otherwise. */
function answering(
  correct: Required<Backend>,
  change: (
    verdicts: readonly EntryVerdict[],
    entries: readonly KnownEntry[],
  ) => readonly EntryVerdict[] | Promise<readonly EntryVerdict[]>,
): Pick<Required<Backend>, "revalidation"> {
  const { life, revalidate } = correct.revalidation as NonNullable<Backend["revalidation"]>;
  return {
    revalidation: {
      life,
      revalidate: async (entries, context) => change(await revalidate(entries, context), entries),
    },
  };
}

/** A correct store that takes what one operation changed for unchanged. */
function blindTo(
  correct: Required<Backend>,
  operations: readonly ("delete" | "clear" | "expire" | "invalidateTags" | "increment")[],
): Partial<Backend> {
  let isBlind = false;
  const blinded = operations.map((operation) => {
    const call = async (...given: unknown[]): Promise<unknown> => {
      isBlind = true;
      return (correct[operation] as (...parameters: unknown[]) => unknown)(...given);
    };
    return [operation, call] as const;
  });
  return {
    ...Object.fromEntries(blinded),
    ...answering(correct, (verdicts) => (isBlind ? verdicts.map(() => "unchanged") : verdicts)),
  };
}

const GROUP = { failingGroups: ["revalidation"], async: true } as const;

/** Defects of what is said of entries that were read. */
export const brokenRevalidationDoubles: readonly BrokenDouble[] = [
  {
    ...GROUP,
    defect: "takes every entry for unchanged",
    secondClient: "alike",
    breakBackend: (correct) => answering(correct, (verdicts) => verdicts.map(() => "unchanged")),
  },
  {
    ...GROUP,
    defect: "takes every entry for changed",
    breakBackend: (correct) => answering(correct, (verdicts) => verdicts.map(() => "changed")),
  },
  {
    ...GROUP,
    defect: "answers questions in another order",
    breakBackend: (correct) => answering(correct, (verdicts) => verdicts.toReversed()),
  },
  {
    ...GROUP,
    defect: "answers the first thousand entries of a question",
    breakBackend: (correct) =>
      answering(correct, (verdicts) => verdicts.map((verdict, index) => (index < 1_000 ? verdict : "unknown"))),
  },
  {
    ...GROUP,
    defect: "looks only whether an entry is there",
    breakBackend: (correct) =>
      answering(correct, async (_, entries) => {
        const found = await correct.getMulti(
          entries.map(({ key }) => key),
          {},
        );
        return found.map((entry) => (entry === undefined ? "changed" : "unchanged"));
      }),
  },
  {
    ...GROUP,
    defect: "looks only at versions, and not at ends",
    breakBackend: (correct) =>
      answering(correct, async (_, entries) => {
        const found = await correct.getMulti(
          entries.map(({ key }) => key),
          {},
        );
        return found.map((entry, index) => (entry?.version === entries[index]?.version ? "unchanged" : "changed"));
      }),
  },
  { ...GROUP, defect: "does not see deletes", breakBackend: (correct) => blindTo(correct, ["delete"]) },
  { ...GROUP, defect: "does not see clears", breakBackend: (correct) => blindTo(correct, ["clear"]) },
  { ...GROUP, defect: "does not see tags", breakBackend: (correct) => blindTo(correct, ["invalidateTags"]) },
  { ...GROUP, defect: "does not see counters", breakBackend: (correct) => blindTo(correct, ["increment"]) },
];
