import { Buffer } from "node:buffer";
import process from "node:process";
import type { Codec } from "../../src/codec/codec.ts";
import { CodecFault } from "../../src/codec/codec-fault.ts";
import { SerializationError } from "../../src/foundation/errors.ts";
import { strictDifference } from "../support/codec/strict-difference.ts";
import { CORPUS_KEY, type CodecCorpus, createCorpus, type FuzzCodecs, openFuzzCodecs } from "./codec/codec-corpus.ts";
import { createDraw } from "./codec/fuzz-draw.ts";
import { FUZZ_MODES, type FuzzCase, type FuzzModeName } from "./codec/fuzz-modes.ts";

/** What became of the cases of one mode. */
export interface FuzzModeReport {
  readonly mode: FuzzModeName;
  readonly caseCount: number;
  /** Cases that were read as some value. */
  readonly readCount: number;
  /** Cases that were refused, by reason. */
  readonly faultCounts: Readonly<Record<string, number>>;
  /** The longest that one case took; of those that took too long, the shortest of some tries. */
  readonly slowestMs: number;
  /** The case that took longest, in hexadecimal. */
  readonly slowest: string;
  /** How much the heap had grown at most when it was looked at, every 1,024 cases. */
  readonly heapGrowthBytes: number;
}

/** What to run. */
export interface CodecFuzzOptions {
  /** The same cases come again with the same seed. */
  readonly seed: number;
  /** Cases of each mode; fewer of `nested`. */
  readonly caseCount: number;
  /** Default: all. */
  readonly modes?: readonly FuzzModeName[];
  /**
   * Most that one case may take. The machine may do something else meanwhile, so what took longer is tried some more times, and its own time counts
   * as well. Default: 50.
   */
  readonly maxCaseMs?: number;
}

const DEFAULT_MAX_CASE_MS = 50;
const RETRY_COUNT = 5;
const LOOK_EVERY = 1_024;
/** Deep nesting takes milliseconds a case, so there is one for this many of the other modes. */
const NESTED_RATIO = 25;

/** Objects that hostile bytes would like to change. */
const PROTOTYPES: readonly object[] = [
  ...[
    Object,
    Array,
    Function,
    Map,
    Set,
    Date,
    RegExp,
    Error,
    String,
    Number,
    Boolean,
    BigInt,
    Buffer,
    Uint8Array,
    Promise,
  ].map((each) => each.prototype as object),
  globalThis,
];

/**
 * Decodes envelopes that were damaged, forged and made up. Every case ends as a value or as a `CodecFault`, soon; what only a hair was changed of
 * ends as a fault; nothing of the platform is changed; what is read can be written again and comes back equal, or is refused properly.
 *
 * @throws Error naming mode, seed, number and bytes of the first case of which that is not so
 */
export async function fuzzCodec(options: CodecFuzzOptions): Promise<readonly FuzzModeReport[]> {
  const { seed, caseCount, modes, maxCaseMs = DEFAULT_MAX_CASE_MS } = options;
  const corpus = await createCorpus(seed);
  const codecs = await openFuzzCodecs();
  const reports: FuzzModeReport[] = [];
  for (const mode of modes ?? (Object.keys(FUZZ_MODES) as FuzzModeName[])) {
    const count = mode === "nested" ? Math.ceil(caseCount / NESTED_RATIO) : caseCount;
    reports.push(await runMode(mode, { seed, caseCount: count, maxCaseMs, corpus, codecs }));
  }
  return reports;
}

interface ModeRun {
  readonly seed: number;
  readonly caseCount: number;
  readonly maxCaseMs: number;
  readonly corpus: CodecCorpus;
  readonly codecs: FuzzCodecs;
}

