import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  decideLoad,
  decideWait,
  type EntryStanding,
  type LoadDecision,
  type LoadSituation,
  type WaitDecision,
  type WaitEvent,
} from "../../src/loading/load-decision.ts";
import { type MarkedTable, readMarkedTable } from "./marked-table.ts";

const page = readFileSync(new URL("../../docs/guide/get-or-set.md", import.meta.url), "utf8");

const STANDINGS: readonly EntryStanding[] = ["fresh", "aging", "revalidatable", "graceful", "none"];
const LOAD_DECISIONS: readonly LoadDecision[] = ["serve", "refresh", "join", "load", "fail"];
const WAIT_DECISIONS: readonly WaitDecision[] = ["stand-in", "wait", "fail"];
const BOTH = [false, true];

/** What the page promises; a cell that is not there is `undefined`, which no decision is. */
function cellOf(table: MarkedTable, standing: EntryStanding, column: string): string | undefined {
  return table.get(`\`${standing}\``)?.get(column);
}

function columnOf({ isForced, hasFailedLately, isLoading }: LoadSituation): string {
  if (isForced) return "`forceFresh`";
  if (hasFailedLately) return "a load failed, less than `errorTtl` ago";
  return isLoading ? "a load runs" : "no load runs";
}

const COLUMN_OF_EVENT: Readonly<Record<WaitEvent, string>> = {
  offered: "it becomes known",
  "soft-timeout": "the soft timeout passes",
  failed: "the load fails, or the hard timeout passes",
};
const EVENTS = Object.keys(COLUMN_OF_EVENT) as readonly WaitEvent[];

const situations: readonly LoadSituation[] = STANDINGS.flatMap((standing) =>
  BOTH.flatMap((isForced) =>
    BOTH.flatMap((isLoading) => BOTH.map((hasFailedLately) => ({ standing, isForced, isLoading, hasFailedLately }))),
  ),
);

describe("the table of what a call does, in docs/guide/get-or-set.md", () => {
  const table = readMarkedTable(page, "decideLoad");

  it.each(situations)(
    "is the decision: $standing, forced $isForced, loading $isLoading, failed lately $hasFailedLately",
    (situation) => {
      expect(cellOf(table, situation.standing, columnOf(situation))).toBe(decideLoad(situation));
    },
  );

  it("has a row for each standing, no other, and only decisions that there are", () => {
    expect([...table.keys()]).toEqual(STANDINGS.map((standing) => `\`${standing}\``));
    for (const row of table.values()) {
      expect(new Set(row.keys())).toEqual(new Set(situations.map(columnOf)));
      for (const decision of row.values()) expect(LOAD_DECISIONS).toContain(decision);
    }
  });

  it("comes with an explanation of each decision", () => {
    for (const decision of LOAD_DECISIONS) expect(page).toContain(`**${decision}**: `);
  });
});

describe("the table of what a caller who waits does, in docs/guide/get-or-set.md", () => {
  const table = readMarkedTable(page, "decideWait");
  const cases = EVENTS.flatMap((event) => STANDINGS.map((standing) => ({ event, standing })));

  it.each(cases)("is the decision: $event, $standing", ({ event, standing }) => {
    expect(cellOf(table, standing, COLUMN_OF_EVENT[event])).toBe(decideWait(event, standing));
  });

  it("has a row for each standing, no other, and only decisions that there are", () => {
    expect([...table.keys()]).toEqual(STANDINGS.map((standing) => `\`${standing}\``));
    for (const row of table.values()) {
      expect(new Set(row.keys())).toEqual(new Set(Object.values(COLUMN_OF_EVENT)));
      for (const decision of row.values()) expect(WAIT_DECISIONS).toContain(decision);
    }
  });

  it("comes with an explanation of each decision", () => {
    for (const decision of WAIT_DECISIONS) expect(page).toContain(`**${decision}**: `);
  });
});

describe("the options of docs/guide/get-or-set.md", () => {
  it("are all that a call takes, but for how writes are acknowledged", () => {
    const source = readFileSync(new URL("../../src/cache/options.ts", import.meta.url), "utf8");
    const namesOf = (declaration: string): string[] => {
      const [, body = ""] = new RegExp(`export interface ${declaration} [^{]*\\{([\\s\\S]*?)\\n\\}`).exec(source) ?? [];
      return [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map((match) => match[1] as string);
    };
    const names = ["CallOptions", "SetOptions", "LoadOptions", "GetOrSetOptions"].flatMap(namesOf);
    const [, section = ""] = page.split("## The options");
    const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    expect(rows.toSorted()).toEqual(names.filter((name) => name !== "ack").toSorted());
  });
});
