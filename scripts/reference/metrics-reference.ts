import type { MetricRow } from "../../src/observability/prometheus/metric-row.ts";

/** Writes `docs/reference/metrics.md` from the catalogue, in its order; the sections are given with their rows. */
export function renderMetricsReference(
  sections: readonly (readonly [title: string, rows: readonly MetricRow[]])[],
): string {
  const text = sections.map(([title, rows]) =>
    [
      `## ${title}`,
      "",
      "| Metric | Type | Labels | Unit | What it is | Where it comes from |",
      "|---|---|---|---|---|---|",
      ...rows.map(renderRow),
      "",
    ].join("\n"),
  );
  return `${HEADER}\n${text.join("\n")}`;
}

function renderRow({ name, type, labels, unit, help, source }: MetricRow): string {
  const shown = ["cache", ...labels].map((label) => `\`${label}\``).join(", ");
  return `| \`gocachex_${name}\` | ${type} | ${shown} | ${unit === "none" ? "" : unit} | ${help} | ${source} |`;
}

const HEADER = `<!-- Generated from src/observability/prometheus. Rewrite it with: UPDATE_REFERENCE=1 make test-checks -->

# Metrics

What \`gocachex/prometheus\`, the section \`prometheus\` of a configuration, and \`/metrics\` of a node show. [The guide](../guide/metrics.md) says how to get at them, and what to look at.

\`gocachex\` is the default of \`namespace\`. Every line has the label \`cache\`: the cache's namespace, or \`default\`; a second one of the same name is \`name-2\`. Labels have few
values, and none is a key, a namespace inside a cache, a tag, or an address. What is not known, such as the bytes in a server, has no line.
`;
