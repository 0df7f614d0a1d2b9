import { describe, expect, it } from "vitest";
import { type DecodedPng, decodePng } from "../../../test/support/decode-png.ts";
import { Canvas, rgbOf } from "./canvas.ts";
import { type ChartLayout, EMPHASIS_COLOUR, LEGEND, type LineChart, layOutChart } from "./line-chart.ts";
import { PNG_SCALE, renderPngChart } from "./png-chart.ts";
import { encodePng } from "./png-encoder.ts";
import { layOutText } from "./stroke-font.ts";

const WHITE = "#ffffff";
const MUTED = "#59636e";

/** Lines that are far apart everywhere. */
const CHART: LineChart = {
  title: "Hit ratio by cache size: trace.csv",
  subtitle: "1,000 requests for 100 different keys",
  xTitle: "entries in the cache (logarithmic)",
  yTitle: "hit ratio",
  xUnit: "entries",
  lines: ["w-lirs", "lru", "fifo", "random"].map((name, index) => ({
    name,
    isEmphasized: index === 0,
    points: [
      [10, 0.4 - index * 0.1],
      [100, 0.7 - index * 0.15],
      [1_000, 0.9 - index * 0.2],
    ],
  })),
  mark: { x: 300, label: "flattens at 300" },
};

function pictureOf(chart: LineChart): { readonly png: DecodedPng; readonly layout: ChartLayout } {
  return { png: decodePng(renderPngChart(chart)), layout: layOutChart(chart) };
}

/** The share of pixels in a part of the chart that are not the background. */
function inkIn(png: DecodedPng, left: number, top: number, right: number, bottom: number): number {
  let [inked, all] = [0, 0];
  for (let y = top * PNG_SCALE; y < bottom * PNG_SCALE; y += 1) {
    for (let x = left * PNG_SCALE; x < right * PNG_SCALE; x += 1) {
      all += 1;
      if (png.at(x, y) !== WHITE) inked += 1;
    }
  }
  return inked / all;
}

describe("a chart as a PNG", () => {
  const { png, layout } = pictureOf(CHART);
  const at = (x: number, y: number): string => png.at(x * PNG_SCALE, y * PNG_SCALE);

  it("is twice as large as the layout, on white", () => {
    expect([png.width, png.height]).toEqual([layout.width * 2, layout.height * 2]);
    for (const [x, y] of [
      [0, 0],
      [layout.width - 1, 0],
      [0, layout.height - 1],
      [layout.width - 1, layout.height - 1],
    ])
      expect(at(x as number, y as number)).toBe(WHITE);
  });

  it("has each curve where its points are, in its colour, and nowhere else", () => {
    expect(layout.lines.map(({ name }) => name)).toEqual(["lru", "fifo", "random", "w-lirs"]);
    for (const { points, colour, isEmphasized } of layout.lines) {
      expect(colour === EMPHASIS_COLOUR).toBe(isEmphasized);
      for (const [index, [x, y]] of points.entries()) {
        expect(at(x, y)).toBe(colour);
        const next = points[index + 1];
        if (next === undefined) continue;
        for (const share of [0.2, 0.35, 0.8]) {
          const [midX, midY] = [x + (next[0] - x) * share, y + (next[1] - y) * share];
          expect(at(midX, midY)).toBe(colour);
          for (const off of [-8, 8]) expect(at(midX, midY + off)).not.toBe(colour);
        }
      }
    }
  });

  it("has the mark where it says that the curve flattens, dashed from top to bottom", () => {
    const { mark, plot } = layout;
    const x = mark?.position as number;
    const column = Array.from({ length: (plot.bottom - plot.top) * 2 }, (_, index) =>
      png.at(Math.round(x * 2) - 1, plot.top * 2 + index),
    );
    const share = column.filter((colour) => colour !== WHITE).length / column.length;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.8);
    expect(inkIn(png, x - 110, plot.bottom - 22, x - 8, plot.bottom - 4)).toBeGreaterThan(0.05);
  });

  it("has the texts where they belong: title, axes, a label at each rule and tick, a name at the end of each curve", () => {
    const { plot, xTicks, yTicks, lines, height } = layout;
    expect(inkIn(png, 16, 12, 260, 30)).toBeGreaterThan(0.1);
    expect(inkIn(png, 16, 34, 240, 50)).toBeGreaterThan(0.05);
    expect(inkIn(png, 16, plot.top - 24, 70, plot.top - 8)).toBeGreaterThan(0.05);
    expect(inkIn(png, plot.left + 200, height - 24, plot.left + 370, height - 8)).toBeGreaterThan(0.05);
    for (const { position } of yTicks) {
      expect(inkIn(png, plot.left - 40, position - 6, plot.left - 8, position + 6)).toBeGreaterThan(0.1);
      expect(at(plot.left + 20, position)).not.toBe(WHITE);
    }
    for (const { position } of xTicks) {
      expect(at(position, plot.bottom + 3)).toBe(MUTED);
      expect(inkIn(png, position - 14, plot.bottom + 8, position + 14, plot.bottom + 22)).toBeGreaterThan(0.1);
    }
    for (const { nameY, colour } of lines) {
      expect(at(plot.right + LEGEND.swatch + 3, nameY)).toBe(colour);
      expect(inkIn(png, plot.right + LEGEND.name, nameY - 6, plot.right + LEGEND.name + 20, nameY + 6)).toBeGreaterThan(
        0.1,
      );
      expect(inkIn(png, plot.right + LEGEND.name, nameY + 10, plot.right + LEGEND.name + 20, nameY + 14)).toBe(0);
    }
  });

  it("is drawn with one size and one ratio, too", () => {
    const line = { name: "flat", isEmphasized: true, points: [[50, 0] as const] };
    const flat = pictureOf({ ...CHART, lines: [line], mark: undefined });
    const [[x, y]] = (flat.layout.lines[0] as { points: readonly (readonly [number, number])[] }).points as [
      readonly [number, number],
    ];
    expect(flat.png.at(x * PNG_SCALE, y * PNG_SCALE)).toBe(EMPHASIS_COLOUR);
  });

  it("tells lines apart by dashes when the colours are used up", () => {
    const many = Array.from({ length: 9 }, (_, index) => ({
      name: `p${index}`,
      isEmphasized: false,
      points: [[10, index / 10] as const, [1_000, index / 10 + 0.05] as const],
    }));
    const picture = pictureOf({ ...CHART, lines: many, mark: undefined });
    const shareOf = (wanted: string): number => {
      const { points, colour } = picture.layout.lines.find(
        ({ name }) => name === wanted,
      ) as ChartLayout["lines"][number];
      const [[fromX, fromY], [toX, toY]] = points as unknown as [readonly [number, number], readonly [number, number]];
      const along = Array.from({ length: 400 }, (_, index) => 0.05 + (index / 400) * 0.9);
      const onLine = along.filter(
        (share) => picture.png.at((fromX + (toX - fromX) * share) * 2, (fromY + (toY - fromY) * share) * 2) === colour,
      );
      return onLine.length / along.length;
    };
    expect(shareOf("p0")).toBe(1);
    expect(shareOf("p8")).toBeLessThan(0.85);
    expect(shareOf("p8")).toBeGreaterThan(0.4);
  });
});

