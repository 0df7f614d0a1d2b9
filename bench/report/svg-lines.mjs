import { LINE_COLORS, short, svgFrame, svgText } from "./svg-frame.mjs";

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 48;
const RIGHT = 190;
const TOP = 56;
const BOTTOM = 44;
/** Least distance between the names at the ends of the lines. */
const NAME_STEP = 15;
const TICK_COUNT = 5;
/** A line that is ours is thicker; the bound that nobody can pass is dashed. */
const DASHES = ["", "7 3", "2 3"];

/**
 * @typedef {{ name: string, kind: "ours" | "bound" | "other", points: ReadonlyMap<number, number>, colorIndex: number }} Line
 */

/**
 * Lines over sizes. The sizes stand side by side at equal distances, in their order.
 *
 * @param {{ title: string, subtitle: string, xTitle: string, lines: readonly Line[] }} chart ratios 0 to 1
 */
export function svgLines({ title, subtitle, xTitle, lines }) {
  const sizes = [...new Set(lines.flatMap(({ points }) => [...points.keys()]))].sort((a, b) => a - b);
  const values = lines.flatMap(({ points }) => [...points.values()]);
  const step = niceStep(Math.max(...values) - Math.min(...values));
  const low = Math.max(0, Math.floor(Math.min(...values) / step) * step);
  const high = Math.max(Math.ceil(Math.max(...values) / step) * step, low + step);
  const xOf = (/** @type {number} */ size) =>
    LEFT + 12 + (sizes.indexOf(size) * (WIDTH - LEFT - RIGHT - 24)) / Math.max(1, sizes.length - 1);
  const yOf = (/** @type {number} */ ratio) => TOP + ((high - ratio) / (high - low)) * (HEIGHT - TOP - BOTTOM);

  const body = [svgText(14, 22, title, "text title"), svgText(14, 38, subtitle, "muted small")];
  for (let ratio = low; ratio <= high + step / 2; ratio += step) {
    const y = yOf(ratio);
    body.push(`<path d="M${LEFT} ${short(y)}H${WIDTH - RIGHT}" class="rule"/>`);
    body.push(svgText(LEFT - 6, y + 4, `${Number((ratio * 100).toFixed(1))} %`, "muted small end"));
  }
  for (const size of sizes) body.push(svgText(xOf(size), HEIGHT - 24, formatCount(size), "muted small middle"));
  body.push(svgText((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, xTitle, "muted small middle"));

  const drawn = lines.map((line) => ({ line, look: lookOf(line), end: endOf(line, sizes) }));
  // Ours is drawn last, on top.
  for (const { line, look } of [...drawn].sort((a, b) => rank(a.line) - rank(b.line))) {
    const known = sizes.filter((size) => line.points.has(size));
    const points = known.map((size) => [xOf(size), yOf(line.points.get(size) ?? 0)]);
    body.push(
      `<path d="M${points.map(([x = 0, y = 0]) => `${short(x)} ${short(y)}`).join("L")}" fill="none" ${look}/>`,
    );
    if (look.includes("dasharray")) continue;
    for (const [x = 0, y = 0] of points)
      body.push(`<circle cx="${short(x)}" cy="${short(y)}" r="2" fill="none" ${look}/>`);
  }
  body.push(...nameLines(drawn, xOf, yOf));
  return svgFrame({ width: WIDTH, height: HEIGHT, title, body });
}

/**
 * Names at the right, each joined to the end of its line, moved apart where the ends are close.
 *
 * @param {readonly { line: Line, look: string, end: { size: number, ratio: number } }[]} drawn
 * @param {(size: number) => number} xOf
 * @param {(ratio: number) => number} yOf
 */
function nameLines(drawn, xOf, yOf) {
  const ordered = [...drawn].sort((a, b) => b.end.ratio - a.end.ratio);
  const lowest = HEIGHT - BOTTOM + 6;
  const body = [];
  let y = TOP - NAME_STEP;
  for (const [index, { line, look, end }] of ordered.entries()) {
    const latest = lowest - (ordered.length - 1 - index) * NAME_STEP;
    y = Math.min(Math.max(yOf(end.ratio), y + NAME_STEP), latest);
    const from = xOf(end.size) + 4;
    body.push(
      `<path d="M${short(from)} ${short(yOf(end.ratio))}L${WIDTH - RIGHT + 12} ${short(y)}H${WIDTH - RIGHT + 24}" fill="none" opacity=".55" ${look}/>`,
    );
    body.push(svgText(WIDTH - RIGHT + 30, y + 4, line.name, `text small${line.kind === "ours" ? " strong" : ""}`));
  }
  return body;
}

/**
 * @param {Line} line
 */
function lookOf({ kind, colorIndex: index }) {
  if (kind === "ours") return 'class="our-line" stroke-width="2.6"';
  if (kind === "bound") return 'stroke="#8b949e" stroke-width="1.6" stroke-dasharray="4 4"';
  const dash = DASHES[Math.floor(index / LINE_COLORS.length) % DASHES.length];
  return `stroke="${LINE_COLORS[index % LINE_COLORS.length]}" stroke-width="1.6"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}`;
}

/** @param {Line} line */
function rank({ kind }) {
  return kind === "ours" ? 2 : kind === "other" ? 1 : 0;
}

/**
 * @param {Line} line
 * @param {readonly number[]} sizes
 */
function endOf({ points }, sizes) {
  const size = sizes.findLast((candidate) => points.has(candidate)) ?? 0;
  return { size, ratio: points.get(size) ?? 0 };
}

/** @param {number} span */
function niceStep(span) {
  const steps = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
  return steps.find((step) => span / step <= TICK_COUNT) ?? 0.25;
}

/** @param {number} count */
export function formatCount(count) {
  return count.toLocaleString("en-US");
}
