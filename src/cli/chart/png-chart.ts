import { Canvas, type Point, rgbOf, type Stroke } from "./canvas.ts";
import { type ChartLayout, LEGEND, type LineChart, layOutChart, type PlacedLine } from "./line-chart.ts";
import { encodePng } from "./png-encoder.ts";
import { layOutText } from "./stroke-font.ts";

/** Pixels of the picture for each of the chart's: sharp on the screens of today, and when it is printed. */
export const PNG_SCALE = 2;
/** So that programs which go by it show the picture as large as the SVG: 2 × 96 pixels to an inch. */
const PIXELS_PER_METRE = 7_559;

/** A PNG cannot follow the reader's setting: it is light, as paper is. */
const BACK = rgbOf("#ffffff");
const TEXT = rgbOf("#1f2328");
const MUTED = rgbOf("#59636e");
const RULE = rgbOf("#d1d9e0");

/** How a text is drawn. */
interface TextStyle {
  readonly size?: number;
  readonly isBold?: boolean;
  readonly isMuted?: boolean;
  /** Which part of the text stands at its place. Default: its beginning. */
  readonly align?: "start" | "middle" | "end";
}

/** Draws a chart as a PNG file: what {@link renderSvgChart} draws, twice as large. Pure: without a font or a library. */
export function renderPngChart(chart: LineChart): Uint8Array {
  const layout = layOutChart(chart);
  const drawing = new Drawing(layout);
  const { plot, height } = layout;
  drawing.text(16, 26, chart.title, { size: 15, isBold: true });
  drawing.text(16, 46, chart.subtitle, { isMuted: true });
  drawing.text(16, plot.top - 12, chart.yTitle, { isMuted: true });
  drawAxes(drawing, layout);
  drawing.text((plot.left + plot.right) / 2, height - 12, chart.xTitle, { isMuted: true, align: "middle" });
  drawMark(drawing, layout);
  for (const line of layout.lines) drawLine(drawing, line, plot.right);
  return drawing.toPng();
}

function drawAxes(drawing: Drawing, { plot, xTicks, yTicks }: ChartLayout): void {
  const rules = yTicks.map(({ position }): Point[] => [
    [plot.left, position],
    [plot.right, position],
  ]);
  drawing.lines(rules, { colour: RULE, width: 1 });
  const ticks = xTicks.map(({ position }): Point[] => [
    [position, plot.bottom],
    [position, plot.bottom + 5],
  ]);
  const axis: Point[] = [
    [plot.left, plot.bottom],
    [plot.right, plot.bottom],
  ];
  drawing.lines([...ticks, axis], { colour: MUTED, width: 1 });
  for (const { position, label } of yTicks)
    drawing.text(plot.left - 8, position + 4, label, { isMuted: true, align: "end" });
  for (const { position, label } of xTicks)
    drawing.text(position, plot.bottom + 20, label, { isMuted: true, align: "middle" });
}

function drawMark(drawing: Drawing, { mark, plot }: ChartLayout): void {
  if (mark === undefined) return;
  const isRight = mark.position > (plot.left + plot.right) / 2;
  const line: Point[] = [
    [mark.position, plot.top],
    [mark.position, plot.bottom],
  ];
  drawing.lines([line], { colour: MUTED, width: 1, dash: [4, 4] });
  drawing.text(mark.position + (isRight ? -6 : 6), plot.bottom - 8, mark.label, {
    isMuted: true,
    align: isRight ? "end" : "start",
  });
}

function drawLine(
  drawing: Drawing,
  { name, points, colour: hex, dash, isEmphasized, nameY }: PlacedLine,
  right: number,
): void {
  const colour = rgbOf(hex);
  const [endX, endY] = points.at(-1) as Point;
  drawing.lines([points], { colour, width: isEmphasized ? 2.8 : 1.7, dash });
  drawing.lines(
    points.map((point) => [point]),
    { colour, width: isEmphasized ? 6 : 4.4 },
  );
  const leader: Point[] = [
    [endX + 4, endY],
    [right + LEGEND.swatch, nameY],
  ];
  const swatch: Point[] = [
    [right + LEGEND.swatch, nameY],
    [right + LEGEND.swatchEnd, nameY],
  ];
  drawing.lines([leader], { colour, width: 1, opacity: 0.6 });
  drawing.lines([swatch], { colour, width: isEmphasized ? 2.8 : 1.7, dash });
  drawing.text(right + LEGEND.name, nameY + 4, name, { isBold: isEmphasized });
}

/** A canvas in the chart's pixels. */
class Drawing {
  readonly #canvas: Canvas;

  constructor({ width, height }: ChartLayout) {
    this.#canvas = new Canvas(width * PNG_SCALE, height * PNG_SCALE, BACK);
  }

  lines(lines: readonly (readonly Point[])[], stroke: Stroke): void {
    this.#canvas.stroke(
      lines.map((line) => line.map(([x, y]): Point => [x * PNG_SCALE, y * PNG_SCALE])),
      { ...stroke, width: stroke.width * PNG_SCALE, dash: stroke.dash?.map((length) => length * PNG_SCALE) },
    );
  }

  /** @param x @param y of the line that the text stands on */
  text(x: number, y: number, content: string, style: TextStyle): void {
    const { size = 12, isBold = false, isMuted = false, align = "start" } = style;
    const { lines, width } = layOutText(content, size);
    const left = align === "start" ? x : align === "end" ? x - width : x - width / 2;
    this.lines(
      lines.map((line) => line.map(([lineX, lineY]): Point => [left + lineX, y + lineY])),
      { colour: isMuted ? MUTED : TEXT, width: isBold ? 1.7 : 1.1 },
    );
  }

  toPng(): Uint8Array {
    const { width, height, rgb } = this.#canvas;
    return encodePng(width, height, rgb, PIXELS_PER_METRE);
  }
}
