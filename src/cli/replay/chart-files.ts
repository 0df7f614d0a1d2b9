import { access, writeFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import type { LineChart } from "../chart/line-chart.ts";
import { renderPngChart } from "../chart/png-chart.ts";
import { renderSvgChart } from "../chart/svg-chart.ts";
import type { CliIo } from "../cli-io.ts";
import { usageError } from "../parse-arguments.ts";
import type { ParsedArguments } from "../parsed-arguments.ts";

type RenderChart = (chart: LineChart) => string | Uint8Array;

/** A picture that was asked for. */
export interface ChartFile {
  readonly file: string;
  readonly render: RenderChart;
}

const RENDERERS: Readonly<Record<string, RenderChart>> = { svg: renderSvgChart, png: renderPngChart };

/**
 * The pictures that a command line asks for: `--svg` and `--png` say what a file is, with `--chart` its name does.
 *
 * @throws InvalidArgumentError for a name that says nothing
 */
export function chartsOf(args: ParsedArguments): readonly ChartFile[] {
  const charts: ChartFile[] = [];
  const named = args.text("chart");
  if (named !== undefined) charts.push({ file: named, render: rendererOf(named) });
  for (const [format, render] of Object.entries(RENDERERS)) {
    const file = args.text(format);
    if (file !== undefined) charts.push({ file, render });
  }
  return charts;
}

function rendererOf(file: string): RenderChart {
  const format = extname(file).slice(1).toLowerCase();
  const render = Object.hasOwn(RENDERERS, format) ? RENDERERS[format] : undefined;
  if (render !== undefined) return render;
  throw usageError(
    `--chart: ${JSON.stringify(file)} must end in .svg or .png; --svg FILE and --png FILE take any name.`,
  );
}

/**
 * Looks before a simulation of minutes whether its pictures may be written.
 *
 * @throws InvalidArgumentError for a file that is there already
 */
export async function assertWritable(io: CliIo, charts: readonly ChartFile[], isForced: boolean): Promise<void> {
  if (isForced) return;
  for (const { file } of charts) {
    const isThere = await access(resolve(io.directory, file)).then(
      () => true,
      () => false,
    );
    if (isThere) throw alreadyThere(file);
  }
}

/** Writes a picture. @throws InvalidArgumentError when it cannot be written, or is there already and may not be written over */
export async function writeChart(
  io: CliIo,
  file: string,
  content: string | Uint8Array,
  isForced: boolean,
): Promise<void> {
  try {
    await writeFile(resolve(io.directory, file), content, { flag: isForced ? "w" : "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw alreadyThere(file);
    throw usageError(`${JSON.stringify(file)} cannot be written: ${message}.`);
  }
}

function alreadyThere(file: string): Error {
  return usageError(`${JSON.stringify(file)} is there already; pass --force to write over it.`);
}
