// Compares the memory engine with other libraries, side by side in one run. See docs/benchmarks/README.md.
//
// node run.mjs [--scenario a,b] [--size 10k,100k,1m] [--peers a,b] [--subject "json, small object"]... [--rounds 9]
//              [--client "store, plain"]... [--round-ms 120] [--quick] [--node <binary>] [--source <tree>] [--against <tree>] [--list]
//
// BENCH_SECONDS   measure for about so long in all: fewer scenarios, sizes and peers unless they are named
// BENCH_ROUNDS    as --rounds
// NODE24          a Node 24 binary: everything is measured with it as well

import process from "node:process";
import { buildEngine } from "./build-engine.mjs";
import { BUNDLE_VARIABLE, OTHER_BUNDLE_VARIABLE } from "./engine.mjs";
import { needsEngine, planJobs, readPlanOptions } from "./plan.mjs";
import { printJob } from "./print-results.mjs";
import { remotePrograms } from "./remote/remote-scenarios.mjs";
import { buildServers, SERVERS_VARIABLE } from "./remote/remote-servers.mjs";
import { describeMachine, openResults } from "./result-file.mjs";
import { runJob } from "./run-job.mjs";

const options = readPlanOptions(process.argv.slice(2), process.env);
const jobs = planJobs(options);
if (options.isList) {
  for (const job of jobs) console.log(JSON.stringify(job));
  process.exit(0);
}
if (jobs.some(needsEngine)) process.env[BUNDLE_VARIABLE] = await buildEngine(options.source);
if (jobs.some(({ program }) => remotePrograms.includes(program) || program === "tiers"))
  process.env[SERVERS_VARIABLE] = await buildServers();
if (options.against !== undefined) process.env[OTHER_BUNDLE_VARIABLE] = await buildEngine(options.against, "other");

console.log(
  `${jobs.length} jobs, ${options.roundCount} rounds; ns per operation, lower is better; in brackets the speed relative to lru-cache, higher is better (the codec: time relative to the bare library, lower is better; remote stores: quartiles, and below them the speed of one relative to another)`,
);
const machine = describeMachine();
const done = [];
const isQuick = options.isQuick || options.seconds !== undefined || options.against !== undefined;
const results = openResults({ machine, isQuick });
for (const node of options.nodes) {
  for (const job of jobs) {
    const outcome = await runJob(node, job);
    done.push(outcome);
    printJob(outcome);
    // After each, so that a run that is cut off is not lost.
    results.write({ jobs: done, isComplete: false });
  }
}
results.write({ jobs: done, isComplete: true });
console.log(`\nwritten to ${results.file}`);
const failed = done.filter(({ error, result }) => error !== undefined || (result.failures?.length ?? 0) > 0);
if (failed.length > 0) {
  console.error(`${failed.length} of ${done.length} jobs failed.`);
  process.exitCode = 1;
}
