import process from "node:process";
import { REFERENCE_COLUMNS, REFERENCE_ROWS } from "./reference-ratios.mjs";
import { createSyntheticTrace, isSynthetic } from "./synthetic-traces.mjs";
import { readTrace } from "./trace-files.mjs";

/**
 * @typedef {object} LoadedTrace
 * @property {string} trace
 * @property {Uint32Array} keys the key of each request
 * @property {number} keyLimit above all keys
 * @property {{ capacityCount: number, reference: Record<string, number> }[]} rows
 */

/** The rows of the table by trace, in order, of those whose `name capacity` the pattern matches. */
function rowsByTrace(pattern) {
  const byTrace = new Map();
  for (const [trace, capacityCount, ...figures] of REFERENCE_ROWS) {
    if (!pattern.test(`${trace} ${capacityCount}`)) continue;
    const reference = Object.fromEntries(REFERENCE_COLUMNS.map((name, index) => [name, figures[index]]));
    byTrace.set(trace, [...(byTrace.get(trace) ?? []), { capacityCount, reference }]);
  }
  return byTrace;
}

/**
 * Loads the traces one after the other: generated ones, and recorded ones from the folder that GOCACHEX_TRACES names.
 *
 * @param {RegExp} pattern
 * @param {number} traceSeed
 * @param {(trace: string) => void} onMissing told of each recorded trace that is not there
 * @returns {AsyncGenerator<LoadedTrace>}
 */
export async function* loadTraces(pattern, traceSeed, onMissing) {
  const folder = process.env.GOCACHEX_TRACES;
  for (const [trace, rows] of rowsByTrace(pattern)) {
    const recorded = folder === undefined ? undefined : await readTrace(folder, trace);
    const keys = isSynthetic(trace) ? createSyntheticTrace(trace, traceSeed) : recorded;
    if (keys === undefined) {
      onMissing(trace);
      continue;
    }
    let keyLimit = 0;
    for (const key of keys) if (key >= keyLimit) keyLimit = key + 1;
    yield { trace, keys, keyLimit, rows };
  }
}