async function runMode(mode: FuzzModeName, run: ModeRun): Promise<FuzzModeReport> {
  const { seed, caseCount, maxCaseMs, corpus, codecs } = run;
  const draw = createDraw(seed * 31 + mode.length * 7 + (mode.codePointAt(0) ?? 0));
  const before = platformState();
  const heapBeforeBytes = process.memoryUsage().heapUsed;
  const faultCounts: Record<string, number> = {};
  let readCount = 0;
  let slowestMs = 0;
  let slowest = "";
  let heapGrowthBytes = 0;
  for (let index = 0; index < caseCount; index += 1) {
    const each = FUZZ_MODES[mode](corpus, codecs, draw);
    try {
      const { outcome, elapsedMs } = await tryCase(each, maxCaseMs);
      if (outcome instanceof CodecFault) faultCounts[outcome.reason] = (faultCounts[outcome.reason] ?? 0) + 1;
      else {
        readCount += 1;
        if (draw(16) === 0) await assertWritable(codecs.writer, outcome.value);
      }
      if (elapsedMs > slowestMs) [slowestMs, slowest] = [elapsedMs, each.bytes.subarray(0, 300).toString("hex")];
      if (index % LOOK_EVERY !== 0) continue;
      heapGrowthBytes = Math.max(heapGrowthBytes, process.memoryUsage().heapUsed - heapBeforeBytes);
      if (platformState() !== before) throw new Error("something of the platform was changed");
    } catch (error) {
      const bytes = each.bytes.subarray(0, 4_096).toString("hex");
      throw new Error(`mode ${mode}, seed ${seed}, case ${index}: ${String(error)}: ${bytes}`, { cause: error });
    }
  }
  return { mode, caseCount, readCount, faultCounts, slowestMs, slowest, heapGrowthBytes };
}

type Outcome = CodecFault | { readonly value: unknown };

interface TriedCase {
  readonly outcome: Outcome;
  readonly elapsedMs: number;
}

async function tryCase({ bytes, codec, storedKey, mustFail }: FuzzCase, maxCaseMs: number): Promise<TriedCase> {
  const startedAt = performance.now();
  const outcome = await outcomeOf(codec, bytes, storedKey);
  let elapsedMs = performance.now() - startedAt;
  for (let tries = 0; tries < RETRY_COUNT && elapsedMs > maxCaseMs; tries += 1) {
    const retriedAt = performance.now();
    const used = process.cpuUsage();
    await outcomeOf(codec, bytes, storedKey);
    const { user, system } = process.cpuUsage(used);
    elapsedMs = Math.min(elapsedMs, performance.now() - retriedAt, (user + system) / 1_000);
  }
  if (elapsedMs > maxCaseMs) throw new Error(`it took ${elapsedMs} ms`);
  if (mustFail && !(outcome instanceof CodecFault)) throw new Error("it was read although it was changed");
  return { outcome, elapsedMs };
}

/** @throws what is neither a value nor a fault */
async function outcomeOf(codec: Codec, bytes: Buffer, storedKey: string): Promise<Outcome> {
  try {
    const decoded = codec.decode(bytes, storedKey);
    // Most answer at once, and a turn for each would take longer than the case.
    return decoded instanceof Promise ? await decoded : decoded;
  } catch (error) {
    if (error instanceof CodecFault) return error;
    throw error;
  }
}

async function assertWritable(writer: Codec, value: unknown): Promise<void> {
  if (value === undefined) throw new Error("it was read as undefined");
  let written: Uint8Array;
  try {
    written = await writer.encode(value, CORPUS_KEY);
  } catch (error) {
    // Valid bytes of another program may hold what this serializer does not write.
    if (error instanceof SerializationError) return;
    throw error;
  }
  const { value: back } = await writer.decode(written, CORPUS_KEY);
  const difference = strictDifference(value, back, { identity: false });
  if (difference !== undefined) throw new Error(`it does not come back: ${difference}`);
}

function platformState(): string {
  return PROTOTYPES.map((each) => Reflect.ownKeys(each).length).join();
}

/** A short run of all modes, and which seed it was. */
export function describeReports(seed: number, reports: readonly FuzzModeReport[]): string {
  const lines = reports.map(({ mode, caseCount, readCount, faultCounts, slowestMs, heapGrowthBytes }) => {
    const faults = Object.entries(faultCounts).map(([reason, count]) => `${reason} ${count}`);
    const heapMib = Math.round(heapGrowthBytes / 2 ** 20);
    return `${mode}: ${caseCount} cases, read ${readCount}, ${faults.join(", ")}; slowest ${slowestMs.toFixed(1)} ms, heap +${heapMib} MiB`;
  });
  return [`seed ${seed}`, ...lines].join("\n");
}
