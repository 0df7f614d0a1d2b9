/** Titles of the areas, the second part of a code: `GCX_<AREA>_<WHAT>`. */
const AREA_TITLES: Readonly<Record<string, string>> = {
  ARGUMENT: "Arguments",
  BACKEND: "Stores",
  CACHE: "The cache's life",
  CONFIG: "Configuration",
  DEPENDENCY: "Optional packages",
  COUNTER: "Counters",
  ENTRY: "Entries",
  LOADER: "Loaders",
  LOCK: "Locks",
  CLI: "The command line",
  NODE: "Nodes",
  OPERATION: "Operations",
  OUTBOX: "The outbox",
  SERIALIZATION: "Serialization",
  SNAPSHOT: "Snapshots",
  TRANSACTION: "Transactions",
};

/**
 * Writes `docs/reference/errors.md` from the table of codes: one section an area, in the table's order.
 *
 * @throws Error when a code's area has no title here
 */
export function renderErrorsReference(codes: Readonly<Record<string, string>>): string {
  const areas = new Map<string, string[]>();
  for (const [code, meaning] of Object.entries(codes)) {
    const area = code.split("_")[1] ?? "";
    const rows = areas.get(area) ?? [];
    rows.push(`| \`${code}\` | ${meaning.replaceAll("|", "\\|")} |`);
    areas.set(area, rows);
  }
  const sections = [...areas].map(([area, rows]) =>
    [`## ${titleOf(area)}`, "", "| Code | What it means, and what to do |", "|---|---|", ...rows, ""].join("\n"),
  );
  return `${HEADER}\n${sections.join("\n")}`;
}

function titleOf(area: string): string {
  const title = AREA_TITLES[area];
  if (title === undefined)
    throw new Error(`The error area "${area}" has no title in scripts/reference/errors-reference.ts.`);
  return title;
}

const HEADER = `<!-- Generated from src/foundation/error-codes.ts. Rewrite it with: UPDATE_REFERENCE=1 make test-checks -->

# Errors

Every error of this library is a \`GocachexError\` and has a \`code\` from the tables below. Codes never change their meaning
and are never used again for something else, so programs may rely on them; messages may change. An error that led to
another one is its \`cause\`. Messages never hold a value or a credential.
`;
