// How many GETs of 100-byte values a node answers over loopback, beside a server of node:http alone that answers the same bytes. The
// servers are processes of their own and are loaded in turn, from this process; the ratio is that of each pair of rounds, and its median
// is what counts.
//
// BENCH_SECONDS       how long a round runs; default 2
// BENCH_ROUNDS        rounds of each server, at least 9; default 11
// BENCH_CONNECTIONS   kept connections; default 16
// BENCH_TOKEN         a token that the node then asks for and the load sends; default none
import { fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleSources } from "../bundle-sources.mjs";
import { quantile } from "../measure.mjs";
import { loadServer } from "./keep-alive-load.mjs";

const durationMs = Number(process.env["BENCH_SECONDS"] ?? 2) * 1_000;
const roundCount = Math.max(9, Number(process.env["BENCH_ROUNDS"] ?? 11));
const connectionCount = Number(process.env["BENCH_CONNECTIONS"] ?? 16);
const token = process.env["BENCH_TOKEN"];
const KEY_COUNT = 1_000;
const VALUE_BYTES = 100;

const bundle = await bundleSources(
  { createCache: "src/create-cache.ts", startNode: "src/server/node.ts" },
  "node-server",
);

/** @param {"bare" | "node"} kind */
async function startServer(kind) {
  const script = fileURLToPath(new URL("./http-server-process.mjs", import.meta.url));
  const child = fork(script, [kind, pathToFileURL(bundle).href, String(VALUE_BYTES)]);
  const { port } = await new Promise((resolve, reject) => {
    child.once("message", resolve).once("exit", (code) => reject(new Error(`${kind} ended with ${code}.`)));
  });
  return { kind, port, child };
}

/** CPU time that a server has had so far, in µs. @param {import("node:child_process").ChildProcess} child */
async function cpuTimeUs(child) {
  child.send("cpu");
  const { user, system } = await new Promise((resolve) => child.once("message", resolve));
  return user + system;
}

const requests = Array.from({ length: KEY_COUNT }, (_, index) => {
  const authorization = token === undefined ? "" : `Authorization: Bearer ${token}\r\n`;
  return `GET /v1/keys/key%3A${index} HTTP/1.1\r\nHost: 127.0.0.1:7411\r\n${authorization}\r\n`;
});
let sentCount = 0;
const nextRequest = () => /** @type {string} */ (requests[sentCount++ % KEY_COUNT]);

const servers = [await startServer("bare"), await startServer("node")];
/** @type {Record<string, number[]>} */
const rates = { bare: [], node: [] };
/** CPU time per request, in µs: it says the same on a machine that others keep busy as well. @type {Record<string, number[]>} */
const costs = { bare: [], node: [] };
try {
  // The first two rounds of each warm the servers up.
  for (let round = -2; round < roundCount; round += 1) {
    // Who is first changes: what the machine does beside is then not always the same one's.
    for (const { kind, port, child } of round % 2 === 0 ? servers : servers.toReversed()) {
      const cpuBeforeUs = await cpuTimeUs(child);
      const { requestsPerSecond, answerCount, failureCount } = await loadServer({
        port,
        connectionCount,
        durationMs,
        nextRequest,
      });
      if (failureCount > 0) throw new Error(`${failureCount} answers of ${kind} were no success.`);
      const costUs = ((await cpuTimeUs(child)) - cpuBeforeUs) / answerCount;
      if (round < 0) continue;
      rates[kind]?.push(requestsPerSecond);
      costs[kind]?.push(costUs);
    }
  }
} finally {
  for (const { child } of servers) child.disconnect();
}

const costOf = (/** @type {string} */ kind) => quantile(costs[kind] ?? [], 0.5);
const bare = /** @type {number[]} */ (rates["bare"]);
const node = /** @type {number[]} */ (rates["node"]);
const ratios = node.map((rate, index) => rate / /** @type {number} */ (bare[index]));
const show = (/** @type {readonly number[]} */ values) => Math.round(quantile(values, 0.5)).toLocaleString("en-US");
console.log(`bare node:http   ${show(bare)} requests/s (median of ${bare.length} rounds)`);
console.log(`cache node       ${show(node)} requests/s`);
console.log(
  `ratio            ${(100 * quantile(ratios, 0.5)).toFixed(1)} % (pairs: ${(100 * quantile(ratios, 0)).toFixed(1)} to ${(100 * quantile(ratios, 1)).toFixed(1)} %)`,
);
console.log(
  `CPU per request  ${costOf("bare").toFixed(1)} µs and ${costOf("node").toFixed(1)} µs: ${((100 * costOf("bare")) / costOf("node")).toFixed(1)} %`,
);