describe("a PNG file", () => {
  it("has the pixels that were written, whatever they are", () => {
    const [width, height] = [13, 7];
    const rgb = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 97) % 256);
    const png = decodePng(encodePng(width, height, rgb, 2_835));
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      const hex = Buffer.from(rgb.subarray(pixel * 3, pixel * 3 + 3)).toString("hex");
      expect(png.at(pixel % width, Math.floor(pixel / width))).toBe(`#${hex}`);
    }
  });
});

describe("a canvas", () => {
  it("covers a pixel that a line half covers by half, and crossing pieces of a line once", () => {
    const canvas = new Canvas(9, 9, [255, 255, 255]);
    const cross = [
      [
        [0, 4.5],
        [9, 4.5],
      ] as const,
      [
        [4.5, 0],
        [4.5, 9],
      ] as const,
    ];
    canvas.stroke(cross, { colour: rgbOf("#000000"), width: 2 });
    const row = Array.from({ length: 9 }, (_, y) => canvas.rgb[(y * 9 + 1) * 3]);
    expect(row).toEqual([255, 255, 255, 128, 0, 128, 255, 255, 255]);
    expect(canvas.rgb[(4 * 9 + 4) * 3]).toBe(0);
    canvas.stroke(
      [
        [[100, 100]],
        [
          [-50, -50],
          [-60, 3],
        ],
      ],
      { colour: [1, 2, 3], width: 2 },
    );
    expect(canvas.rgb.subarray(0, 3)).toEqual(Uint8Array.from([255, 255, 255]));
  });
});

describe("letters", () => {
  it("are there for every character of ASCII, each its own, within their line", () => {
    const shapes = new Set<string>();
    for (let code = 0x21; code < 0x7f; code += 1) {
      const { lines, width } = layOutText(String.fromCharCode(code), 100);
      shapes.add(JSON.stringify(lines));
      for (const [x, y] of lines.flat()) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(width + 1e-9);
        expect(y).toBeGreaterThanOrEqual(-81);
        expect(y).toBeLessThanOrEqual(25);
      }
    }
    expect(shapes.size).toBe(0x7f - 0x21);
  });

  it("stand beside one another, without marks above, and a question mark stands for what there is none of", () => {
    const [one, two] = [layOutText("ab", 12), layOutText("abab", 12)];
    expect(two.width).toBeGreaterThan(one.width * 2);
    expect(layOutText("über", 12)).toEqual(layOutText("uber", 12));
    expect(layOutText("漢\u0007", 12)).toEqual(layOutText("??", 12));
    expect(layOutText("", 12)).toEqual({ lines: [], width: 0 });
  });
});
