import { randomBytes } from "node:crypto";
import { systemRandom } from "../../foundation/random-source.ts";
import { toBenchDocument, toBenchText } from "../bench/bench-report.ts";
import { KEY_DISTRIBUTIONS } from "../bench/key-chooser.ts";
import {
  type BenchRun,
  type BenchSettings,
  type FilledKeys,
  fillKeys,
  removeKeys,
  runBench,
} from "../bench/run-bench.ts";
import type { CacheTarget } from "../cache-target.ts";
import type { Command, Invocation } from "../command.ts";
import { TARGET_OPTIONS } from "../common-options.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { runUntilInterrupted } from "../interrupts.ts";
import { withTarget } from "../open-target.ts";
import {
  choiceOption,
  integerOption,
  numberOption,
  secondsOption,
  sizeOption,
  usageError,
} from "../parse-arguments.ts";
import type { ParsedArguments } from "../parsed-arguments.ts";
import { createProgressBar, type ProgressBar } from "../progress-bar.ts";

const DEFAULT_DURATION_MS = 5_000;
/** What is written goes by itself this long after the run, when nobody could remove it. */
const LEFT_TTL_MS = 600_000;
const MAX_KEY_COUNT = 10_000_000;
const MAX_VALUE_BYTES = 67_108_864;

/** `gocachex bench`. */
export const benchCommand: Command = {
  name: "bench",
  summary: "measure gets and sets: throughput and latency percentiles",
  usage: ["bench [options]"],
  details: [
    "Fills keys in, reads and writes them for some time, and removes them again, also when it is interrupted. It works in a namespace of its own with a random name and touches nothing else; entries have a TTL, so that what a killed process leaves goes by itself.",
    "Each client waits for its answer before it asks again. A store in memory answers at once, so that more than one client only wait for each other there. Values are random bytes. Ends with exit code 5 when calls failed.",
  ],
  positionals: [0, 0],
  positionalNames: [],
  options: [
    { name: "clients", value: "N", description: "clients at the same time (default: 8)" },
    { name: "pipeline", value: "N", description: "calls that each client has under way at once (default: 1)" },
    { name: "seconds", short: "s", value: "SECONDS", description: "how long (default: 5)" },
    { name: "requests", value: "N", description: "how many calls, instead of how long" },
    { name: "value-size", value: "SIZE", description: "bytes of a value (default: 100B)" },
    { name: "keys", value: "N", description: "different keys (default: 10000)" },
    { name: "ratio", value: "RATIO", description: "share of gets, 0 to 1 (default: 0.9)" },
    {
      name: "distribution",
      value: "NAME",
      choices: KEY_DISTRIBUTIONS,
      description: "how often keys are asked for: zipf (exponent 0.99) or uniform (default: zipf)",
    },
    ...TARGET_OPTIONS,
  ],
  examples: [
    ["gocachex bench --config cache.json", "the stores of a configuration"],
    ["gocachex bench --node 127.0.0.1:7411 --clients 32", "a node, over HTTP"],
    ["gocachex bench -c cache.json --requests 100000 --ratio 0.5 --json", "for a program"],
  ],
  handlesInterrupts: true,
  run: (invocation) => {
    const settings = settingsOf(invocation.args);
    const namespace = `gocachex-bench-${randomBytes(6).toString("hex")}`;
    return runUntilInterrupted(invocation.io, (ended) =>
      withTarget(invocation, (target) => bench(invocation, target, settings, ended), namespace),
    );
  },
};

async function bench(
  { io, print }: Invocation,
  target: CacheTarget,
  settings: BenchSettings,
  ended: AbortSignal,
): Promise<ExitCode> {
  const progress = createProgressBar(io, print);
  const runOf = (label: string): BenchRun => ({
    ...{ target, settings, ended, random: systemRandom },
    onProgress: (ratio, doneCount) => progress.show(ratio, `${label}  ${doneCount.toLocaleString("en-US")}`),
  });
  const filled: FilledKeys = { count: 0 };
  try {
    await fillKeys(runOf("filling keys in"), filled);
    const result = await runBench(runOf("measuring"));
    await progress.clear();
    await (print.isJson
      ? print.document(toBenchDocument(settings, result, ended.aborted))
      : print.line(toBenchText(settings, result, ended.aborted)));
    if (ended.aborted) return EXIT_CODES.interrupted;
    return result.errors.size > 0 ? EXIT_CODES.failed : EXIT_CODES.ok;
  } finally {
    await cleanUp(runOf("removing keys"), filled, progress, print.note);
  }
}

/** A failure to clean up must not hide what went wrong before, and is told. */
async function cleanUp(
  run: BenchRun,
  filled: FilledKeys,
  progress: ProgressBar,
  onNote: (text: string) => Promise<void>,
): Promise<void> {
  try {
    await removeKeys(run, filled);
  } catch {
    const minutes = Math.ceil(run.settings.ttlMs / 60_000);
    await onNote(`note: not all keys could be removed; what is left expires within ${minutes} minutes.`).catch(
      () => undefined,
    );
  } finally {
    await progress.clear();
  }
}

function settingsOf(args: ParsedArguments): BenchSettings {
  const requestCount = integerOption(args, "requests", 1, 1e12);
  const durationMs = secondsOption(args, "seconds");
  if (requestCount !== undefined && durationMs !== undefined)
    throw usageError("Give --seconds (how long) or --requests (how many), not both.");
  const isCounted = requestCount !== undefined;
  const boundMs = isCounted ? Number.POSITIVE_INFINITY : (durationMs ?? DEFAULT_DURATION_MS);
  return {
    clientCount: integerOption(args, "clients", 1, 10_000) ?? 8,
    pipelineCount: integerOption(args, "pipeline", 1, 10_000) ?? 1,
    durationMs: boundMs,
    requestCount: requestCount ?? Number.POSITIVE_INFINITY,
    valueBytes: sizeOption(args, "value-size", 1, MAX_VALUE_BYTES) ?? 100,
    keyCount: integerOption(args, "keys", 1, MAX_KEY_COUNT) ?? 10_000,
    getRatio: numberOption(args, "ratio", 0, 1) ?? 0.9,
    distribution: choiceOption(args, "distribution", KEY_DISTRIBUTIONS) ?? "zipf",
    ttlMs: (isCounted ? DEFAULT_DURATION_MS : boundMs) + LEFT_TTL_MS,
  };
}
