// Runs the schedules of many seeds against the coherence of copies, as the sources have it, on virtual time. What fails is shortened and printed.
//
// Usage: node scripts/simulate.mjs [--from 0] [--seeds 100000] [--failures 3]
//        node scripts/simulate.mjs --scenarios [words of their names …]
//        node scripts/simulate.mjs --safeguards [--seeds 0] [--json] [words of their names …]
//
// Seeds are independent of each other: several processes take ranges of them. With --safeguards each of test/simulation/safeguards.ts is taken out of the sources, one at a time and
// in memory only, and the scenario that test/mutations/caught-safeguards.json names for it, or else the first other one, or else seed, that misses it is told.
import process from "node:process";
import { parseArgs } from "node:util";
import v8 from "node:v8";
import { importSource } from "./import-source.mjs";
import { MissedSafeguards } from "./missed-safeguards.mjs";

v8.setFlagsFromString("--max-semi-space-size=64");
v8.setFlagsFromString("--semi-space-growth-factor=8");
// Errors are made by the thousand, and nobody reads where.
Error.stackTraceLimit = 0;
const PROGRESS_MS = 10_000;
const SIMULATION = "test/simulation/simulation.ts";

const { values, positionals } = readArguments();
const from = readCount("from", values.from);
const wantedSeedCount = values.seeds === undefined ? undefined : readCount("seeds", values.seeds);

const run = values.safeguards ? missSafeguards : values.scenarios ? runScenarios : runMany;
process.exitCode = (await run()) ? 0 : 1;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        from: { type: "string", default: "0" },
        seeds: { type: "string" },
        failures: { type: "string", default: "3" },
        scenarios: { type: "boolean", default: false },
        safeguards: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return refuse(/** @type {Error} */ (error).message);
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function readCount(name, text) {
  return /^\d{1,15}$/.test(text) ? Number(text) : refuse(`--${name} must be a whole number, not "${text}".`);
}

/**
 * @param {string} reason
 * @returns {never}
 */
function refuse(reason) {
  console.error(`${reason}\nUsage: see the head of scripts/simulate.mjs.`);
  process.exit(2);
}

/** @returns {Promise<boolean>} whether no seed failed */
async function runMany() {
  const { runSeeds, describeSeed } = await importSource(SIMULATION);
  const startedAtMs = performance.now();
  let toldAtMs = startedAtMs;
  let toldCount = 0;
  const totals = await runSeeds(from, wantedSeedCount ?? 100_000, {
    maxFailures: readCount("failures", values.failures),
    onSeed(/** @type {import("../test/simulation/run-seeds.ts").SeedTotals} */ { seedCount, failures }) {
      const last = failures.at(-1);
      if (last !== undefined && failures.length > toldCount) console.error(`seed ${last.seed}: ${last.violation.rule}`);
      toldCount = failures.length;
      const nowMs = performance.now();
      if (nowMs - toldAtMs < PROGRESS_MS) return;
      toldAtMs = nowMs;
      console.error(`${seedCount} seeds, ${failures.length} failed, ${((nowMs - startedAtMs) / 1_000).toFixed(0)} s`);
    },
  });
  const { seedCount, eventCount, nearCount, farCount, middleCount, failures } = totals;
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  Error.stackTraceLimit = 20;
  for (const { seed } of failures) console.log(`${await describeSeed(seed)}\n`);
  const served = `${nearCount} reads served from copies, ${middleCount} by middle tiers, ${farCount} by the store`;
  console.log(
    `${seedCount} seeds from ${from} on in ${seconds} s: ${eventCount} events, ${served}; ${failures.length} failed`,
  );
  return failures.length === 0;
}

/** @returns {Promise<boolean>} whether each safeguard was missed */
async function missSafeguards() {
  const { SAFEGUARDS } = await importSource("test/simulation/safeguards.ts");
  const missed = new MissedSafeguards();
  const results = [];
  for (const safeguard of SAFEGUARDS) {
    if (positionals.length > 0 && !positionals.some((word) => safeguard.name.includes(word))) continue;
    const result = {
      name: safeguard.name,
      ...(await missed.miss(safeguard, { from, seedCount: wantedSeedCount ?? 0 })),
    };
    results.push(result);
    if (!values.json) console.log(`${result.by ?? "SURVIVED"}\n    without: ${result.name}  [${result.rule ?? ""}]`);
  }
  if (values.json) console.log(JSON.stringify(results));
  return results.every(({ by }) => by !== undefined);
}

/** @returns {Promise<boolean>} whether all came out right */
async function runScenarios() {
  const { SCENARIOS, runScenario, describeScenario } = await importSource(SIMULATION);
  let failureCount = 0;
  for (const scenario of SCENARIOS) {
    if (positionals.length > 0 && !positionals.some((word) => scenario.name.includes(word))) continue;
    const failure = await runScenario(scenario);
    if (failure === undefined) continue;
    failureCount += 1;
    console.log(`${scenario.name}\n${await describeScenario(scenario, failure.seed)}\n`);
  }
  console.log(`${SCENARIOS.length} scenarios, ${failureCount} failed`);
  return failureCount === 0;
}
