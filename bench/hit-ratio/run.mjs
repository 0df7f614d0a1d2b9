// Hit ratios of our eviction policies, of other libraries and of Belady's optimum over recorded and generated traces.
//
//   node bench/hit-ratio/run.mjs [options]
//
// GOCACHEX_TRACES        the folder with the recorded traces; without it only the generated ones run
// --policies lru,sieve   these of our policies; default all; "none" for none
// --peers lru-cache      these other libraries, or "all"; default none
// --traces '^syn-'       only rows whose "name capacity" matches this pattern
// --seeds 5              runs each policy with 5 hash seeds and reports the median ratio; default 1
// --trace-seed 7         another draw of the generated traces
// --public               whole caches through the public API instead of bare policies, on rows of up to 2 million requests
// --check                ends with 1 when a ratio is further from the published one than its limit
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { importSource } from "../../scripts/import-source.mjs";
import { optimalHitCount } from "./optimum.mjs";
import { loadPeers, PEER_NAMES, replayPeer } from "./peers.mjs";
import { replayPublicCache } from "./public-cache.mjs";
import { hashesOf, replay } from "./replay.mjs";
import { headingLine, rowLine, summarize, summaryLines } from "./report.mjs";
import { loadTraces } from "./rows.mjs";

/** Whole caches are slower than bare policies: longer traces are left out. */
const PUBLIC_REQUEST_LIMIT = 2_000_000;

const { values: options } = parseArgs({
  options: {
    policies: { type: "string", default: "all" },
    peers: { type: "string", default: "none" },
    traces: { type: "string", default: "" },
    seeds: { type: "string", default: "1" },
    "trace-seed": { type: "string", default: "42" },
    public: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
  },
});

const { EVICTION_POLICY_NAMES, evictionPolicyFactory } = await importSource("src/memory/eviction/eviction-policies.ts");
const { createSeededRandom } = await importSource("src/foundation/random-source.ts");

const seedCount = positiveInteger("seeds", options.seeds);
const policies = chosen("policies", options.policies, EVICTION_POLICY_NAMES);
const { peers, missing: missingPeers } = await loadPeers(chosen("peers", options.peers, PEER_NAMES));
const names = [...policies, ...[...peers.keys()].map((name) => `peer:${name}`)];
const missingTraces = [];
const rows = [];
const startedAt = performance.now();

if (process.env.GOCACHEX_TRACES === undefined) {
  console.log("GOCACHEX_TRACES is not set: only the generated traces run.");
}
if (missingPeers.length > 0) console.log(`Not installed, left out: ${missingPeers.join(", ")}.`);
console.log(options.public ? "Whole caches, through the public API." : "Bare policies.");
console.log(headingLine(names));
const traces = loadTraces(new RegExp(options.traces), Number(options["trace-seed"]), (name) =>
  missingTraces.push(name),
);
for await (const trace of traces) {
  if (options.public && trace.keys.length > PUBLIC_REQUEST_LIMIT) continue;
  for (const { capacityCount, reference } of trace.rows) {
    const row = await measureRow(trace, capacityCount, reference);
    rows.push(row);
    console.log(rowLine(row, names));
  }
}
if (missingTraces.length > 0) console.log(`\nNo file, left out: ${missingTraces.join(", ")}.`);
if (rows.length === 0) throw new Error("No row was measured.");

const summaries = [...names, "optimum"].map((name) =>
  summarize(
    name === "optimum" ? rows.map((row) => ({ ...row, ratios: { ...row.ratios, optimum: row.optimum } })) : rows,
    name,
  ),
);
const durationMs = Math.round(performance.now() - startedAt);
for (const line of summaryLines(summaries)) console.log(line);
console.log(`\n${rows.length} rows in ${(durationMs / 1_000).toFixed(0)} s, ${writeResults()}`);
if (options.check && summaries.some(({ rowsOutsideTolerance }) => rowsOutsideTolerance.length > 0))
  process.exitCode = 1;

/** All contenders over one row. */
async function measureRow({ trace, keys, keyLimit }, capacityCount, reference) {
  const ratios = {};
  const nsPerRequest = {};
  const percent = (hitCount) => (100 * hitCount) / keys.length;
  const measure = async (name, hitCountOf) => {
    const begunAt = performance.now();
    ratios[name] = percent(await hitCountOf());
    nsPerRequest[name] = Math.round(((performance.now() - begunAt) * 1e6) / keys.length);
  };
  for (const name of policies) {
    await measure(name, () =>
      options.public
        ? replayPublicCache(name, keys, capacityCount)
        : medianHitCount((seed) => {
            const policy = evictionPolicyFactory(name)({ capacityCount, random: createSeededRandom(seed) });
            return replay(policy, keys, hashesOf(keyLimit, seed), capacityCount);
          }),
    );
  }
  for (const [name, create] of peers) await measure(`peer:${name}`, () => replayPeer(create(capacityCount), keys));
  const optimum = percent(optimalHitCount(keys, keyLimit, capacityCount));
  return { trace, capacityCount, requestCount: keys.length, ratios, optimum, reference, nsPerRequest };
}

/** The middle of what the seeds give; of an even number of them, the lower middle. */
function medianHitCount(hitCountOf) {
  const counts = Array.from({ length: seedCount }, (_, index) => hitCountOf(index + 1)).sort(
    (one, other) => one - other,
  );
  return counts[(counts.length - 1) >> 1];
}

/** @returns {string} where they are */
function writeResults() {
  const folder = new URL("../results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const name = `hit-ratio-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.json`;
  const results = { node: process.version, options, durationMs, missingTraces, missingPeers, summaries, rows };
  writeFileSync(new URL(name, folder), `${JSON.stringify(results, null, 2)}\n`);
  return `written to bench/results/${name}`;
}

function chosen(option, text, all) {
  if (text === "all") return [...all];
  if (text === "none") return [];
  const list = text.split(",");
  const unknown = list.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`--${option}: ${unknown.join(", ")} unknown; there are ${all.join(", ")}.`);
  return list;
}

function positiveInteger(option, text) {
  const number = Number(text);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${option}: ${text} is no positive integer.`);
  return number;
}
