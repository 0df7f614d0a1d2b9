import { escapeXml, short, svgFrame, svgText } from "./svg-frame.mjs";

const NAME_WIDTH = 150;
const PANEL_WIDTH = 215;
const PANEL_GAP = 16;
const ROW_HEIGHT = 20;
const BAR_HEIGHT = 13;
const TOP = 62;
const MARGIN = 14;
/** Room after the longest bar for its number. */
const VALUE_WIDTH = 46;

/**
 * @typedef {{ title: string, subtitle: string, panels: readonly { name: string, values: ReadonlyMap<string, number> }[],
 *   rows: readonly string[], classOf: (row: string) => string, format: (value: number) => string }} BarChart
 */

/**
 * Horizontal bars: a row for each name, a panel with a scale of its own for each size.
 *
 * @param {BarChart} chart
 */
export function svgBars({ title, subtitle, panels, rows, classOf, format }) {
  const width = MARGIN + NAME_WIDTH + panels.length * (PANEL_WIDTH + PANEL_GAP);
  const height = TOP + rows.length * ROW_HEIGHT + MARGIN;
  const body = [svgText(MARGIN, 22, title, "text title"), svgText(MARGIN, 38, subtitle, "muted small")];
  for (const [index, row] of rows.entries()) {
    const isOurs = classOf(row) === "ours";
    const y = TOP + index * ROW_HEIGHT + BAR_HEIGHT - 2;
    body.push(svgText(MARGIN + NAME_WIDTH - 10, y, row, `text end${isOurs ? " strong" : ""}`));
  }
  for (const [panelIndex, { name, values }] of panels.entries()) {
    const left = MARGIN + NAME_WIDTH + panelIndex * (PANEL_WIDTH + PANEL_GAP);
    const scale = (PANEL_WIDTH - VALUE_WIDTH) / Math.max(...values.values(), Number.MIN_VALUE);
    body.push(svgText(left, TOP - 8, name, "muted small"));
    body.push(`<path d="M${left} ${TOP - 3}V${height - MARGIN}" class="rule"/>`);
    for (const [index, row] of rows.entries()) {
      const value = values.get(row);
      const top = TOP + index * ROW_HEIGHT;
      if (value === undefined) {
        body.push(svgText(left + 6, top + BAR_HEIGHT - 2, "–", "muted small"));
        continue;
      }
      const length = Math.max(1, value * scale);
      body.push(
        `<rect x="${left}" y="${top}" width="${short(length)}" height="${BAR_HEIGHT}" class="${escapeXml(classOf(row))}"/>`,
        svgText(left + length + 5, top + BAR_HEIGHT - 2, format(value), "text small"),
      );
    }
  }
  return svgFrame({ width, height, title, body });
}
