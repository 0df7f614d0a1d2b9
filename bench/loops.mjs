// Generates the timed loops. Every library has its own, of the same text but for the two expressions that call it: a
// loop that several libraries share would see all of them at one call site, and that would be measured instead.
import { keyStyles, VALUE_COUNT } from "./workload.mjs";

/** @typedef {"get" | "set" | "read-through" | "mixed"} LoopKind */
/** @typedef {"built-short" | "built-long" | "ready" | "new"} KeySource */
/**
 * @typedef {object} LoopInput
 * @property {any} cache
 * @property {any} aux what the library's expressions need besides
 * @property {Int32Array} ids the requests, as ids; a power of two of them
 * @property {readonly string[]} keys the requests, as ready-made keys; as many
 * @property {readonly any[]} values
 *
 * @typedef {(input: LoopInput, from: number, count: number) => { hits: number, sum: number }} Loop
 */

/** In "mixed", one request of four is a write; which ones is drawn once, so that no branch predictor learns a rhythm. */
const WRITE_PATTERN_LENGTH = 4_096;

/** @type {Record<LoopKind, string>} */
const bodies = {
  get: "const v = GET; if (v != null) { hits++; sum = (sum + v.id) | 0; }",
  set: "const v = values[i & VALUE_MASK]; SET;",
  "read-through":
    "const found = GET; if (found != null) { hits++; sum = (sum + found.id) | 0; } else { const v = values[i & VALUE_MASK]; SET; }",
  mixed:
    "if (writes[i & WRITE_MASK] === 1) { const v = values[i & VALUE_MASK]; SET; } else { const v = GET; if (v != null) { hits++; sum = (sum + v.id) | 0; } }",
};

/** @type {Record<KeySource, string>} */
const keyExpressions = {
  "built-short": keyStyles.short.expression.replace("ID", "ids[i & mask]"),
  "built-long": keyStyles.long.expression.replace("ID", "ids[i & mask]"),
  ready: "keys[i & mask]",
  new: keyStyles.short.expression.replace("ID", "i"),
};

/**
 * @param {{ id: string, get: string, set: string }} peer
 * @param {LoopKind} kind
 * @param {KeySource} keySource
 * @returns {Loop}
 */
export function compileLoop(peer, kind, keySource) {
  const body = bodies[kind]
    .replaceAll("VALUE_MASK", String(VALUE_COUNT - 1))
    .replaceAll("WRITE_MASK", String(WRITE_PATTERN_LENGTH - 1))
    .replaceAll("GET", peer.get)
    .replaceAll("SET", peer.set);
  // The name matters: V8 gives equal texts one compiled function with one set of type feedback.
  return new Function(
    "writes",
    `"use strict"; /* ${peer.id} */
    return function loop({ cache, aux, ids, keys, values }, from, count) {
      const mask = ids.length - 1;
      let hits = 0, sum = 0;
      for (let i = from, end = from + count; i < end; i++) { const k = ${keyExpressions[keySource]}; ${body} }
      return { hits, sum };
    };`,
  )(writePattern);
}

/**
 * @param {{ id: string, set: string }} peer
 * @param {KeySource} keySource
 * @returns {Loop} writes `values[id]` under each request's key, for stores whose content is checked later
 */
export function compileFill(peer, keySource) {
  return new Function(
    `"use strict"; /* ${peer.id} */
    return function fill({ cache, aux, ids, keys, values }, from, count) {
      const mask = ids.length - 1;
      for (let i = from, end = from + count; i < end; i++) {
        const k = ${keyExpressions[keySource].replaceAll("[i & mask]", "[i]")}, v = values[ids[i] & ${VALUE_COUNT - 1}]; ${peer.set};
      }
      return { hits: 0, sum: 0 };
    };`,
  )();
}

const writePattern = makeWritePattern();

/** @param {LoopKind} kind @returns {number} the share of the requests that read */
export function readRatio(kind) {
  if (kind === "set") return 0;
  return kind === "mixed" ? 1 - writePattern.reduce((sum, bit) => sum + bit, 0) / WRITE_PATTERN_LENGTH : 1;
}

/** A quarter of ones, scattered by a fixed multiplier. */
function makeWritePattern() {
  const pattern = new Uint8Array(WRITE_PATTERN_LENGTH);
  for (let index = 0; index < WRITE_PATTERN_LENGTH; index += 1) {
    const drawn = Math.imul(index + 1, 0x9e37_79b1) >>> 0;
    pattern[index] = drawn < 2 ** 30 ? 1 : 0;
  }
  return pattern;
}
