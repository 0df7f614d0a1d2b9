import process from "node:process";

/**
 * @typedef {object} Runner one library with its one long-lived store
 * @property {string} id
 * @property {(from: number, count: number) => { hits: number, sum: number } | Promise<{ hits: number, sum: number }>} run
 *
 * @typedef {object} Measurement
 * @property {string} peer
 * @property {number[]} samplesNs ns per operation, one a round
 * @property {number} medianNs
 * @property {number} quartile1Ns
 * @property {number} quartile3Ns
 * @property {number} hitRatio hits of all operations in the measured rounds
 * @property {number} operationCount in the measured rounds
 *
 * @typedef {object} MeasureOptions
 * @property {number} roundCount
 * @property {number} roundMs about how long each library runs in a round
 * @property {number} [sliceCount] operations after which the event loop turns, outside of the time that is taken
 * @property {number} [from] where the stream of requests begins
 * @property {number} [calibrationCount] operations of the first run, which tells how many fill a round
 * @property {number} [minOperationCount] least operations of a round, however slow
 * @property {() => number} [readMs] the clock; see {@link readCpuMs}. Default: the time that goes by
 */

/** See {@link watchCpu}. */
export const MIN_CPU_RATIO = 0.97;

/** Fewer rounds than this give no median worth quoting. */
export const MIN_ROUND_COUNT = 9;

const CALIBRATION_COUNT = 4_000;
const MIN_OPERATION_COUNT = 1_000;

/** What the loops computed, kept where no optimizer can prove it unused. */
export const consumed = { sum: 0 };

/**
 * @param {readonly number[]} numbers
 * @param {number} [ratio] 0.5: the median
 */
export function quantile(numbers, ratio = 0.5) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const position = (sorted.length - 1) * ratio;
  const low = Math.floor(position);
  const high = Math.ceil(position);
  return sorted[low] + (sorted[high] - sorted[low]) * (position - low);
}

/**
 * The CPU time this process gets from now on, over the time that goes by. Below {@link MIN_CPU_RATIO}, a job that never
 * waits was kept from running by other programs.
 *
 * @returns {() => number} the ratio so far; above 1 when other threads, the collector's, work as well
 */
export function watchCpu() {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000 / (performance.now() - startedAt);
  };
}

/**
 * The CPU time of this process, all its threads: the collector's helpers and the thread pool count. What other programs do meanwhile
 * does not, but for the processor's caches that they use.
 */
export function readCpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * Runs all in alternating rounds; each round begins with another library, so that none always comes after the same
 * neighbour's garbage. Two runs before the first round are not counted: they compile the loops and say how many
 * operations fill a round.
 *
 * @param {readonly Runner[]} runners
 * @param {MeasureOptions} options
 * @returns {Promise<{ results: Measurement[], cpuRatio: number }>} with the CPU time this process got, over the time
 *   that went by: clearly below 1, other programs were in the way
 */
export async function measure(
  runners,
  {
    roundCount,
    roundMs,
    sliceCount = Number.POSITIVE_INFINITY,
    from = 0,
    calibrationCount = CALIBRATION_COUNT,
    minOperationCount = MIN_OPERATION_COUNT,
    readMs = () => performance.now(),
  },
) {
  const states = runners.map((runner) => ({
    runner,
    from,
    count: calibrationCount,
    samplesNs: /** @type {number[]} */ ([]),
    hits: 0,
    operationCount: 0,
  }));
  for (const state of [...states, ...states, ...states]) {
    const { ns } = await timeOnce(state, sliceCount, readMs);
    state.count = Math.max(minOperationCount, Math.ceil((roundMs * 1e6) / ns));
  }
  const cpuRatio = watchCpu();
  for (let round = 0; round < roundCount; round += 1) {
    for (let turn = 0; turn < states.length; turn += 1) {
      const state = states[(round + turn) % states.length];
      const { ns, hits } = await timeOnce(state, sliceCount, readMs);
      state.samplesNs.push(ns);
      state.hits += hits;
      state.operationCount += state.count;
    }
  }
  const cpuRatioAtEnd = cpuRatio();
  const results = states.map(({ runner, samplesNs, hits, operationCount }) => ({
    peer: runner.id,
    samplesNs: samplesNs.map((ns) => Number(ns.toFixed(2))),
    medianNs: quantile(samplesNs),
    quartile1Ns: quantile(samplesNs, 0.25),
    quartile3Ns: quantile(samplesNs, 0.75),
    hitRatio: hits / operationCount,
    operationCount,
  }));
  return { results, cpuRatio: cpuRatioAtEnd };
}

/**
 * @param {{ runner: Runner, from: number, count: number }} state
 * @param {number} sliceCount
 * @param {() => number} readMs
 */
async function timeOnce(state, sliceCount, readMs) {
  const end = state.from + state.count;
  let elapsedMs = 0;
  let hits = 0;
  for (let at = state.from; at < end; at += sliceCount) {
    const count = Math.min(sliceCount, end - at);
    const startedAt = readMs();
    const running = state.runner.run(at, count);
    const result = running instanceof Promise ? await running : running;
    elapsedMs += readMs() - startedAt;
    hits += result.hits;
    consumed.sum = (consumed.sum + result.sum) | 0;
    if (sliceCount !== Number.POSITIVE_INFINITY) await new Promise((resolve) => setImmediate(resolve));
  }
  state.from = end;
  return { ns: (elapsedMs * 1e6) / state.count, hits };
}
