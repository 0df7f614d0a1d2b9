import { type ChartLayout, LEGEND, type LineChart, layOutChart, type PlacedLine } from "./line-chart.ts";

/** What follows the reader's light or dark setting. The background is drawn, for the page around may follow another. */
const STYLE = [
  ".back{fill:#fff}.text{fill:#1f2328}.muted{fill:#59636e}.rule{stroke:#d1d9e0}.axis{stroke:#59636e}.mark{stroke:#59636e}",
  "@media (prefers-color-scheme:dark){.back{fill:#0d1117}.text{fill:#e6edf3}.muted{fill:#9198a1}.rule{stroke:#30363d}.axis{stroke:#9198a1}.mark{stroke:#9198a1}}",
  "text{font:12px system-ui,sans-serif}.title{font-size:15px;font-weight:600}.strong{font-weight:600}.end{text-anchor:end}.middle{text-anchor:middle}",
].join("\n");

/** Draws a chart as an SVG file of its own: no scripts, no fonts, nothing that is fetched; readable in light and dark. */
export function renderSvgChart(chart: LineChart): string {
  const layout = layOutChart(chart);
  const { width, height, plot } = layout;
  const title = escapeXml(chart.title);
  const body = [
    `<rect class="back" width="${width}" height="${height}" rx="6"/>`,
    text(16, 26, chart.title, "text title"),
    text(16, 46, chart.subtitle, "muted"),
    text(16, plot.top - 12, chart.yTitle, "muted"),
    ...axes(layout),
    text((plot.left + plot.right) / 2, height - 12, chart.xTitle, "muted middle"),
    ...markOf(layout),
    ...layout.lines.flatMap((line) => lineOf(line, plot.right)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">`,
    `<title>${title}</title><style>${STYLE}</style>`,
    ...body,
    "</svg>\n",
  ].join("\n");
}

function axes({ plot, xTicks, yTicks }: ChartLayout): string[] {
  const parts = yTicks.flatMap(({ position, label }) => [
    `<path d="M${plot.left} ${short(position)}H${plot.right}" class="rule"/>`,
    text(plot.left - 8, position + 4, label, "muted end"),
  ]);
  for (const { position, label } of xTicks) {
    parts.push(`<path d="M${short(position)} ${plot.bottom}v5" class="axis"/>`);
    parts.push(text(position, plot.bottom + 20, label, "muted middle"));
  }
  parts.push(`<path d="M${plot.left} ${plot.bottom}H${plot.right}" class="axis"/>`);
  return parts;
}

function markOf({ mark, plot }: ChartLayout): string[] {
  if (mark === undefined) return [];
  const isRight = mark.position > (plot.left + plot.right) / 2;
  return [
    `<path d="M${short(mark.position)} ${plot.top}V${plot.bottom}" class="mark" stroke-dasharray="4 4"/>`,
    text(mark.position + (isRight ? -6 : 6), plot.bottom - 8, mark.label, isRight ? "muted end" : "muted"),
  ];
}

function lineOf({ name, points, colour, dash, isEmphasized, nameY }: PlacedLine, right: number): string[] {
  const width = isEmphasized ? 2.8 : 1.7;
  const dashes = dash.length === 0 ? "" : ` stroke-dasharray="${dash.join(" ")}"`;
  const path = points.map(([x, y]) => `${short(x)} ${short(y)}`).join("L");
  const [endX, endY] = points.at(-1) as readonly [number, number];
  return [
    `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"${dashes}/>`,
    ...points.map(
      ([x, y]) => `<circle cx="${short(x)}" cy="${short(y)}" r="${isEmphasized ? 3 : 2.2}" fill="${colour}"/>`,
    ),
    `<path d="M${short(endX + 4)} ${short(endY)}L${right + LEGEND.swatch} ${short(nameY)}" fill="none" stroke="${colour}" opacity=".6"/>`,
    `<path d="M${right + LEGEND.swatch} ${short(nameY)}H${right + LEGEND.swatchEnd}" fill="none" stroke="${colour}" stroke-width="${width}"${dashes}/>`,
    text(right + LEGEND.name, nameY + 4, name, isEmphasized ? "text strong" : "text"),
  ];
}

function text(x: number, y: number, content: string, className: string): string {
  return `<text x="${short(x)}" y="${short(y)}" class="${className}">${escapeXml(content)}</text>`;
}

/** For text and attributes of XML, which has no control characters but line ends and tabs at all. */
function escapeXml(content: string): string {
  return content
    .replace(/[^\P{Cc}\t\n]/gu, "?")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll('"', "&quot;");
}

/** One decimal is enough for a pixel. */
function short(value: number): string {
  return String(Number(value.toFixed(1)));
}
