// How many unary Gets of 100-byte values a second the gRPC API of a node answers, against a bare server of the same library that answers with as many bytes. Each server is
// a process; the client is this one; both servers are asked in turn, so that what else runs on the machine meets both. Where much else runs, calls a second say little: then the
// processor time that a server takes for a call says what it could answer alone.
//
// BENCH_ROUNDS    rounds, each with both servers; default 15
// BENCH_COUNT     calls of each in a round; default 20,000
// BENCH_CALLS     calls at a time; default 64
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleSources } from "../bundle-sources.mjs";
import { quantile } from "../measure.mjs";

const rounds = Number(process.env.BENCH_ROUNDS ?? 15);
const count = Number(process.env.BENCH_COUNT ?? 20_000);
const calls = Number(process.env.BENCH_CALLS ?? 64);

/** GetRequest { key: "key:0001" } */
const REQUEST = Buffer.concat([Buffer.from([0x12, 8]), Buffer.from("key:0001")]);
/** GetResponse { value: { data: 100 bytes, kind: CONTENT_KIND_BYTES } } */
const ANSWER = Buffer.concat([Buffer.from([0x0a, 104, 0x0a, 100]), Buffer.alloc(100, "x"), Buffer.from([0x10, 2])]);

const require = createRequire(import.meta.url);
const libraryFile = require.resolve("@grpc/grpc-js");
const grpc = require(libraryFile);
const bundle = pathToFileURL(
  await bundleSources({ createCache: "src/create-cache.ts", startGrpcApi: "src/server/grpc/grpc-api.ts" }, "grpc-api"),
).href;

/** @param {"api" | "echo"} kind */
async function startServer(kind) {
  const script = fileURLToPath(new URL("./grpc-server-process.mjs", import.meta.url));
  const child = fork(script, [kind, bundle, libraryFile, ANSWER.toString("hex")]);
  const [port] = await once(child, "message");
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const path = kind === "api" ? "/gocachex.v1.Cache/Get" : "/bench.Echo/Get";
  return { child, client, path };
}

/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */

const asIs = (/** @type {Buffer} */ message) => message;

/** @param {Server} server @param {(answer: Buffer) => void} done */
function callOnce({ client, path }, done) {
  client.makeUnaryRequest(
    path,
    asIs,
    asIs,
    REQUEST,
    (/** @type {Error | null} */ error, /** @type {Buffer} */ answer) => {
      if (error !== null) throw error;
      done(answer);
    },
  );
}

/** @param {Server} server @returns {Promise<number>} processor time that the server took until now, in µs */
async function cpuOf({ child }) {
  child.send("cpu");
  const [{ user, system }] = await once(child, "message");
  return user + system;
}

/** @param {Server} server @returns {Promise<{ rate: number, cpuUs: number, p50Ms: number, p99Ms: number }>} */
async function measure(server) {
  const cpuBefore = await cpuOf(server);
  const startedAt = performance.now();
  let left = count;
  /** @type {number[]} */
  const times = [];
  const run = () =>
    new Promise((resolve) => {
      const next = () => {
        if (left === 0) return resolve(undefined);
        left -= 1;
        const sentAt = performance.now();
        callOnce(server, () => {
          times.push(performance.now() - sentAt);
          next();
        });
      };
      next();
    });
  await Promise.all(Array.from({ length: calls }, run));
  const rate = times.length / ((performance.now() - startedAt) / 1_000);
  const cpuUs = ((await cpuOf(server)) - cpuBefore) / times.length;
  return { rate, cpuUs, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

const servers = { api: await startServer("api"), echo: await startServer("echo") };
for (const server of Object.values(servers)) {
  await new Promise((resolve) => {
    callOnce(server, (answer) => {
      if (!answer.equals(ANSWER)) throw new Error("The servers do not answer with the same bytes.");
      resolve(undefined);
    });
  });
  // Compiled by the platform before anything counts.
  for (let round = 0; round < 3; round += 1) await measure(server);
}

/** @type {{ api: Awaited<ReturnType<typeof measure>>, echo: Awaited<ReturnType<typeof measure>>, ratio: number, cpuRatio: number }[]} */
const results = [];
for (let round = 0; round < rounds; round += 1) {
  const order = /** @type {const} */ (round % 2 === 0 ? ["api", "echo"] : ["echo", "api"]);
  /** @type {any} */
  const measured = {};
  for (const kind of order) measured[kind] = await measure(servers[kind]);
  const ratio = measured.api.rate / measured.echo.rate;
  const { api, echo } = measured;
  const cpuRatio = echo.cpuUs / api.cpuUs;
  results.push({ api, echo, ratio, cpuRatio });
  console.log(
    `round ${round + 1}: API ${api.rate.toFixed(0)}/s, bare ${echo.rate.toFixed(0)}/s, ${(100 * ratio).toFixed(1)} %; processor time ${api.cpuUs.toFixed(0)} and ${echo.cpuUs.toFixed(0)} µs a call, ${(100 * cpuRatio).toFixed(1)} %`,
  );
}
for (const { child, client } of Object.values(servers)) {
  client.close();
  child.kill();
}

const median = (/** @type {number[]} */ values) => quantile(values, 0.5);
const summary = {
  node: process.version,
  processors: `${cpus().length} × ${cpus()[0]?.model}`,
  rounds,
  count,
  calls,
  apiPerSecond: Math.round(median(results.map(({ api }) => api.rate))),
  barePerSecond: Math.round(median(results.map(({ echo }) => echo.rate))),
  medianRatio: Number(median(results.map(({ ratio }) => ratio)).toFixed(3)),
  worstRatio: Number(Math.min(...results.map(({ ratio }) => ratio)).toFixed(3)),
  bestRatio: Number(Math.max(...results.map(({ ratio }) => ratio)).toFixed(3)),
  apiCpuUs: Number(median(results.map(({ api }) => api.cpuUs)).toFixed(1)),
  bareCpuUs: Number(median(results.map(({ echo }) => echo.cpuUs)).toFixed(1)),
  medianCpuRatio: Number(median(results.map(({ cpuRatio }) => cpuRatio)).toFixed(3)),
  worstCpuRatio: Number(Math.min(...results.map(({ cpuRatio }) => cpuRatio)).toFixed(3)),
  apiP50Ms: Number(median(results.map(({ api }) => api.p50Ms)).toFixed(2)),
  bareP50Ms: Number(median(results.map(({ echo }) => echo.p50Ms)).toFixed(2)),
  apiP99Ms: Number(median(results.map(({ api }) => api.p99Ms)).toFixed(2)),
  bareP99Ms: Number(median(results.map(({ echo }) => echo.p99Ms)).toFixed(2)),
};
console.log(summary);
const folder = new URL("../../docs/benchmarks/data/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("node-grpc.json", folder), `${JSON.stringify(summary, null, 2)}\n`);
