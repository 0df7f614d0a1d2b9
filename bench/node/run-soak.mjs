// A day of requests in less time: a node from the built package, in front of a real Redis, is asked all that its HTTP API has, without a pause, by connections that come and go, while somebody
// watches its dashboard's stream, Prometheus scrapes, and the gRPC API is asked as well. Every 30 seconds the node says what memory is left after collections; a table is printed, and the
// growth of the second half. 864,000 requests are those of a day at 10 a second.
//
// SOAK_SECONDS       at least so long; default 1,200
// SOAK_REQUESTS      at least so many; default 864,000
// SOAK_CONNECTIONS   default 16
import { fork } from "node:child_process";
import { get } from "node:http";
import { connect } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import { quantile } from "../measure.mjs";
import { buildServers, SERVERS_VARIABLE, withServers } from "../remote/remote-servers.mjs";
import { SoakConnection } from "./soak-connection.mjs";
import { soakRequests } from "./soak-requests.mjs";

const MEMORY_EVERY_MS = 30_000;
const SCRAPE_EVERY_MS = 5_000;
const seconds = Number(process.env["SOAK_SECONDS"] ?? 1_200);
const requestCount = Number(process.env["SOAK_REQUESTS"] ?? 864_000);
const connectionCount = Number(process.env["SOAK_CONNECTIONS"] ?? 16);

process.env[SERVERS_VARIABLE] = await buildServers();
await withServers("redis", 1, async ([redis]) => {
  const script = fileURLToPath(new URL("./soak-server-process.mjs", import.meta.url));
  const child = fork(script, [`127.0.0.1:${redis?.port}`], {
    execArgv: ["--expose-gc"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const { port, grpcPort } = await new Promise((resolve, reject) => {
    child.once("message", resolve).once("exit", (code) => reject(new Error(`The node ended with ${code}.`)));
  });
  try {
    await soak(child, port, grpcPort);
  } finally {
    child.disconnect();
  }
});

/** @param {import("node:child_process").ChildProcess} child @param {number} port @param {number} grpcPort */
async function soak(child, port, grpcPort) {
  /** @type {Map<string, number>} */
  const statuses = new Map();
  let answerCount = 0;
  let isOver = false;
  const onAnswer = (/** @type {number} */ status) => {
    answerCount += 1;
    const kind = `${status}`;
    statuses.set(kind, (statuses.get(kind) ?? 0) + 1);
  };
  const nextRequest = soakRequests();
  const startedAt = performance.now();
  const run = async () => {
    while (!isOver) {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      // Each goes after a while, so that connections come and go as in a fleet.
      await new SoakConnection(socket, nextRequest, onAnswer).run(
        500 + Math.floor(Math.random() * 1_000),
        () => isOver,
      );
    }
  };
  const connections = Array.from({ length: connectionCount }, run);
  const watching = watchStream(port, () => isOver);
  const scraping = (async () => {
    while (!isOver) {
      await fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text());
      await sleep(SCRAPE_EVERY_MS);
    }
  })();
  const calling = callGrpc(grpcPort, () => isOver);
  const samples = [];
  console.log("| Minute | Requests | RSS, MB | Heap, MB | Buffers, MB | Handles |\n|---|---|---|---|---|---|");
  while (performance.now() - startedAt < seconds * 1_000 || answerCount < requestCount) {
    await sleep(MEMORY_EVERY_MS);
    child.send("memory");
    const { rss, heapUsed, external, handleCount } = await new Promise((resolve) => child.once("message", resolve));
    samples.push({ rss, heapUsed, external });
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
    const mb = (/** @type {number} */ bytes) => (bytes / 2 ** 20).toFixed(1);
    console.log(`| ${minutes} | ${answerCount} | ${mb(rss)} | ${mb(heapUsed)} | ${mb(external)} | ${handleCount} |`);
  }
  isOver = true;
  const eventCount = await watching;
  await Promise.all([...connections, scraping]);
  const { callCount, failureCount } = await calling;
  const half = samples.slice(Math.floor(samples.length / 2));
  const growth = (/** @type {"rss" | "heapUsed" | "external"} */ name) => {
    const first = half.slice(0, Math.ceil(half.length / 2)).map((sample) => sample[name]);
    const last = half.slice(Math.floor(half.length / 2)).map((sample) => sample[name]);
    return ((quantile(last, 0.5) - quantile(first, 0.5)) / 2 ** 20).toFixed(2);
  };
  const took = (performance.now() - startedAt) / 1_000;
  console.log(`\n${answerCount} requests in ${took.toFixed(0)} s, ${(answerCount / took).toFixed(0)} a second.`);
  console.log(`Answers by status: ${[...statuses].map(([status, count]) => `${status}: ${count}`).join(", ")}.`);
  console.log(
    `Calls of the gRPC API: ${callCount}, and ${failureCount} that failed; events of the stream: ${eventCount}.`,
  );
  console.log(
    `From the third quarter to the last, medians, in MB: RSS ${growth("rss")}, heap ${growth("heapUsed")}, buffers ${growth("external")}.`,
  );
}

/** Gets keys over gRPC, one after the other, by clients that come and go. @param {number} port @param {() => boolean} isOver @returns {Promise<{ callCount: number, failureCount: number }>} how many calls were answered, and how many with an error */
async function callGrpc(port, isOver) {
  let callCount = 0;
  let failureCount = 0;
  while (!isOver()) {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    for (let index = 0; index < 200 && !isOver(); index += 1) {
      const key = Buffer.from(`key:${index}`);
      // GetRequest { key = 2 }
      const message = Buffer.concat([Buffer.from([0x12, key.length]), key]);
      const same = (/** @type {Buffer} */ bytes) => bytes;
      const error = await new Promise((resolve) => {
        client.makeUnaryRequest("/gocachex.v1.Cache/Get", same, same, message, resolve);
      });
      if (error === null) callCount += 1;
      else failureCount += 1;
    }
    client.close();
  }
  return { callCount, failureCount };
}

/** Reads the stream of the dashboard until it is over. @param {number} port @param {() => boolean} isOver @returns {Promise<number>} how many events came */
function watchStream(port, isOver) {
  return new Promise((resolve, reject) => {
    let eventCount = 0;
    const request = get(
      { port, host: "127.0.0.1", path: "/v1/live", headers: { Accept: "text/event-stream" } },
      (response) => {
        response.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
          eventCount += text.split("\n\n").length - 1;
          if (isOver()) request.destroy();
        });
        response.on("close", () => resolve(eventCount)).on("error", () => undefined);
      },
    );
    request.on("error", (error) => (isOver() ? resolve(eventCount) : reject(error)));
  });
}
