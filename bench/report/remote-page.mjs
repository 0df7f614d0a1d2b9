import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MIN_CPU_RATIO } from "../measure.mjs";
import { formatMs, formatNs, GENERATED, markdownTable } from "./markdown-table.mjs";

/** @typedef {import("./report-data.mjs").ReportEntry} Entry */

const SCENARIO_TITLES = { redis: "Redis", memcached: "Memcached" };

const INTRODUCTION = `Our stores and clients beside other clients, over a real server that each job starts and stops.

- **One process and one server for a job** (an operation, a size, a number of callers), with all clients in it: they share the machine's state and the moment. Keys follow Zipf 0.99; each client has keys of its own.
- **Callers wait for their answer** before they ask again: \`c = 64\` are 64 of them. All clients hand out bytes (memcache and a plain cache with JSON: text) with a TTL on every write, and what they answer is held against what was written before anything is timed.
- **Rounds that alternate**: 27 short ones, each beginning with the next client. Ratios are taken round by round; the median is told, with quartiles. "calm" compares the quietest tenth of each one's rounds. CPU is the process's own time, all threads; "server" is the server's.
- **These numbers come from a machine of two cores that others used at the same time.** Wall time then says as much about the others as about us: look at ratios, at CPU, and at "calm" where the quartiles are far apart.
- *raw socket* and *raw meta pipeline* are the ceiling: some 60 lines that pipeline and can do nothing else. *bare* is node-redis's \`sendCommand\` without its deadline. *client* is our connection handling alone, *store* what a cache drives, *cache* is \`createCache\` with its codec and bookkeeping.
- **Large values are garbage, and garbage is collected when V8 likes**, also in the round of another client: with eleven of them in one process the rows of 10 KB and of single percentiles differ from run to run by a factor of two and more. Repeat such a row with the two or three clients it is about (\`--client\`). On the day of these numbers that gave, coherent GET of 10 KB at c = 64 to \`sendCommand\`, 1.05 and 0.96 where the table has 0.41; and for the p99 of a plain SET at c = 64 1.02, 0.79 and 2.10 where it has 4.63.
- **A single caller waits for the network**, so at c = 1 no client can be three times another: the raw socket itself is 1.5 to 1.8 times node-redis, and 1.1 times memjs.`;

const COMMAND =
  '```sh\nmake benchmark BENCH_ARGS="--scenario redis,memcached,sharding,routing,remote-soak"\nnode bench/run.mjs --scenario redis --subject "get, 100 B, c = 64" --client "store, plain" --client "node-redis sendCommand"\n```';

/**
 * Remote stores: clients side by side, sharding, and what a long run leaves behind.
 *
 * @param {string} folder
 * @param {import("./report-data.mjs").ReportData} data
 * @returns {string[]} the files that were written
 */
export function writeRemotePage(folder, { remote, sharding, routing, "remote-soak": soak }) {
  if (remote === undefined) return [];
  const sections = [
    GENERATED,
    "# Remote stores",
    INTRODUCTION,
    COMMAND,
    describeMachine(remote),
    ...Object.entries(SCENARIO_TITLES).flatMap(([scenario, title]) => clientSections(remote.entries, scenario, title)),
    ...(sharding === undefined ? [] : [shardingSection(sharding.entries)]),
    ...(routing === undefined ? [] : [routingSection(routing.entries)]),
    ...(soak === undefined ? [] : [soakSection(soak.entries)]),
  ];
  writeFileSync(join(folder, "remote-stores.md"), `${sections.join("\n\n")}\n`);
  return ["remote-stores.md"];
}

/** @param {import("./report-data.mjs").ReportPart} part */
function describeMachine({ machine, entries, isQuick }) {
  const days = [...new Set(entries.map(({ ranAt }) => ranAt.slice(0, 10)))].sort();
  const nodes = [...new Set(entries.map(({ node }) => node))];
  const versions = Object.entries(Object.assign({}, ...entries.map((entry) => entry["versions"] ?? {})));
  return [
    ...(isQuick ? ["**Made from a quick run, to try the report: these numbers mean nothing.**", ""] : []),
    `Measured ${days.join(" and ")} on ${machine.coreCount} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.platform}; Node ${nodes.join(" and ")}.`,
    `Versions: ${versions.map(([name, version]) => `${name} ${version}`).join(", ")}.`,
    `${entries.filter((entry) => entry["cpuRatio"] < MIN_CPU_RATIO).length} of ${entries.length} jobs got less than a CPU to themselves; a client that waits for its server uses less than one as well.`,
  ].join("\n");
}

/**
 * @param {readonly Entry[]} all
 * @param {string} scenario
 * @param {string} title
 */
function clientSections(all, scenario, title) {
  const entries = all.filter((entry) => entry.scenario === scenario);
  if (entries.length === 0) return [];
  return [`## ${title}`, `### ${title}: what is promised`, targetTable(entries), ...entries.map(clientSection)];
}

