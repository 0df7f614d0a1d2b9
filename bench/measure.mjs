/**
 * @typedef {object} Contender a library with one long-lived instance
 * @property {string} name
 * @property {(keys: readonly string[]) => Promise<void>} fill stores every key
 * @property {(keys: readonly string[], from: number, count: number) => number} peekHit reads without a promise; hits
 * @property {(keys: readonly string[], from: number, count: number) => Promise<number>} getHit awaits each read; hits
 * @property {(from: number, count: number) => Promise<void>} setNew awaits writes of keys that were never there
 * @property {(keys: readonly string[], from: number, count: number) => Promise<number>} getOrSetHit hits
 * @property {() => Promise<void>} close
 *
 * @typedef {(contender: Contender, from: number, count: number) => unknown} Workload
 * @typedef {{ name: string, nsPerOperation: number[], medianNs: number }} Measurement
 */

/** Fewer rounds than this give no median worth quoting. */
export const MIN_ROUND_COUNT = 9;

const CALIBRATION_COUNT = 20_000;

/** @param {readonly number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs a workload on all contenders in alternating rounds; each round begins with another contender, so that none
 * always comes after the same neighbour's garbage.
 *
 * @param {readonly Contender[]} contenders
 * @param {Workload} workload
 * @param {{ roundCount: number, roundMs: number }} options
 * @returns {Promise<Measurement[]>}
 */
export async function measure(contenders, workload, { roundCount, roundMs }) {
  const states = contenders.map((contender) => ({ contender, from: 0, count: CALIBRATION_COUNT, samples: [] }));
  for (const state of [...states, ...states]) {
    const ns = await timeOnce(state, workload);
    state.count = Math.max(1_000, Math.ceil((roundMs * 1e6) / ns));
  }
  for (let round = 0; round < roundCount; round += 1) {
    for (let turn = 0; turn < states.length; turn += 1) {
      const state = states[(round + turn) % states.length];
      state.samples.push(await timeOnce(state, workload));
    }
  }
  return states.map(({ contender, samples }) => ({
    name: contender.name,
    nsPerOperation: samples,
    medianNs: median(samples),
  }));
}

/**
 * @param {{ contender: Contender, from: number, count: number }} state
 * @param {Workload} workload
 */
async function timeOnce(state, workload) {
  const startedAt = performance.now();
  const hits = await workload(state.contender, state.from, state.count);
  const elapsedMs = performance.now() - startedAt;
  if (hits !== undefined && hits !== state.count) {
    throw new Error(`${state.contender.name} hit ${hits} of ${state.count}: this measures something else.`);
  }
  state.from += state.count;
  return (elapsedMs * 1e6) / state.count;
}
