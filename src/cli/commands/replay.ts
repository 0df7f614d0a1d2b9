import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { parseByteSize } from "../../foundation/byte-size.ts";
import { EVICTION_POLICY_NAMES, type EvictionPolicyName } from "../../memory/eviction/eviction-policies.ts";
import type { CliIo } from "../cli-io.ts";
import type { Command, Invocation } from "../command.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { choiceOption, numberOption, usageError } from "../parse-arguments.ts";
import type { ParsedArguments } from "../parsed-arguments.ts";
import { createProgressBar, type ProgressBar } from "../progress-bar.ts";
import { assertWritable, chartsOf, writeChart } from "../replay/chart-files.ts";
import { defaultCapacities } from "../replay/curve-advice.ts";
import { FootprintCounter } from "../replay/footprint.ts";
import { type HitRatioCurve, measureCurve } from "../replay/hit-ratio-curve.ts";
import { adviceOf, type ReplayResult, toChart, toReplayDocument, toReplayText } from "../replay/replay-report.ts";
import { chooseSampleRatio } from "../replay/sample-ratio.ts";
import type { CapacityUnit } from "../replay/simulated-cache.ts";
import { openTrace, type Trace } from "../replay/trace.ts";
import { TRACE_FORMATS } from "../replay/trace-format.ts";
import { readTraceLines } from "../replay/trace-lines.ts";

/** Largest capacity that can be asked for. */
const MAX_CAPACITY = 2 ** 50;

/** `gocachex replay`. */
export const replayCommand: Command = {
  name: "replay",
  summary: "simulate caches on a trace: hit ratio by policy and size",
  usage: ["replay TRACE [options]"],
  details: [
    "How big should my cache be? TRACE is a file with what was asked for, in order, plain or gzip: a key a line; key,size; time,key,size; any CSV with a header that names the key's column; traces of the ARC (.lis) and LIRS (.trc) papers. The file is read several times, and never held in memory.",
    "Each policy runs as in a real cache, at ten sizes chosen by the number of different keys unless --sizes says others: entries, or bytes when the trace has sizes. Of a trace with many keys a sample of keys is simulated in caches that are as much smaller, which is right within about a point; --sample 1 simulates all.",
    "At the end it says where the curve flattens: from which size on doubling the cache brings no more than one point of hit ratio.",
  ],
  positionals: [1, 1],
  positionalNames: ["TRACE"],
  options: [
    {
      name: "policies",
      value: "A,B",
      description: `policies to simulate (default: all: ${EVICTION_POLICY_NAMES.join(", ")})`,
    },
    { name: "sizes", value: "A,B", description: "sizes: entries such as 1000,5000, or bytes such as 64MB,1GB" },
    { name: "entries", description: "count entries, although the trace has sizes" },
    {
      name: "format",
      value: "FORMAT",
      choices: TRACE_FORMATS,
      description: `${TRACE_FORMATS.join(", ")} (default: by name and first lines)`,
    },
    {
      name: "columns",
      value: "A,B",
      description: "columns of a CSV trace, for example time,key,size (default: its header)",
    },
    {
      name: "sample",
      value: "RATIO",
      description: "share of the keys to simulate, up to 1 (default: by their number)",
    },
    { name: "chart", value: "FILE", description: "draw the curves into a picture: FILE ends in .svg or .png" },
    { name: "svg", value: "FILE", description: "draw them as SVG, whatever the file is called" },
    { name: "png", value: "FILE", description: "draw them as PNG, whatever the file is called" },
    { name: "force", description: "write over a file that is there" },
  ],
  examples: [
    ["gocachex replay access.log.gz", "one key a line, packed"],
    ["gocachex replay requests.csv --chart curve.png", "with a picture"],
    ["gocachex replay requests.csv --policies w-lirs,lru --sizes 64MB,256MB,1GB", "only what is asked"],
  ],
  run: async (invocation) => {
    const { args, io, print } = invocation;
    const charts = chartsOf(args);
    await assertWritable(io, charts, args.has("force"));
    const progress = createProgressBar(io, print);
    try {
      const result = await replay(invocation, progress);
      await progress.clear();
      await (print.isJson ? print.document(toReplayDocument(result)) : print.line(toReplayText(result)));
      const chart = toChart(result, adviceOf(result));
      for (const { file, render } of charts) await writeChart(io, file, render(chart), args.has("force"));
      await noteSkipped(invocation, result.trace);
    } finally {
      await progress.clear();
    }
    return EXIT_CODES.ok;
  },
};

