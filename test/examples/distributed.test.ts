import { afterAll, beforeAll, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { startExample } from "./example-process.ts";

let redis: TestServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** What the example says at each label, in the order in which it does. */
function resultsOf(stdout: string): readonly (readonly [string, string])[] {
  return [...stdout.matchAll(/^ {2}(\S.{61}) (.*)$/gm)].map(([, label = "", result = ""]) => [label.trim(), result]);
}

it("the distributed example keeps its bound while a process is killed and another is cut off, and ends in agreement", async () => {
  const url = `redis://${redis.host}:${redis.port}`;
  const { code, stdout, stderr } = await startExample("distributed/main.mjs", { REDIS_URL: url }).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(resultsOf(stdout)).toEqual([
    ["3 processes, each linked with the others", "true"],
    ["200 writes, each seen by both others after ms: median, p99", expect.stringMatching(/^\d+\.\d \d+\.\d$/)],
    ["coherent, within the bound", "true true"],
    ["the others read", "10 10"],
    ["a write waits for the end of its lease: coherent, in time", "true true"],
    ["then nobody waits for it", "true"],
    ["health of the others", expect.stringMatching(/^degraded \(redis\/\S+ up, memory copies degraded\)$/)],
    ["it comes back, as another node", "true"],
    ["and is waited for again: coherent, it reads", "true 13"],
    ["it may still say", "13"],
    ["it served that for no longer than the bound", "true"],
    ["a write elsewhere is certain: coherent, within the bound", "true true"],
    ["and by then the old value was served no more", "true"],
    ["the others read", "99 99"],
    ["there, getOrSet answers from its loader", "from the source"],
    ["its health", expect.stringMatching(/^down \(redis\/\S+ down, memory copies degraded\)$/)],
    ["health of the others", expect.stringMatching(/^degraded \(redis\/\S+ up, memory copies degraded\)$/)],
    ["when it is back it reads", "99"],
    ['all are linked again, and ack "all" is quick', "true"],
    ["everybody reads", "100 100 100"],
    ["copies can be proven current", "true"],
    ["probes, and how many were not answered", expect.stringMatching(/^\d+ \d+$/)],
    ["messages received, and times that some may have been missed", expect.stringMatching(/^\d+ \d+$/)],
    ["other nodes, by each way", "grpc connected, grpc connected, redis connected, redis connected"],
  ]);
});
