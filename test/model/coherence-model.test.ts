import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { copiesModel } from "./copies/copies-model.ts";
import type { CopiesState } from "./copies/copies-state.ts";
import { COPY_SAFEGUARDS, rulesWithout, SPARE_RULES } from "./copies/copy-safeguards.ts";
import { OPEN_SCOPES, WIDE_SCOPES } from "./copies/copy-scopes.ts";
import type { Scope } from "./copies/scope.ts";
import { type Exploration, explore, type Model, printCounterexample } from "./explore.ts";
import { LOAD_SAFEGUARDS, type LoadEnding, loadRulesWithout } from "./loads/load-safeguards.ts";
import { loadsModel } from "./loads/loads-model.ts";

/** Many times what they take, for machines that do other things as well. */
const TIMEOUT_MS = 120_000;

/** Several safeguards are looked for in the same scope. */
const explored = new Map<string, Exploration>();

function exploreOnce(scope: Scope): Exploration {
  const name = JSON.stringify(scope);
  const known = explored.get(name) ?? explore(copiesModel(scope, rulesWithout()));
  explored.set(name, known);
  return known;
}

function told({ counterexample }: Exploration): string {
  return counterexample === undefined ? "" : printCounterexample(counterexample);
}

describe("copies", { timeout: TIMEOUT_MS }, () => {
  it.each(WIDE_SCOPES)("keep every promise: $name", ({ scope, stateCount }) => {
    const found = exploreOnce(scope);
    expect(told(found)).toBe("");
    expect(found.stateCount).toBe(stateCount);
  });

  it.each(COPY_SAFEGUARDS)("break one without $name, which is: $rule", ({ name, with: others, scope, length }) => {
    expect(told(exploreOnce(scope))).toBe("");
    // One of two that do the same is enough.
    for (const one of others.length === 0 ? [] : [name, ...others])
      expect(told(explore(copiesModel(scope, rulesWithout(one))))).toBe("");
    const found = explore(copiesModel(scope, rulesWithout(name, ...others)));
    expect(found.counterexample?.length).toBe(length);
  });

  it.each(SPARE_RULES)("do without $name, which is there twice", ({ name, scope }) => {
    expect(told(explore(copiesModel(scope, rulesWithout(name))))).toBe("");
  });

  it.each(OPEN_SCOPES)("are not saved by any rule from: $name", ({ scope, length }) => {
    expect(explore(copiesModel(scope, rulesWithout())).counterexample?.length).toBe(length);
  });
});

describe("a copy of a state", () => {
  const named = ["contiguous", "otherEpoch", "ackAll"];

  it.each(COPY_SAFEGUARDS.filter(({ name }) => named.includes(name)))(
    "has all of it and shares nothing with it, in the scope of $name",
    ({ scope }) => {
      const model = copiesModel(scope, rulesWithout());
      const copy = (state: CopiesState): CopiesState => {
        const copied = model.copy(state);
        if (!isDeepStrictEqual(copied, state)) expect(copied).toEqual(state);
        // What a step then changes of it throws.
        freeze(state);
        return copied;
      };
      expect(explore({ ...model, copy })).toEqual(exploreOnce(scope));
    },
  );

  function freeze(part: unknown): void {
    if (typeof part !== "object" || part === null) return;
    Object.freeze(part);
    for (const each of Object.values(part)) freeze(each);
  }
});

describe("loads", { timeout: TIMEOUT_MS }, () => {
  it.each<[LoadEnding, number]>([
    ["delete", 12_554],
    ["clear", 12_554],
    ["tags", 12_554],
  ])("keep every promise: %s", (ending, stateCount) => {
    const found = explore(loadsModel(ending, loadRulesWithout()));
    expect(told(found)).toBe("");
    expect(found.stateCount).toBe(stateCount);
  });

  it.each(LOAD_SAFEGUARDS)("break one without $name, which is: $rule", ({ name, ending, length }) => {
    const found = explore(loadsModel(ending, loadRulesWithout(name)));
    expect(found.counterexample?.length).toBe(length);
  });
});

describe("docs/design/coherence-model.md", () => {
  const page = readFileSync(new URL("../../docs/design/coherence-model.md", import.meta.url), "utf8").split("\n");

  it.each([...COPY_SAFEGUARDS, ...LOAD_SAFEGUARDS])("has $name", ({ name, rule, length }) => {
    expect(page).toContain(`| \`${name}\` | ${rule.replace(" · ", " | ")} | ${length} |`);
  });

  it.each(WIDE_SCOPES)("tells how many states there are: $name", ({ name, stateCount }) => {
    expect(page).toContain(`| ${name} | ${stateCount.toLocaleString("en")} |`);
  });

  it.each(OPEN_SCOPES)("tells what does not hold: $name", ({ name, length }) => {
    expect(page.some((line) => line.startsWith(`| ${name} | ${length} |`))).toBe(true);
  });
});

describe("an exploration", () => {
  interface Counters {
    small: number;
    large: number;
  }

  const counters = (judge: Model<Counters>["judge"]): Model<Counters> => ({
    initial: { small: 0, large: 0 },
    copy: (state) => ({ ...state }),
    steps: ({ small, large }) => [
      ...(small < 3
        ? [{ label: "one more", take: (draft: Counters) => void Object.assign(draft, { small: small + 1 }) }]
        : []),
      ...(large < 2
        ? [{ label: "ten more", take: (draft: Counters) => void Object.assign(draft, { large: large + 10 }) }]
        : []),
    ],
    judge,
    tidy: (state) => {
      if (state.large > 2) state.large = 2;
    },
    describe: ({ small, large }) => `${small} ${large}`,
  });

  it("looks at each state once, by the shortest way", () => {
    const found = explore(counters(() => undefined));
    expect(found).toEqual({ stateCount: 8, stepCount: 10, depth: 4, counterexample: undefined });
  });

  it("tells the shortest way to a wrong state, step by step", () => {
    const found = explore(counters(({ small, large }) => (small === 2 && large > 0 ? "too much" : undefined)));
    expect(told(found).split("\n")).toEqual([
      "too much, after 3 steps:",
      "  1  one more",
      "     1 0",
      "  2  one more",
      "     2 0",
      "  3  ten more",
      "     2 2",
    ]);
  });

  it("says so when the first state is wrong", () => {
    expect(explore(counters(() => "no good")).counterexample).toEqual({ broken: "no good", length: 0, steps: [] });
  });
});
