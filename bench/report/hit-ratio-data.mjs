import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newestFile, writeData } from "./report-data.mjs";

/** Marks figures that other programs computed, not this run. */
export const PUBLISHED_MARK = " †";

/** @typedef {import("./report-data.mjs").HitRatioEntry} HitRatioEntry */

/** @returns {string[]} the newest results of bench/hit-ratio over all traces; none or one */
export function newestHitRatios() {
  return newestFile(
    ({ rows, options, missingTraces }) =>
      Array.isArray(rows) &&
      options?.traces === "" &&
      options?.public === false &&
      options?.policies === "all" &&
      missingTraces?.length === 0,
  );
}

/**
 * Merges hit ratios into the data; what is there again is replaced.
 *
 * @param {string} folder
 * @param {string} file what bench/hit-ratio wrote, or a list of `{trace, capacity, policy, hitRatio}`
 */
export function takeInHitRatios(folder, file) {
  const content = JSON.parse(readFileSync(file, "utf8"));
  const entries = Array.isArray(content.rows) ? content.rows.flatMap(entriesOfRow) : (content.entries ?? content);
  if (!Array.isArray(entries)) throw new Error(`${file} has no hit ratios.`);
  const bad = entries.find((entry) => !isHitRatio(entry));
  if (bad !== undefined) throw new Error(`${file} has an entry that is no hit ratio: ${JSON.stringify(bad)}`);
  const path = join(folder, "hit-ratio.json");
  const before = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).entries : [];
  const merged = new Map([...before, ...entries].map((entry) => [keyOf(entry), entry]));
  // A figure measured here makes the published one of the same policy superfluous.
  for (const entry of entries) merged.delete(keyOf({ ...entry, policy: entry.policy + PUBLISHED_MARK }));
  writeData(path, { entries: [...merged.values()] });
}

/**
 * @param {{ trace: string, capacityCount: number, ratios: Record<string, number>, optimum: number, reference?: Record<string, number> }} row in %
 * @returns {HitRatioEntry[]}
 */
function entriesOfRow({ trace, capacityCount, ratios, optimum, reference = {} }) {
  const measured = { ...ratios, optimum };
  const published = Object.entries(reference)
    .filter(([policy]) => !(policy in measured))
    .map(([policy, percent]) => /** @type {const} */ ([policy + PUBLISHED_MARK, percent]));
  return [...Object.entries(measured), ...published].map(([policy, percent]) => ({
    trace,
    capacity: capacityCount,
    policy: policy.replace(/^peer:/, "npm "),
    hitRatio: Number((percent / 100).toFixed(5)),
  }));
}

/** @param {any} entry */
function isHitRatio({ trace, capacity, policy, hitRatio }) {
  const isNamed = typeof trace === "string" && typeof policy === "string";
  return isNamed && capacity > 0 && hitRatio >= 0 && hitRatio <= 1;
}

/** @param {HitRatioEntry} entry */
function keyOf({ trace, capacity, policy }) {
  return JSON.stringify([trace, capacity, policy]);
}
