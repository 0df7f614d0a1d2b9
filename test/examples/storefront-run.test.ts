import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type ExampleProcess, isGoneWithin, isRunning, startExample } from "./example-process.ts";

const RUN = "storefront/run.mjs";
/** Any free port: the tests must not meet a run that somebody is watching. */
const ANY_PORT = "0";
const NODE_LINE = /Node (http:\S+)\/ \(pid (\d+)\)/;
/** A line of numbers, so traffic is flowing. */
const TRAFFIC_LINE = /requests\/s {2}hit ratio/;

const started: ExampleProcess[] = [];
const nodePids: number[] = [];

function startRun(env: Readonly<Record<string, string>>): ExampleProcess {
  const run = startExample(RUN, { RUN_PORT: ANY_PORT, ...env });
  started.push(run);
  return run;
}

async function nodeOf(run: ExampleProcess): Promise<{ url: string; pid: number }> {
  const [, url, pid] = await run.waitFor(NODE_LINE);
  nodePids.push(Number(pid));
  return { url: url as string, pid: Number(pid) };
}

afterEach(() => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
  for (const pid of nodePids.splice(0)) if (isRunning(pid)) process.kill(pid, "SIGKILL");
});

describe("the storefront run", () => {
  it("ends by itself after RUN_SECONDS with a summary of real traffic", async () => {
    const run = startRun({ RUN_SECONDS: "3" });
    const { pid } = await nodeOf(run);
    const { code, stdout, stderr } = await run.ended;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(numberAfter(stdout, "requests:")).toBeGreaterThan(50);
    expect(numberAfter(stdout, "hit ratio:")).toBeGreaterThan(0);
    expect(numberAfter(stdout, "price changes:")).toBeGreaterThan(0);
    expect(stdout).toMatch(/stale reads: +0 of [0-9,]+ reads of changed products/);
    expect(stdout).toContain("Summary (latencies while warming up)");
    expect(stdout).toMatch(/failed: +0 requests/);
    expect(stdout).toMatch(/without cache: +p50 [0-9.]+ ms/);
    expect(isRunning(pid)).toBe(false);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("stops cleanly on %s and leaves no node behind", async (signal) => {
    const run = startRun({});
    const { pid } = await nodeOf(run);
    await run.waitFor(TRAFFIC_LINE);
    run.child.kill(signal);
    const { code, stdout, stderr } = await run.ended;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("Summary");
    expect(stdout).not.toContain("was killed");
    expect(isRunning(pid)).toBe(false);
  });

  it("stops before the node listens when it is told to that early", async () => {
    const run = startRun({});
    await run.waitFor(/Starting a node/);
    run.child.kill("SIGINT");
    const { code, stdout, stderr } = await run.ended;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).not.toMatch(NODE_LINE);
  });

  it("chooses another port when the wanted one is busy, and says so", async () => {
    const occupant = createServer().listen(0, "127.0.0.1");
    await once(occupant, "listening");
    const { port } = occupant.address() as AddressInfo;
    try {
      const run = startRun({ RUN_PORT: String(port), RUN_SECONDS: "1" });
      const { url } = await nodeOf(run);
      const { code, stdout } = await run.ended;
      const chosenPort = new URL(url).port;
      expect(code).toBe(0);
      expect(chosenPort).not.toBe(String(port));
      expect(stdout).toContain(`Port ${port} is busy; the node listens on port ${chosenPort} instead.`);
    } finally {
      occupant.close();
    }
  });

  it("fails with a message when the node dies", async () => {
    const run = startRun({});
    const { pid } = await nodeOf(run);
    await run.waitFor(TRAFFIC_LINE);
    process.kill(pid, "SIGKILL");
    const { code, stderr } = await run.ended;
    expect(code).toBe(1);
    expect(stderr).toContain("The node ended unexpectedly: it was ended by SIGKILL.");
  });

  it("leaves no node behind even when it is killed itself", async () => {
    const run = startRun({});
    const { pid } = await nodeOf(run);
    await run.waitFor(TRAFFIC_LINE);
    run.child.kill("SIGKILL");
    await run.ended;
    expect(await isGoneWithin(pid, 10_000)).toBe(true);
  });

  it.each([
    { RUN_SECONDS: "soon" },
    { RUN_SECONDS: "0" },
    { RUN_SECONDS: "-3" },
    { RUN_PORT: "65536" },
    { RUN_PORT: "http" },
  ])("refuses %o with exit code 2 and a message that names it", async (env) => {
    const [name, value] = Object.entries(env)[0] as [string, string];
    const { code, stdout, stderr } = await startRun(env).ended;
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(`${name} is "${value}"`);
    expect(stderr).toContain(`for example ${name}=`);
  });
});

/** The first number of a summary line. */
function numberAfter(summary: string, label: string): number {
  const match = new RegExp(`${label} +([0-9.,]+)`).exec(summary);
  if (match === null) throw new Error(`There is no "${label}" in:\n${summary}`);
  return Number((match[1] as string).replaceAll(",", ""));
}