async function replay({ args, io }: Invocation, progress: ProgressBar): Promise<ReplayResult> {
  const given = args.positionals[0] as string;
  const policies = policiesOption(args);
  const sizesText = args.text("sizes");
  const reading = await openReading(io, given);
  const source = {
    name: given,
    lines: reading.lines,
    format: choiceOption(args, "format", TRACE_FORMATS),
    columns: args.text("columns")?.split(","),
  };
  const trace = await openTrace(source, await reading.firstLines());
  const unit: CapacityUnit = trace.hasSizes && !args.has("entries") ? "bytes" : "entries";
  const counter = new FootprintCounter();
  const passes = trace.replay((key, sizeBytes) => counter.add(key, sizeBytes));
  for await (const _ of passes) await progress.show(reading.ratio() / (policies.length + 1), "counting keys");
  const footprint = counter.footprint();
  if (footprint.requestCount === 0) throw usageError(`${JSON.stringify(given)} has no request.`);
  const everything = unit === "bytes" ? footprint.distinctBytes : footprint.distinctCount;
  const capacities = sizesText === undefined ? defaultCapacities(everything) : parseSizes(sizesText, unit);
  const sampleRatio =
    numberOption(args, "sample", 1e-6, 1) ?? chooseSampleRatio(footprint, capacities[0] as number, unit);
  const curves: HitRatioCurve[] = [];
  for (const [index, policy] of policies.entries()) {
    const show = (): Promise<void> => progress.show((index + 1 + reading.ratio()) / (policies.length + 1), policy);
    curves.push(await measureCurve(trace, { policy, capacities, unit, sampleRatio, footprint, everything }, show));
  }
  return { name: basename(given), trace, footprint, unit, capacities, sampleRatio, curves, everything };
}

/** A trace's file, with how far it was read in the current pass. */
interface Reading {
  readonly lines: () => AsyncIterable<readonly string[]>;
  firstLines(): Promise<readonly string[]>;
  ratio(): number;
}

async function openReading(io: CliIo, given: string): Promise<Reading> {
  if (given === "-") throw usageError("A trace is read several times: give a file instead of stdin.");
  const path = resolve(io.directory, given);
  const sizeBytes = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  let readBytes = 0;
  const lines = (): AsyncIterable<readonly string[]> =>
    readTraceLines(path, given, (bytes) => {
      readBytes = bytes;
    });
  return {
    lines,
    ratio: () => (sizeBytes === 0 ? 0 : readBytes / sizeBytes),
    firstLines: async () => {
      for await (const batch of lines()) return batch;
      return [];
    },
  };
}

function policiesOption(args: ParsedArguments): readonly EvictionPolicyName[] {
  const names = args.text("policies")?.split(",") ?? EVICTION_POLICY_NAMES;
  const known: readonly string[] = EVICTION_POLICY_NAMES;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return [...new Set(names as readonly EvictionPolicyName[])];
  throw usageError(`--policies: there is no policy ${JSON.stringify(unknown)}; there are ${known.join(", ")}.`);
}

function parseSizes(text: string, unit: CapacityUnit): readonly number[] {
  const sizes = text.split(",").map((word) => (unit === "bytes" ? parseByteSize(word) : parseCount(word)));
  if (sizes.every((size) => size !== undefined && size >= 1 && size <= MAX_CAPACITY))
    return [...new Set(sizes as number[])].sort((a, b) => a - b);
  const example = unit === "bytes" ? "64MB,256MB" : "1000,5000";
  throw usageError(`--sizes must be ${unit} such as ${example}.`);
}

function parseCount(word: string): number | undefined {
  return /^\d+$/.test(word) ? Number(word) : undefined;
}

async function noteSkipped({ print }: Invocation, { skipped }: Pick<Trace, "skipped">): Promise<void> {
  if (skipped.count === 0) return;
  await print.note(
    `note: ${skipped.count} lines could not be read as requests and were left out; the first is line ${skipped.firstLine}.`,
  );
}
