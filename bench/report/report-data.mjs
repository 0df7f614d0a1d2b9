// The committed data: one file a program under docs/benchmarks/data, so that the pages can be made again without a run.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RESULTS_FOLDER = fileURLToPath(new URL("../results/", import.meta.url));

/** What is kept of a peer's measurement in a speed job, in this order. */
export const SPEED_COLUMNS = ["medianNs", "quartile1Ns", "quartile3Ns", "hitRatio"];

/**
 * @typedef {{ node: string, ranAt: string, scenario?: string, size?: string, subject?: string, peer?: string, [field: string]: any }} ReportEntry
 * @typedef {{ machine: any, versions: Record<string, string>, isQuick: boolean, entries: ReportEntry[] }} ReportPart
 * @typedef {{ trace: string, capacity: number, policy: string, hitRatio: number }} HitRatioEntry
 * @typedef {{ speed?: ReportPart, growth?: ReportPart, memory?: ReportPart, gc?: ReportPart, flooding?: ReportPart, api?: ReportPart,
 *   remote?: ReportPart, sharding?: ReportPart, routing?: ReportPart, "remote-soak"?: ReportPart,
 *   "hit-ratio"?: { entries: HitRatioEntry[] } }} ReportData
 */

const PARTS = [
  ...["speed", "growth", "memory", "gc", "flooding", "api", "hit-ratio"],
  ...["remote", "sharding", "routing", "remote-soak"],
];

/** @returns {string[]} the newest results of a run that is worth quoting; none or one */
export function newestResults() {
  return newestFile((content) => content.format === 1 && content.isQuick === false && content.isComplete === true);
}

/**
 * @param {(content: any) => boolean} isWanted
 * @returns {string[]} the newest file of results that is; none or one
 */
export function newestFile(isWanted) {
  if (!existsSync(RESULTS_FOLDER)) return [];
  return readdirSync(RESULTS_FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .reverse()
    .map((name) => join(RESULTS_FOLDER, name))
    .filter((file) => isWanted(JSON.parse(readFileSync(file, "utf8"))))
    .slice(0, 1);
}

/**
 * Merges a run into the data. What was measured again replaces what was there; data of another machine or of other
 * versions goes, for numbers of different runs can only be compared when everything else is the same.
 *
 * @param {string} folder
 * @param {string} file
 * @param {boolean} isQuickAllowed
 */
export function takeInResults(folder, file, isQuickAllowed) {
  const run = JSON.parse(readFileSync(file, "utf8"));
  if (run.format !== 1) throw new Error(`${file} is no file of results.`);
  if (run.isQuick && !isQuickAllowed) throw new Error(`${file} is of a quick run; its numbers mean nothing.`);
  const jobs = run.jobs.filter((/** @type {any} */ { error }) => error === undefined);
  for (const program of new Set(jobs.map((/** @type {any} */ { job }) => job.program))) {
    const entries = jobs.filter((/** @type {any} */ { job }) => job.program === program).map(toEntry);
    const path = join(folder, `${program}.json`);
    const before = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
    const { machine, versions, isQuick } = run;
    const isSame =
      before !== undefined &&
      JSON.stringify([before.machine, before.versions, before.isQuick]) ===
        JSON.stringify([machine, versions, isQuick]);
    const merged = new Map([...(isSame ? before.entries : []), ...entries].map((entry) => [keyOf(entry), entry]));
    writeData(path, { machine, versions, isQuick, entries: [...merged.values()] });
  }
}

/**
 * @param {string} folder
 * @returns {ReportData}
 */
export function readReportData(folder) {
  return Object.fromEntries(
    PARTS.flatMap((part) => {
      const path = join(folder, `${part}.json`);
      return existsSync(path) ? [[part, JSON.parse(readFileSync(path, "utf8"))]] : [];
    }),
  );
}

/** @param {any} outcome of run-job.mjs */
function toEntry({ job, nodeVersion, ranAt, result }) {
  const about = { node: nodeVersion.slice(1), ranAt };
  if (job.program === "routing") {
    const picks = Object.fromEntries(result.results.map(({ peer, medianNs }) => [peer, round(medianNs)]));
    const { shares, nodeCount, keyCount, cpuRatio } = result;
    return {
      ...about,
      scenario: job.scenario,
      subject: job.subject,
      ...rounded({ nodeCount, keyCount, cpuRatio, picks, shares }),
    };
  }
  if (job.subject !== undefined) {
    return { ...about, scenario: job.scenario, subject: job.subject, ...rounded(result) };
  }
  if (job.program !== "speed" && job.program !== "api") return { ...about, peer: job.peer, ...rounded(result) };
  const { roundCount } = job;
  const peers = Object.fromEntries(
    result.results.map((/** @type {any} */ measurement) => [
      measurement.peer,
      SPEED_COLUMNS.map((column) => round(measurement[column])),
    ]),
  );
  const skipped = Object.fromEntries((result.skipped ?? []).map(({ peer, reason }) => [peer, reason]));
  return {
    ...about,
    scenario: job.scenario ?? "api",
    size: job.size,
    roundCount,
    cpuRatio: round(result.cpuRatio),
    columns: SPEED_COLUMNS,
    peers,
    skipped,
  };
}

/** @param {ReportEntry} entry */
function keyOf({ node, scenario, size, subject, peer }) {
  return JSON.stringify([node, scenario, size, subject, peer]);
}

/** @param {any} value @returns {any} */
function rounded(value) {
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== "object" || value === null) return round(value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, rounded(inner)]));
}

/** @param {any} value five digits that mean something are more than there are */
function round(value) {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

/**
 * @param {string} path
 * @param {unknown} content
 */
export function writeData(path, content) {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}
