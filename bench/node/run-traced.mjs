// What traces cost a request of a node: GETs of 100-byte values from a memory cache, whose requests are spans where they are traced. Servers are processes of their own, loaded in turn from
// this one, which also receives the spans. CPU time of the server, for it says the same on a machine that others keep busy as well.
//
// Usage: node bench/node/run-traced.mjs [--rounds 11] [--requests 3000] [--before <checkout>]
import { fork } from "node:child_process";
import { createServer } from "node:http";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { bundleSources } from "../bundle-sources.mjs";
import { quantile } from "../measure.mjs";
import { loadServer } from "./keep-alive-load.mjs";

const EXPORTS = { createCache: "src/create-cache.ts", startNode: "src/server/node.ts" };
const TRACE = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

/** `sampleRate`: `undefined`, tracing is off; `header`: of each request. */
const WAYS = {
  before: {},
  off: {},
  "off, requests carry a trace": { header: `${TRACE}-01\r\n` },
  "on, not sampled": { sampleRate: 0 },
  "on, requests carry one that is not sampled": { sampleRate: 1, header: `${TRACE}-00\r\n` },
  "on, recorded and sent": { sampleRate: 1 },
};

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "11" },
    requests: { type: "string", default: "3000" },
    before: { type: "string" },
    way: { type: "string" },
    file: { type: "string" },
    endpoint: { type: "string" },
  },
});
if (values.way === undefined) await compare(Number(values.rounds), Number(values.requests), values.before);
else await serve(WAYS[values.way], values.file, values.endpoint);

/** One of the servers. */
async function serve({ sampleRate }, file, endpoint) {
  const { createCache, startNode } = await import(file);
  const cache = createCache(sampleRate === undefined ? {} : { tracing: { enabled: true, endpoint, sampleRate } });
  await cache.set("key", Buffer.alloc(100, "v"));
  const { port } = await startNode({ cache, port: 0 });
  process.on("message", () => process.send?.(process.cpuUsage()));
  process.on("disconnect", () => process.exit(0));
  process.send?.({ port });
}

/** Loads each server in turn and prints medians with quartiles. */
async function compare(rounds, requestCount, before) {
  const receiver = createServer((request, response) => void request.resume().on("end", () => response.end()));
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", () => resolve(undefined)));
  const endpoint = `http://127.0.0.1:${receiver.address().port}`;
  const now = await bundleSources(EXPORTS, "node-traced");
  const files = { before: before && (await bundleSources(EXPORTS, "node-traced-before", before)) };
  const servers = [];
  for (const way of Object.keys(WAYS).filter((each) => each !== "before" || before !== undefined)) {
    const file = pathToFileURL(files[way] ?? now).href;
    const child = fork(fileURLToPath(import.meta.url), ["--way", way, "--file", file, "--endpoint", endpoint]);
    const { port } = await new Promise((resolve) => child.once("message", resolve));
    servers.push({ way, child, port, costsUs: [] });
  }
  // The first two rounds of each warm the servers up.
  for (let round = -2; round < rounds; round += 1) {
    for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
      const costUs = await costOf(server, requestCount);
      if (round >= 0) server.costsUs.push(costUs);
    }
  }
  for (const { way, child, costsUs } of servers) {
    const at = (ratio) => quantile(costsUs, ratio).toFixed(1);
    console.log(`${way.padEnd(44)} ${at(0.5)} µs (${at(0.25)}–${at(0.75)})`);
    child.disconnect();
  }
  receiver.closeAllConnections();
  receiver.close();
}

async function costOf({ way, child, port }, requestCount) {
  const request = `GET /v1/keys/key HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${WAYS[way].header ?? ""}\r\n`;
  const beforeUs = await cpuTimeUs(child);
  let answered = 0;
  while (answered < requestCount) {
    const { answerCount } = await loadServer({ port, connectionCount: 8, durationMs: 250, nextRequest: () => request });
    answered += answerCount;
  }
  return ((await cpuTimeUs(child)) - beforeUs) / answered;
}

/** CPU time that a server has had so far, in µs. */
async function cpuTimeUs(child) {
  child.send("cpu");
  const { user, system } = await new Promise((resolve) => child.once("message", resolve));
  return user + system;
}
