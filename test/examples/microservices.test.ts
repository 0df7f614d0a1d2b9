import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensurePrometheus } from "../../scripts/servers/ensure-prometheus.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { isGoneWithin, startExample } from "./example-process.ts";

let redis: TestServer;
let env: Record<string, string>;

beforeAll(async () => {
  redis = await startRedis();
  env = { REDIS_URL: `redis://${redis.host}:${redis.port}`, PROMETHEUS: ensurePrometheus().server };
});
afterAll(() => redis.stop());

/** What the example says at each label, in the order in which it does. */
function resultsOf(stdout: string): readonly (readonly [string, string])[] {
  return [...stdout.matchAll(/^ {2}( {0,2}[a-z].{59,61}) (.*)$/gm)].map(([, label = "", result = ""]) => [
    label.trim(),
    result,
  ]);
}

/** The tree of a trace: what it is below, by its indent, its name, its service, its kind. */
function spansOf(stdout: string): readonly string[] {
  return [...stdout.matchAll(/^ {2}([ │├└─]*)(\S+(?: \S+)?) +(\w+) +(SERVER|CLIENT|INTERNAL) +[\d.]+ ms$/gm)].map(
    ([, indent = "", name, service, kind]) => `${indent.length / 3} ${name} ${service} ${kind}`,
  );
}

/** Four processes start, each of which loads the package, its client and the SDK. */
const TIMEOUT_MS = 180_000;

it("the example of microservices is one trace across all of them, measured by Prometheus, and changes everywhere", {
  timeout: TIMEOUT_MS,
}, async () => {
  const { code, stdout, stderr } = await startExample("microservices/run.mjs", env).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const spans = spansOf(stdout);
  expect(spans.filter((span) => !span.includes("redis")).slice(0, 8)).toEqual([
    "0 GET /app/* gateway SERVER",
    "1 gocachex.load gateway INTERNAL",
    "2 GET gateway CLIENT",
    "3 GET /app/* catalog SERVER",
    "4 gocachex.load catalog INTERNAL",
    "5 GET catalog CLIENT",
    "6 GET /app/* pricing SERVER",
    "7 gocachex.load pricing INTERNAL",
  ]);
  for (const [place, service] of [
    ["1", "gateway"],
    ["4", "catalog"],
    ["7", "pricing"],
  ]) {
    expect(spans).toContain(`${place} get redis ${service} CLIENT`);
    expect(spans).toContain(`${place} set redis ${service} CLIENT`);
  }
  const ratio = expect.stringMatching(/^0\.\d{3}$/);
  expect(resultsOf(stdout)).toEqual([
    ["services, and a Prometheus that scrapes them", "3"],
    ["services, each asked by the one before", "true"],
    ["everything is below the request", "true"],
    ["each loads once", "true"],
    ["answered from the gateway's memory, which is no span", expect.stringMatching(/^\d+$/)],
    ["most of them are", "true"],
    ["for none is another service asked", "true"],
    ["hit ratio of gateway", ratio],
    ["which is what it says itself", "true"],
    ["hit ratio of catalog", ratio],
    ["which is what it says itself", "true"],
    ["hit ratio of pricing", ratio],
    ["which is what it says itself", "true"],
    ["over after ms, and shown to the first customer after ms", expect.stringMatching(/^\d+\.\d \d+\.\d$/)],
    ["no process can serve what was made of the old price", "true"],
    ["and that takes no longer than three times the bound", "true"],
    ["then every service says the new one", "true"],
    ["nobody who asked after that was shown the old one", "true"],
    ["nor anybody who had seen the new one", "true"],
    ["the page", "Product 7 custa 99"],
  ]);
});

it("the example of microservices ends with 1 and a word of what to do where there is no Prometheus", {
  timeout: TIMEOUT_MS,
}, async () => {
  const { code, stderr } = await startExample("microservices/run.mjs", { ...env, PROMETHEUS: "/nowhere/prometheus" })
    .ended;
  expect(code).toBe(1);
  expect(stderr).toContain("There is no /nowhere/prometheus. Install Prometheus");
});

it("the example of microservices stops all that it has started when it is told to end", {
  timeout: TIMEOUT_MS,
}, async () => {
  const example = startExample("microservices/run.mjs", env);
  await example.waitFor(/one trace, three services/);
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(example.child.pid)], { encoding: "utf8" });
  const pids = children.trim().split(/\s+/).map(Number);
  expect(pids.length).toBe(4);
  example.child.kill("SIGTERM");
  expect((await example.ended).code).toBe(1);
  expect(await Promise.all(pids.map((pid) => isGoneWithin(pid, 10_000)))).toEqual([true, true, true, true]);
});
