import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { busyLine, describeOrigin, formatNs, GENERATED, markdownTable } from "./markdown-table.mjs";

/** What each row is compared with, to say what the method itself costs. */
const BASELINE = "engine get";

/**
 * @param {string} folder
 * @param {import("./report-data.mjs").ReportPart | undefined} part
 * @returns {string[]} the files that were written
 */
export function writeApiPage(folder, part) {
  if (part === undefined) return [];
  const sections = part.entries.map((entry) => {
    /** @type {Record<string, number[]>} */
    const peers = entry["peers"];
    const baseNs = peers[BASELINE]?.[0] ?? Number.NaN;
    const rows = Object.entries(peers).map(([name, [medianNs = Number.NaN]]) => [
      name,
      formatNs(medianNs),
      name.includes("lru-cache") || name === BASELINE ? "" : signed(medianNs - baseNs),
    ]);
    return `## Node ${entry.node}, ${entry.size} entries\n\n${markdownTable(["hit", "ns", `more than ${BASELINE}`], rows)}`;
  });
  const text =
    "What the public methods cost over the engine's own synchronous read. All requests hit; keys are ready-made copies of the stored ones. An awaited plain value is the floor of whatever is awaited.";
  writeFileSync(
    join(folder, "public-api.md"),
    `${[GENERATED, "# The public methods", text, describeOrigin(part), busyLine(part.entries), ...sections].filter(Boolean).join("\n\n")}\n`,
  );
  return ["public-api.md"];
}

/** @param {number} ns */
function signed(ns) {
  return `${ns < 0 ? "−" : "+"}${formatNs(Math.abs(ns))}`;
}
