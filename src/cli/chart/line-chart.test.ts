import { describe, expect, it } from "vitest";
import { type LineChart, layOutChart } from "./line-chart.ts";
import { renderSvgChart } from "./svg-chart.ts";

const CHART: LineChart = {
  title: 'Ratio of <a> & "b"\u0007',
  subtitle: "requests",
  xTitle: "entries",
  yTitle: "hit ratio",
  xUnit: "entries",
  lines: ["one", "two", "three"].map((name, index) => ({
    name,
    isEmphasized: index === 0,
    points: [
      [10, 0.1 + index / 100],
      [1_000, 0.5],
      [10_000, 0.9],
    ],
  })),
  mark: { x: 1_000, label: "here" },
};

describe("a line chart", () => {
  it("keeps every point inside, sizes by their logarithm, and names apart", () => {
    const { plot, lines, xTicks, yTicks, mark } = layOutChart(CHART);
    for (const [x, y] of lines.flatMap(({ points }) => points)) {
      expect(x).toBeGreaterThanOrEqual(plot.left);
      expect(x).toBeLessThanOrEqual(plot.right);
      expect(y).toBeGreaterThanOrEqual(plot.top);
      expect(y).toBeLessThanOrEqual(plot.bottom);
    }
    expect(mark?.position).toBeCloseTo(plot.left + ((plot.right - plot.left) * 2) / 3, 5);
    expect(xTicks.length).toBeLessThanOrEqual(10);
    expect(yTicks.map(({ label }) => label)).toContain("40 %");
    const names = lines.map(({ nameY }) => nameY).sort((a, b) => a - b);
    for (const [index, y] of names.entries())
      if (index > 0) expect(y - (names[index - 1] as number)).toBeGreaterThan(15);
    expect(lines.at(-1)?.name).toBe("one");
  });

  it("is drawn with one size and one ratio, too", () => {
    const line = { name: "flat", isEmphasized: true, points: [[50, 0] as const] };
    const svg = renderSvgChart({ ...CHART, lines: [line], mark: undefined });
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("is an SVG of its own that shows names as text, whatever they are called", () => {
    const svg = renderSvgChart(CHART);
    expect(svg).toContain("Ratio of &lt;a> &amp; &quot;b&quot;?");
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg).not.toMatch(/<script|href|url\(|NaN/);
    expect(svg.match(/<text/g)?.length).toBe(svg.match(/<\/text>/g)?.length);
  });
});