/** @param {readonly Entry[]} entries */
function targetTable(entries) {
  const rows = entries.flatMap(({ subject = "", targets }) =>
    targets.map((/** @type {any} */ target) => targetRow(subject, target)),
  );
  return markdownTable(["speed of one relative to the other", "wanted", "wall", "CPU", "calm", "met"], rows);
}

/**
 * @param {string} subject
 * @param {any} target see compare-clients.mjs
 */
function targetRow(subject, { of, to, ratio, wall, cpu, calm, isMet }) {
  const isPromised = ratio !== null;
  const bound = subject.startsWith("latency") ? "≤" : "≥";
  return [
    `${subject}: ${of} : ${to}`,
    isPromised ? `${bound} ${ratio}` : "",
    formatRatio(wall),
    cpu === null ? "" : formatRatio(cpu),
    calm.toFixed(2),
    isPromised ? (isMet ? "yes" : "no") : "",
  ];
}

/** @param {Entry} entry */
function clientSection(entry) {
  /** @type {[string, any][]} */
  const clients = Object.entries(entry["clients"]);
  const hasLatency = clients.some(([, { p99Ms }]) => p99Ms !== null);
  const rows = clients.map(([id, { wallNs, cpuNs, serverNs, p50Ms, p99Ms }]) => [
    id,
    formatNs(wallNs[0]),
    `${formatNs(wallNs[1])}–${formatNs(wallNs[2])}`,
    formatNs(cpuNs[0]),
    serverNs === null ? "–" : formatNs(serverNs[0]),
    ...(hasLatency ? [formatMs(p50Ms[0]), formatMs(p99Ms[0])] : []),
  ]);
  const head = ["", "ns", "quartiles", "CPU ns", "server CPU ns", ...(hasLatency ? ["p50 ms", "p99 ms"] : [])];
  const failures = entry["failures"].map((/** @type {any} */ { id, reason }) => `${id} took no part: ${reason}`);
  return [`### ${entry["scenario"]}: ${entry["subject"]}`, markdownTable(head, rows), ...failures].join("\n\n");
}

/** @param {readonly number[]} spread */
function formatRatio([median = 0, low = 0, high = 0]) {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

/** @param {readonly Entry[]} entries */
function shardingSection(entries) {
  const text = `A batch of 1,000 keys over eight servers. "Ratio" is the whole call over the slowest node's own time in that very call (wanted: ≤ 1.3). "By hand" are the eight calls without the sharded store. "Alone" is the slowest node when only it is asked: one process then has an eighth of the replies to read, so with servers on the same machine the batch cannot come near it.`;
  const head = ["", "whole ms", "slowest node ms", "ratio", "by hand ms", "ratio", "CPU ratio", "alone ms"];
  const rows = entries.map((entry) => [
    entry["subject"],
    formatMs(entry["shardedMs"]),
    formatMs(entry["slowestNodeMs"]),
    entry["ratio"].toFixed(2),
    formatMs(entry["byHandMs"]),
    entry["ratioToHand"].toFixed(2),
    entry["cpuRatioToHand"].toFixed(2),
    formatMs(entry["slowestAloneMs"]),
  ]);
  return `## Sharding\n\n${text}\n\n${markdownTable(head, rows)}`;
}

/** @param {readonly Entry[]} entries */
function routingSection(entries) {
  const text =
    "CPU time to find the node of a key of 25 characters among ten (wanted: under 200 ns), and the keys of the fullest node over the mean of a million keys, the worst of five ways to name the nodes (wanted at default settings: under 1.05). `ketama` is as uneven as libmemcached's, which it copies; `range` is even only with split points that fit the keys.";
  const rows = entries.flatMap((entry) =>
    Object.entries(entry["picks"]).map(([algorithm, medianNs]) => [
      algorithm,
      formatNs(/** @type {number} */ (medianNs)),
      Math.max(...Object.values(entry["shares"][algorithm])).toFixed(3),
    ]),
  );
  return `### Finding a node\n\n${text}\n\n${markdownTable(["algorithm", "ns", "fullest : mean"], rows)}`;
}

/** @param {readonly Entry[]} entries */
function soakSection(entries) {
  const text =
    "A million operations by 256 callers, a quarter of them writes of 100 B, and what the heap has grown by after collections. Then 10,000 callers for three seconds, and how late the event loop's timers were (1 ms of it is the resolution; wanted: p99 under 20 ms).";
  const head = [
    "",
    "operations",
    "heap growth, bytes",
    "outside the heap",
    "loop p50 ms",
    "loop p99 ms",
    "loop max ms",
  ];
  const rows = entries.map((entry) => [
    entry["subject"],
    entry["operationCount"].toLocaleString("en-US"),
    entry["heapGrowthBytes"].toLocaleString("en-US"),
    entry["externalGrowthBytes"].toLocaleString("en-US"),
    ...["loopDelayP50Ms", "loopDelayP99Ms", "loopDelayMaxMs"].map((name) => formatMs(entry[name])),
  ]);
  return `## Memory and the event loop\n\n${text}\n\n${markdownTable(head, rows)}`;
}
