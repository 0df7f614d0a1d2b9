import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { GENERATED, markdownTable } from "./markdown-table.mjs";
import { formatCount, svgLines } from "./svg-lines.mjs";

/** The policy that is the default here, and the bound that no policy without foresight passes. */
const OURS = "w-lirs";
const BOUNDS = new Set(["optimum", "opt", "OPT"]);

/**
 * One table and one figure a trace.
 *
 * @param {string} folder
 * @param {{ entries: import("./report-data.mjs").HitRatioEntry[] } | undefined} part
 * @returns {string[]} the files that were written
 */
export function writeHitRatioPage(folder, part) {
  if (part === undefined || part.entries.length === 0) return [];
  const written = [];
  const sections = [];
  // A policy has the same colour in all figures.
  const allPolicies = [...new Set(part.entries.map(({ policy }) => policy))].filter(
    (policy) => policy !== OURS && !BOUNDS.has(policy),
  );
  for (const trace of new Set(part.entries.map((entry) => entry.trace))) {
    const entries = part.entries.filter((entry) => entry.trace === trace);
    const policies = [...new Set(entries.map(({ policy }) => policy))];
    const figure = `hit-ratio-${trace.replaceAll(/[^a-z0-9.]+/gi, "-")}.svg`;
    writeFileSync(
      join(folder, figure),
      svgLines({
        title: `Hit ratio: ${trace}`,
        subtitle: "higher is better; every entry counts 1, every miss inserts",
        xTitle: "entries the cache holds",
        lines: policies.map((policy) => ({
          name: policy,
          colorIndex: Math.max(0, allPolicies.indexOf(policy)),
          kind: policy === OURS ? "ours" : BOUNDS.has(policy) ? "bound" : "other",
          points: new Map(
            entries.filter((entry) => entry.policy === policy).map(({ capacity, hitRatio }) => [capacity, hitRatio]),
          ),
        })),
      }),
    );
    written.push(figure);
    sections.push(
      `## ${trace}\n\n![hit ratio against size, ${trace}](./${figure})\n\n${traceTable(entries, policies)}`,
    );
  }
  const text =
    "Hit ratio in %, whole traces from an empty cache, every entry of weight 1, every miss inserts. `optimum` is Belady's, which knows the future. The best that does not is in bold. `npm …` are other libraries; figures under † are other programs' published ones, everything else was run here. Repeat it: `node bench/hit-ratio/run.mjs`.";
  writeFileSync(join(folder, "hit-ratio.md"), `${[GENERATED, "# Hit ratio", text, ...sections].join("\n\n")}\n`);
  return [...written, "hit-ratio.md"];
}

/**
 * @param {readonly import("./report-data.mjs").HitRatioEntry[]} entries of one trace
 * @param {readonly string[]} policies
 */
function traceTable(entries, policies) {
  const capacities = [...new Set(entries.map(({ capacity }) => capacity))].sort((a, b) => a - b);
  const rows = capacities.map((capacity) => {
    const ratios = new Map(
      entries.filter((entry) => entry.capacity === capacity).map((entry) => [entry.policy, entry.hitRatio]),
    );
    const best = Math.max(...[...ratios].filter(([policy]) => !BOUNDS.has(policy)).map(([, ratio]) => ratio));
    return [
      formatCount(capacity),
      ...policies.map((policy) => {
        const ratio = ratios.get(policy);
        if (ratio === undefined) return "–";
        const text = (ratio * 100).toFixed(2);
        return ratio === best && !BOUNDS.has(policy) ? `**${text}**` : text;
      }),
    ];
  });
  return markdownTable(["entries", ...policies], rows);
}
