import { formatByteSize } from "../../foundation/byte-size.ts";

/** A line over sizes. */
export interface ChartLine {
  readonly name: string;
  /** Size and ratio (0 to 1), in the order of the sizes. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Whether it is the one to look at: drawn thicker, on top. */
  readonly isEmphasized: boolean;
}

/** Ratios over sizes, on a logarithmic axis. */
export interface LineChart {
  readonly title: string;
  readonly subtitle: string;
  readonly xTitle: string;
  /** What the ratios are, above their axis. */
  readonly yTitle: string;
  readonly xUnit: "entries" | "bytes";
  readonly lines: readonly ChartLine[];
  /** A size that is pointed out, with words. */
  readonly mark?: { readonly x: number; readonly label: string } | undefined;
}

/** A place on an axis, in pixels, with what it is called. */
export interface ChartTick {
  readonly position: number;
  readonly label: string;
}

/** A line in pixels. */
export interface PlacedLine extends Pick<ChartLine, "name" | "isEmphasized"> {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly colour: string;
  /** Dashes and gaps in pixels, where the colours are used up; empty: none. */
  readonly dash: readonly number[];
  /** Where its name stands. */
  readonly nameY: number;
}

/** A chart in pixels: what is to be drawn, whatever draws it. */
export interface ChartLayout {
  readonly width: number;
  readonly height: number;
  /** The area of the lines. */
  readonly plot: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };
  readonly xTicks: readonly ChartTick[];
  readonly yTicks: readonly ChartTick[];
  /** The emphasized one last, so that it is drawn on top. */
  readonly lines: readonly PlacedLine[];
  readonly mark: ChartTick | undefined;
}

const WIDTH = 760;
const HEIGHT = 460;
const PLOT = Object.freeze({ left: 58, right: WIDTH - 130, top: 84, bottom: HEIGHT - 56 });
/** Least distance between names at the ends of the lines. */
const NAME_STEP = 16;
const MAX_X_TICKS = 9;
const Y_STEPS: readonly number[] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
const MAX_Y_TICKS = 7;
/** Each is readable on white and on near-black. */
const COLOURS: readonly string[] = ["#d9622b", "#1a9e77", "#b8860b", "#c2569b", "#7a6ff0", "#6b8e23", "#2aa1b3"];
/** Right of the plot, in pixels from its end: a piece of each line, and its name. */
export const LEGEND: Readonly<Record<"swatch" | "swatchEnd" | "name", number>> = {
  swatch: 16,
  swatchEnd: 36,
  name: 42,
};
/** The colour of the line to look at. */
export const EMPHASIS_COLOUR = "#2f81f7";
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3]];

/** Places a chart. @param chart has at least one line with a point, and sizes above 0 */
export function layOutChart(chart: LineChart): ChartLayout {
  const sizes = chart.lines.flatMap(({ points }) => points.map(([x]) => x));
  const ratios = chart.lines.flatMap(({ points }) => points.map(([, y]) => y));
  const xOf = logarithmicScale(Math.min(...sizes), Math.max(...sizes));
  const { low, high, step } = ratioRange(Math.min(...ratios), Math.max(...ratios));
  const yOf = (ratio: number): number => PLOT.top + ((high - ratio) / (high - low)) * (PLOT.bottom - PLOT.top);
  const yTicks: ChartTick[] = [];
  for (let index = 0; low + index * step <= high + step / 2; index += 1) {
    const ratio = low + index * step;
    yTicks.push({ position: yOf(ratio), label: `${Number((ratio * 100).toFixed(1))} %` });
  }
  const placed = chart.lines.map((line, index) => placeLine(line, index, xOf, yOf));
  return {
    width: WIDTH,
    height: HEIGHT,
    plot: PLOT,
    xTicks: sizeTicks(Math.min(...sizes), Math.max(...sizes), chart.xUnit).map((size) => ({
      position: xOf(size),
      label: sizeLabel(size, chart.xUnit),
    })),
    yTicks,
    lines: spreadNames(placed).sort((a, b) => Number(a.isEmphasized) - Number(b.isEmphasized)),
    mark: chart.mark === undefined ? undefined : { position: xOf(chart.mark.x), label: chart.mark.label },
  };
}

/** A size as ticks and tables call it: `2,500`, `64 MB`. */
export function sizeLabel(size: number, unit: LineChart["xUnit"]): string {
  return unit === "bytes" ? formatByteSize(size) : size.toLocaleString("en-US");
}

function logarithmicScale(min: number, max: number): (size: number) => number {
  const span = Math.log(max) - Math.log(min);
  // A single size stands in the middle.
  if (span === 0) return () => (PLOT.left + PLOT.right) / 2;
  return (size) => PLOT.left + ((Math.log(size) - Math.log(min)) / span) * (PLOT.right - PLOT.left);
}

/** Bounds on whole steps, so that every line is inside and the rules have round names. */
function ratioRange(min: number, max: number): { low: number; high: number; step: number } {
  const step = Y_STEPS.find((each) => (max - min) / each <= MAX_Y_TICKS - 1) ?? 0.25;
  const low = Math.max(0, Math.floor(min / step + 1e-9) * step);
  const high = Math.max(low + step, Math.ceil(max / step - 1e-9) * step);
  return { low, high, step };
}

function sizeTicks(min: number, max: number, unit: LineChart["xUnit"]): readonly number[] {
  const candidates: number[] = [];
  const factors = unit === "bytes" ? [1, 2, 4, 8] : [1, 2, 5];
  const base = unit === "bytes" ? 16 : 10;
  for (let power = 1; power <= max; power *= base) {
    for (const factor of factors) {
      const size = power * factor;
      if (size >= min && size <= max) candidates.push(size);
    }
  }
  if (candidates.length === 0) return [min];
  const every = Math.ceil(candidates.length / MAX_X_TICKS);
  return candidates.filter((_, index) => index % every === 0);
}

function placeLine(
  { name, points, isEmphasized }: ChartLine,
  index: number,
  xOf: (size: number) => number,
  yOf: (ratio: number) => number,
): PlacedLine {
  const placed = points.map(([x, y]) => [xOf(x), yOf(y)] as const);
  const colour = isEmphasized ? EMPHASIS_COLOUR : (COLOURS[index % COLOURS.length] as string);
  const dash = isEmphasized ? [] : (DASHES[Math.floor(index / COLOURS.length) % DASHES.length] as readonly number[]);
  return { name, isEmphasized, points: placed, colour, dash, nameY: placed.at(-1)?.[1] ?? PLOT.bottom };
}

/** Moves names apart where lines end close to each other, without leaving the plot where there is room. */
function spreadNames(lines: readonly PlacedLine[]): PlacedLine[] {
  const ordered = [...lines].sort((a, b) => a.nameY - b.nameY);
  let lowest = PLOT.top - NAME_STEP;
  return ordered.map((line, index) => {
    const latest = PLOT.bottom - (ordered.length - 1 - index) * NAME_STEP;
    lowest = Math.min(Math.max(line.nameY, lowest + NAME_STEP), Math.max(latest, lowest + NAME_STEP));
    return { ...line, nameY: lowest };
  });
}
