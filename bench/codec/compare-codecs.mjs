// The loops and the comparison that all scenarios of the codec share.
import assert from "node:assert/strict";
import { measure, quantile, readCpuMs } from "../measure.mjs";

/**
 * @typedef {object} Candidate
 * @property {string} id
 * @property {Record<string, any>} use what its expressions name
 * @property {string} encode the bytes (or text) of `v`, as an expression
 * @property {string} decode the value of `b`, as an expression
 * @property {boolean} [isAwaited] the expressions answer with promises
 * @property {(value: any) => any} [expected] what comes back of a value, where that is not its equal
 *
 * @typedef {"encode" | "decode" | "both"} Task
 * @typedef {readonly [median: number, quartile1: number, quartile3: number]} Spread
 * @typedef {object} Comparison
 * @property {Record<string, Partial<Record<Task, Spread>>>} ns by candidate: nanoseconds an operation
 * @property {Record<string, Partial<Record<Task, Spread>>>} ratios by candidate: its time over that of the reference, round by round
 * @property {Record<string, number>} bytes by candidate: what a value takes, the mean over all
 * @property {number} cpuRatio
 * @property {number} valueCount
 */

/** Every round of the plan becomes so many, and as much shorter: what disturbs the machine for a moment then hits all candidates. */
const ROUND_SPLIT = 3;
/** Enough to tell how long one takes, where one takes a millisecond. */
const CALIBRATION_COUNT = 30;
const MIN_OPERATION_COUNT = 10;

/** @type {readonly Task[]} */
const ALL_TASKS = ["encode", "decode", "both"];

/**
 * Runs all candidates over the same values, in alternating rounds, and takes the CPU time of each.
 *
 * @param {readonly Candidate[]} candidates the second is the reference of ratios; all are checked before anything is timed
 * @param {readonly any[]} values a power of two of them, cycled
 * @param {{ roundCount: number, roundMs: number }} job
 * @param {readonly Task[]} [tasks]
 * @returns {Promise<Comparison & { results: import("../measure.mjs").Measurement[] }>}
 */
export async function compareCodecs(candidates, values, job, tasks = ALL_TASKS) {
  const runners = [];
  /** @type {Record<string, number>} */
  const bytes = {};
  for (const candidate of candidates) {
    const inputs = await encodeAll(candidate, values);
    bytes[candidate.id] = inputs.reduce((sum, { length }) => sum + length, 0) / inputs.length;
    for (const task of tasks) {
      const loop = compile(candidate, task);
      runners.push({
        id: nameOf(candidate, task),
        run: (/** @type {number} */ from, /** @type {number} */ count) =>
          loop(candidate.use, values, inputs, from, count),
      });
    }
  }
  globalThis.gc?.();
  globalThis.gc?.();
  const { results, cpuRatio } = await measure(runners, {
    roundCount: job.roundCount * ROUND_SPLIT,
    roundMs: job.roundMs / ROUND_SPLIT,
    calibrationCount: CALIBRATION_COUNT,
    minOperationCount: MIN_OPERATION_COUNT,
    readMs: readCpuMs,
  });
  const samplesOf = new Map(results.map(({ peer, samplesNs }) => [peer, samplesNs]));
  const [, reference] = candidates;
  const spreads = (/** @type {(candidate: Candidate, task: Task) => readonly number[]} */ numbersOf) =>
    Object.fromEntries(
      candidates.map((candidate) => [
        candidate.id,
        Object.fromEntries(tasks.map((task) => [task, spreadOf(numbersOf(candidate, task))])),
      ]),
    );
  const ownSamples = (/** @type {Candidate} */ candidate, /** @type {Task} */ task) =>
    samplesOf.get(nameOf(candidate, task)) ?? [];
  return {
    ns: spreads(ownSamples),
    ratios: spreads((candidate, task) => {
      const referenceNs = ownSamples(/** @type {Candidate} */ (reference), task);
      return ownSamples(candidate, task).map((ns, round) => ns / (referenceNs[round] ?? Number.NaN));
    }),
    bytes,
    cpuRatio,
    valueCount: values.length,
    results,
  };
}

/**
 * Encodes all values, and holds what comes back against them.
 *
 * @param {Candidate} candidate
 * @param {readonly any[]} values
 */
async function encodeAll({ id, use, encode, decode, expected = (value) => value }, values) {
  const names = Object.keys(use);
  const write = new Function(...names, "v", "i", `return ${encode};`);
  const read = new Function(...names, "b", "i", `return ${decode};`);
  const parts = Object.values(use);
  const inputs = [];
  for (const [index, value] of values.entries()) {
    const written = await write(...parts, value, index);
    // As from a client of a store: memory of its own, small ones many in one chunk.
    const input = typeof written === "string" ? written : Buffer.from(written);
    assert.deepStrictEqual(await read(...parts, input, index), expected(value), `${id} does not read what it wrote`);
    inputs.push(input);
  }
  return inputs;
}

/** @type {Record<Task, string>} */
const BODIES = {
  encode: "const v = values[i & mask]; const b = ENCODE; sum = (sum + b.length) | 0;",
  decode: "const b = inputs[i & mask]; const w = DECODE; if (w !== undefined) hits++;",
  both: "const v = values[i & mask]; const b = ENCODE; sum = (sum + b.length) | 0; const w = DECODE; if (w !== undefined) hits++;",
};

/**
 * @param {Candidate} candidate
 * @param {Task} task
 * @returns {(use: object, values: readonly any[], inputs: readonly any[], from: number, count: number) => any}
 */
function compile({ id, use, encode, decode, isAwaited = false }, task) {
  const body = BODIES[task]
    .replace("ENCODE", isAwaited ? `await (${encode})` : encode)
    .replace("DECODE", isAwaited ? `await (${decode})` : decode);
  // The name matters: V8 gives equal texts one compiled function with one set of type feedback.
  return new Function(
    `"use strict"; /* ${id} ${task} */
    return ${isAwaited ? "async " : ""}function loop({ ${Object.keys(use).join(", ")} }, values, inputs, from, count) {
      const mask = values.length - 1;
      let hits = 0, sum = 0;
      for (let i = from, end = from + count; i < end; i++) { ${body} }
      return { hits, sum };
    };`,
  )();
}

/**
 * @param {Candidate} candidate
 * @param {Task} task
 */
function nameOf({ id }, task) {
  return `${id}: ${task}`;
}

/** @param {readonly number[]} numbers @returns {Spread} */
function spreadOf(numbers) {
  return [quantile(numbers), quantile(numbers, 0.25), quantile(numbers, 0.75)];
}
