import type { CellOutcome, CellTime } from "./cell-outcome.ts";
import { MATRIX_FAULTS } from "./matrix-faults.ts";
import { MATRIX_STORES } from "./matrix-stores.ts";
import type { StoreName } from "./store-rig.ts";

/** What the page says of a cell: which outcomes were seen, and the longest time. */
export interface PageCell {
  readonly outcomes: readonly CellOutcome[];
  readonly time: CellTime;
}

/** The cells by `store / fault / operation`. */
export type MatrixCells = ReadonlyMap<string, PageCell>;

const TIMES: readonly CellTime[] = ["at once", "in time", "at the deadline"];
const MARK_OF_TIME: Readonly<Record<CellTime, string>> = { "at once": "", "in time": " ·", "at the deadline": " ◷" };
const NOT_APPLICABLE = "–";

/** The name of a cell in {@link MatrixCells}. */
export function cellName(store: StoreName, fault: string, operation: string): string {
  return `${store} / ${fault} / ${operation}`;
}

/** What two runs saw together: one run sees only some of the outcomes of a race. */
export function mergeCells(first: PageCell | undefined, second: PageCell): PageCell {
  if (first === undefined) return second;
  const outcomes = [...new Set([...first.outcomes, ...second.outcomes])].sort();
  const time = TIMES[Math.max(TIMES.indexOf(first.time), TIMES.indexOf(second.time))] as CellTime;
  return { outcomes, time };
}

/** Writes `docs/reference/fault-matrix.md`. */
export function renderMatrix(cells: MatrixCells, operations: readonly string[]): string {
  const sections = MATRIX_STORES.map(({ name, title, notApplicable }) => {
    const header = ["", ...MATRIX_FAULTS.map((fault) => fault.name)];
    const rows = operations.map((operation) => [
      `\`${operation}\``,
      ...MATRIX_FAULTS.map((fault) =>
        notApplicable[fault.rig] === undefined
          ? renderCell(cells.get(cellName(name, fault.name, operation)))
          : NOT_APPLICABLE,
      ),
    ]);
    const reasons = MATRIX_FAULTS.flatMap((fault) => {
      const reason = notApplicable[fault.rig];
      return reason === undefined ? [] : [`${fault.name}: ${reason}`];
    });
    const remark = reasons.length === 0 ? [] : ["", `${NOT_APPLICABLE} does not apply (${reasons.join("; ")}).`];
    return [`## ${name}`, "", `${title}.`, "", ...table(header, rows), ...remark, ""].join("\n");
  });
  const faults = MATRIX_FAULTS.map(({ name, meaning }) => `- **${name}**: ${meaning}.`);
  return `${HEADER}\n${faults.join("\n")}\n\n${sections.join("\n")}`;
}

/** Reads what {@link renderMatrix} wrote. */
export function readMatrix(page: string): MatrixCells {
  const cells = new Map<string, PageCell>();
  for (const section of page.split(/^## /m).slice(1)) {
    const [heading = "", ...lines] = section.split("\n");
    const [header, , ...rows] = lines.filter((line) => line.startsWith("|")).map(splitRow);
    for (const [operation = "", ...texts] of rows) {
      for (const [index, text] of texts.entries()) {
        const cell = readCell(text);
        const name = cellName(heading as StoreName, header?.[index + 1] ?? "", operation.replaceAll("`", ""));
        if (cell !== undefined) cells.set(name, cell);
      }
    }
  }
  return cells;
}

function renderCell(cell: PageCell | undefined): string {
  if (cell === undefined) return "?";
  return `${cell.outcomes.join(", ")}${MARK_OF_TIME[cell.time]}`;
}

function readCell(text: string): PageCell | undefined {
  if (text === NOT_APPLICABLE || text === "?") return undefined;
  const time = TIMES.findLast((candidate) => text.endsWith(MARK_OF_TIME[candidate])) ?? "at once";
  const outcomes = text.slice(0, text.length - MARK_OF_TIME[time].length).split(", ");
  return { outcomes: outcomes as CellOutcome[], time };
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)];
}

function splitRow(line: string): readonly string[] {
  return line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());
}

const HEADER = `<!-- Written by test/integration/fault-matrix.test.ts. Add what was seen with: UPDATE_REFERENCE=1 npx vitest run --project integration-alone test/integration/fault-matrix.test.ts (delete the page first to begin anew). -->

# Stores with a network: what happens when

Each cell was brought about with real servers and says what a call of the public API came to. A test runs all of them and judges each outcome.
Every call settled within its deadlines (here 250 ms for each wait of the store's client, 400 ms for each step of the cache; more on a machine that is busy) and 20 ms; no failure was taken for a miss;
\`getOrSet\` always had a value; after the fault the same cache worked again by itself.

- \`done\`: right result. \`loaded\`: the loader's value. \`closed\`: closed, all freed.
- \`unavailable\`, \`overloaded\`: \`BackendUnavailableError\`, \`BackendOverloadedError\`; nothing was sent, so nothing happened. That was looked at.
- \`timeout\`: \`BackendTimeoutError\`, a read without an answer.
- \`unknown\`: \`OutcomeUnknownError\`, a write that may or may not have happened, once at most. That was looked at.
- \`refused\`: \`BackendError\` with the server's words as its cause.
- \`unsupported\`: \`UnsupportedOperationError\`, fault or not.
- \`up\`, \`degraded\`, \`down\`: what \`health()\` says.
- No mark: at once. \`·\`: before the deadline. \`◷\`: at the deadline.

Where a cell has several outcomes, the fault met the call at different moments.

## Faults
`;
