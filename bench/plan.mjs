import process from "node:process";
import { parseArgs } from "node:util";
import { CODEC_RUNNER_COUNT, codecScenarios, codecSubjects, shortCodecSubjects } from "./codec/codec-scenarios.mjs";
import { MIN_ROUND_COUNT } from "./measure.mjs";
import { findPeer, peerIds, REFERENCE_PEER } from "./peers.mjs";
import {
  REMOTE_RUNNER_COUNT,
  remotePrograms,
  remoteScenarios,
  remoteSubjects,
  shortRemoteSubjects,
} from "./remote/remote-scenarios.mjs";
import { sizes, speedScenarios, TIER_KEY_COUNTS, wholeScenarios } from "./scenarios.mjs";

/** Runs that are not counted, before the first round; see measure.mjs. */
const WARM_UP_COUNT = 3;
const DEFAULT_ROUND_MS = 120;
const QUICK_ROUND_MS = 15;
const QUICK_ROUND_COUNT = 5;

/** With BENCH_SECONDS, what is measured unless something else is named. */
const shortRun = {
  scenarios: ["get-equal", "get-built-short", "set-new", "read-through", "api", "codec", "redis", "memcached"],
  sizes: ["100k"],
  subjects: [...shortCodecSubjects, ...shortRemoteSubjects],
  peers: ["gocachex", REFERENCE_PEER, "Map"],
};

const growthPeers = ["gocachex", "lru-cache", "Map", "mnemonist LRUMap", "@neophi/sieve-cache"];
const floodingPeers = ["gocachex", "lru-cache"];
const gcPeers = ["gocachex", "lru-cache"];
const apiSizes = ["10k", "100k"];
const API_RUNNER_COUNT = 9;
const LOADING_RUNNER_COUNT = 9;
const TIERS_RUNNER_COUNT = 8;
const ROUTING_RUNNER_COUNT = 6;

/**
 * @typedef {object} PlanOptions
 * @property {readonly string[]} scenarios
 * @property {readonly string[]} sizes
 * @property {readonly string[] | undefined} peers `undefined`: those that are usual for a scenario
 * @property {readonly string[] | undefined} clients of remote stores; `undefined`: all
 * @property {readonly string[]} subjects of the scenarios of the codec and of remote stores
 * @property {number} roundCount
 * @property {number | undefined} roundMs `undefined`: from `seconds`, or the default
 * @property {number | undefined} seconds
 * @property {boolean} isQuick
 * @property {readonly string[]} nodes
 * @property {string | undefined} source
 * @property {string | undefined} against another tree, whose codec is measured beside
 * @property {boolean} isList
 */

/**
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @returns {PlanOptions}
 */
export function readPlanOptions(args, environment) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: "string" },
      size: { type: "string" },
      peers: { type: "string" },
      subject: { type: "string", multiple: true },
      client: { type: "string", multiple: true },
      rounds: { type: "string" },
      "round-ms": { type: "string" },
      node: { type: "string", multiple: true },
      source: { type: "string" },
      against: { type: "string" },
      quick: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
    },
  });
  const isQuick = values.quick === true;
  const seconds = readNumber("BENCH_SECONDS", environment["BENCH_SECONDS"]);
  const isShort = seconds !== undefined;
  const rounds = readNumber("--rounds", values.rounds ?? environment["BENCH_ROUNDS"]);
  const isWhole = !isShort && !isQuick;
  return {
    scenarios: readList(
      values.scenario,
      [...speedScenarios.map(({ id }) => id), ...wholeScenarios, ...codecScenarios, ...remoteScenarios],
      isShort ? shortRun.scenarios : undefined,
    ),
    sizes: readList(values.size, Object.keys(sizes), isShort ? shortRun.sizes : isWhole ? undefined : ["10k"]),
    peers: values.peers === undefined ? (isShort ? shortRun.peers : undefined) : readPeers(values.peers),
    clients: values.client,
    subjects: readSubjects(values.subject, isShort ? shortRun.subjects : undefined),
    roundCount: isQuick ? (rounds ?? QUICK_ROUND_COUNT) : Math.max(MIN_ROUND_COUNT, rounds ?? MIN_ROUND_COUNT),
    roundMs: readNumber("--round-ms", values["round-ms"]),
    seconds,
    isQuick,
    nodes: readNodes(values.node, environment["NODE24"]),
    source: values.source,
    against: values.against,
    isList: values.list === true,
  };
}

/**
 * One job a process: a speed scenario at a size with all peers, or one peer of the others.
 *
 * @param {PlanOptions} options
 */
