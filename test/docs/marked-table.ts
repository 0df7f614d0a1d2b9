/** The cells of a table of a page: by the first cell of their row, and by the head of their column. */
export type MarkedTable = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Reads the table between `<!-- marker -->` and `<!-- /marker -->`; empty when there is none. A cell must not contain a bar. */
export function readMarkedTable(page: string, marker: string): MarkedTable {
  const [, between = ""] = new RegExp(`<!-- ${marker} -->([\\s\\S]*?)<!-- /${marker} -->`).exec(page) ?? [];
  const [heads = [], , ...rows] = between
    .trim()
    .split("\n")
    .map((line) => line.split("|").slice(1, -1));
  return new Map(
    rows.map((cells) => {
      const [head = "", ...others] = cells.map((cell) => cell.trim());
      return [head, new Map(others.map((cell, index) => [(heads[index + 1] ?? "").trim(), cell]))];
    }),
  );
}
