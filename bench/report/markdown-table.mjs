import { MIN_CPU_RATIO } from "../measure.mjs";

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 * @returns {string} the first column to the left, all others to the right
 */
export function markdownTable(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

/** @param {import("./report-data.mjs").ReportPart} part @returns {string} what the numbers of a page were measured on */
export function describeOrigin({ machine, versions, isQuick, entries }) {
  const days = [...new Set(entries.map(({ ranAt }) => ranAt.slice(0, 10)))].sort();
  const nodes = [...new Set(entries.map(({ node }) => node))];
  const peers = Object.entries(versions).map(([peer, version]) => `${peer} ${version}`);
  return [
    ...(isQuick ? ["**Made from a quick run, to try the report: these numbers mean nothing.**", ""] : []),
    `Measured ${days.join(" and ")} on ${machine.coreCount} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.platform}; Node ${nodes.join(" and ")}.`,
    `Versions: ${peers.join(", ")}.`,
  ].join("\n");
}

/**
 * Says which numbers are not to be trusted much.
 *
 * @param {readonly import("./report-data.mjs").ReportEntry[]} entries
 * @returns {string} empty when all can be
 */
export function busyLine(entries) {
  const names = entries
    .filter((entry) => entry["cpuRatio"] < MIN_CPU_RATIO)
    .map(
      (entry) =>
        `${entry.peer ?? `${entry.size} entries`} on Node ${entry.node} (${Math.round(entry["cpuRatio"] * 100)} %)`,
    );
  return names.length === 0 ? "" : `The machine was busy; these runs got only a part of a CPU: ${names.join(", ")}.`;
}

/** @param {number | null | undefined} value */
export function formatNs(value) {
  if (value === undefined || value === null) return "–";
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US");
}

/** @param {number} value ms */
export function formatMs(value) {
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US");
}

/** First line of every page that is made. */
export const GENERATED = "<!-- Made by bench/report.mjs. Do not edit: change the script or the data. -->";