export function planJobs(options) {
  const jobs = options.scenarios.flatMap((scenario) => jobsOf(scenario, options));
  const runnerCount = jobs.reduce((count, job) => count + (job.peers?.length ?? job.runnerCount ?? 0), 0);
  const budgetMs = (options.seconds ?? 0) * 1_000;
  const roundMs =
    options.roundMs ??
    (options.seconds === undefined
      ? options.isQuick
        ? QUICK_ROUND_MS
        : DEFAULT_ROUND_MS
      : Math.max(1, budgetMs / (runnerCount * (options.roundCount + WARM_UP_COUNT))));
  return jobs.map((job) => ({ ...job, roundCount: options.roundCount, roundMs }));
}

/** @param {{ program: string, peer?: string, peers?: readonly string[] }} job */
export function needsEngine({ program, peer, peers = [] }) {
  return (
    ["api", "loading", "tiers", "codec", "routing", ...remotePrograms].includes(program) ||
    [peer, ...peers].some((id) => id?.startsWith("gocachex") === true)
  );
}

/**
 * @param {string} scenario
 * @param {PlanOptions} options
 * @returns {any[]}
 */
function jobsOf(scenario, { sizes: chosenSizes, peers, clients, subjects, against, isQuick }) {
  if (scenario in codecSubjects) {
    const all = codecSubjects[/** @type {keyof typeof codecSubjects} */ (scenario)];
    const about = { program: "codec", scenario, runnerCount: CODEC_RUNNER_COUNT, hasOther: against !== undefined };
    return all.filter((subject) => subjects.includes(subject)).map((subject) => ({ ...about, subject }));
  }
  if (scenario in remoteSubjects) {
    const all = remoteSubjects[/** @type {keyof typeof remoteSubjects} */ (scenario)];
    const isComparison = scenario === "redis" || scenario === "memcached";
    const about = isComparison
      ? { program: "remote", scenario, runnerCount: REMOTE_RUNNER_COUNT }
      : { program: scenario, scenario, isQuick, runnerCount: ROUTING_RUNNER_COUNT };
    return all
      .filter((subject) => subjects.includes(subject))
      .map((subject) => ({ ...about, subject, ...(clients === undefined ? {} : { peers: clients }) }));
  }
  const alone = (/** @type {readonly string[]} */ usual, /** @type {object} */ settings) =>
    (peers ?? usual).map((peer) => ({ program: scenario, peer, ...settings }));
  switch (scenario) {
    case "growth":
      return alone(growthPeers, { entryCount: isQuick ? 500_000 : 5_000_000 });
    case "memory":
      return alone(peerIds, { entryCount: isQuick ? 100_000 : 1_000_000 });
    case "flooding":
      return alone(floodingPeers, { entryCount: isQuick ? 20_000 : 100_000 });
    case "gc":
      return alone(gcPeers, isQuick ? { entryCount: 300_000, seconds: 2 } : { entryCount: 5_000_000, seconds: 20 });
    case "loading":
      return [{ program: "loading", runnerCount: LOADING_RUNNER_COUNT }];
    case "tiers":
      return TIER_KEY_COUNTS.map((keyCount) => ({
        ...{ program: "tiers", subject: `${keyCount} keys`, keyCount, runnerCount: TIERS_RUNNER_COUNT },
      }));
    case "api":
      return apiSizes
        .filter((size) => chosenSizes.includes(size))
        .map((size) => ({
          ...{ program: "api", size, runnerCount: API_RUNNER_COUNT },
        }));
    default:
      return chosenSizes.map((size) => ({ program: "speed", scenario, size, peers: peers ?? peerIds }));
  }
}

/**
 * @param {string | undefined} text
 * @param {readonly string[]} known
 * @param {readonly string[]} [usual]
 */
function readList(text, known, usual = known) {
  if (text === undefined) return usual;
  const chosen = text.split(",");
  const unknown = chosen.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`There is no "${unknown}". Known: ${known.join(", ")}.`);
  return chosen;
}

/**
 * Subjects of the scenarios of the codec and of remote stores, each in an option of its own since their names have commas in them.
 *
 * @param {readonly string[] | undefined} named
 * @param {readonly string[] | undefined} usual
 */
function readSubjects(named, usual) {
  const known = [...Object.values(codecSubjects), ...Object.values(remoteSubjects)].flat();
  const unknown = named?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`There is no "${unknown}". Known: ${known.join("; ")}.`);
  return named ?? usual ?? known;
}

/** @param {string} text */
function readPeers(text) {
  const chosen = text.split(",");
  for (const id of chosen) findPeer(id);
  // Ratios need what they are relative to.
  return chosen.includes(REFERENCE_PEER) ? chosen : [...chosen, REFERENCE_PEER];
}

/**
 * @param {readonly string[] | undefined} named
 * @param {string | undefined} other
 */
function readNodes(named, other) {
  if (named !== undefined) return named;
  return other === undefined || other === "" ? [process.execPath] : [process.execPath, other];
}

/**
 * @param {string} name
 * @param {string | undefined} text
 */
function readNumber(name, text) {
  if (text === undefined || text === "") return undefined;
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} must be a number above 0, not "${text}".`);
  return number;
}
