import { REFERENCE_COLUMNS, tolerancePoints } from "./reference-ratios.mjs";

/**
 * @typedef {object} Row
 * @property {string} trace
 * @property {number} capacityCount
 * @property {Record<string, number>} ratios hit ratios in %, by contender
 * @property {number} optimum Belady's, in %
 * @property {Record<string, number>} reference the published ratios of this row in %, by column
 */

/** More than this many points below LRU is worth a line of its own. */
const LRU_MARGIN_POINTS = 1;

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** The best ratio of a row that needs no knowledge of the future, measured or published. */
export function bestOnline({ ratios, reference }) {
  const published = REFERENCE_COLUMNS.filter((column) => column !== "optimum").map((column) => reference[column] ?? 0);
  return Math.max(...Object.values(ratios), ...published);
}

/**
 * What a table says about one contender: means, share of the optimum, and where it is worst.
 *
 * @param {readonly Row[]} rows
 * @param {string} name
 */
export function summarize(rows, name) {
  const own = rows.filter(({ ratios }) => ratios[name] !== undefined);
  const shortfalls = own.map((row) => ({ row, points: bestOnline(row) - row.ratios[name] }));
  shortfalls.sort((one, other) => other.points - one.points);
  const differences = own
    .filter(({ reference }) => reference[name] !== undefined)
    .map((row) => ({ row, points: row.ratios[name] - row.reference[name] }));
  differences.sort((one, other) => Math.abs(other.points) - Math.abs(one.points));
  const lruRatio = ({ ratios, reference }) => ratios.lru ?? reference.lru;
  return {
    name,
    meanPercent: mean(own.map(({ ratios }) => ratios[name])),
    shareOfOptimum: mean(own.map(({ ratios, optimum }) => ratios[name] / optimum)),
    worstShortfallPoints: shortfalls[0]?.points,
    worstShortfallRow: shortfalls[0] && rowName(shortfalls[0].row),
    rowsBelowLru: own.filter((row) => row.ratios[name] < lruRatio(row) - LRU_MARGIN_POINTS).map(rowName),
    largestDifferencePoints: differences[0]?.points,
    largestDifferenceRow: differences[0] && rowName(differences[0].row),
    rowsOutsideTolerance: differences
      .filter(({ row, points }) => Math.abs(points) > tolerancePoints(name, row.trace))
      .map(({ row, points }) => `${rowName(row)}: ${points.toFixed(2)}`),
  };
}

/** @param {Pick<Row, "trace" | "capacityCount">} row */
export const rowName = ({ trace, capacityCount }) => `${trace} ${capacityCount}`;

/** The heading of the table. */
export function headingLine(names) {
  return ["hit ratio, %".padEnd(28), ...names.map(column), column("optimum")].join("");
}

/** A line of the table. */
export function rowLine(row, names) {
  const cells = names.map((name) => row.ratios[name]?.toFixed(2) ?? "-");
  return [rowName(row).padEnd(28), ...cells.map((cell, index) => cell.padStart(columnWidth(names[index])))]
    .concat(row.optimum.toFixed(2).padStart(columnWidth("optimum")))
    .join("");
}

const columnWidth = (name) => Math.max(9, name.length + 2);
const column = (name) => name.padStart(columnWidth(name));

/** The summaries as text. */
export function summaryLines(summaries) {
  const lines = [
    "",
    "contender                   mean  share of optimum  worst shortfall        rows > 1 point below lru",
  ];
  for (const summary of summaries) {
    const shortfall = `${summary.worstShortfallPoints.toFixed(1)} (${summary.worstShortfallRow})`;
    lines.push(
      [
        summary.name.padEnd(20),
        summary.meanPercent.toFixed(2).padStart(8),
        summary.shareOfOptimum.toFixed(4).padStart(18),
        `  ${shortfall.padEnd(32)}`,
        String(summary.rowsBelowLru.length),
      ].join(""),
    );
  }
  lines.push("", "against the published figures, in points:");
  for (const { name, largestDifferencePoints, largestDifferenceRow, rowsOutsideTolerance } of summaries) {
    if (largestDifferencePoints === undefined) continue;
    lines.push(`${name.padEnd(24)}largest ${largestDifferencePoints.toFixed(2)} (${largestDifferenceRow})`);
    for (const miss of rowsOutsideTolerance) lines.push(`  outside its limit: ${miss}`);
  }
  return lines;
}
