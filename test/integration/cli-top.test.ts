import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { splitKeys } from "../../src/cli/process-terminal.ts";
import { type CliSetting, cli, type StartedCli, startCli } from "./cli-harness.ts";
import { type RunningNode, startTestNode } from "./node-harness.ts";

const ENTER = "\u001b[?1049h";
const LEAVE = "\u001b[?25h\u001b[?1049l";

let node: RunningNode;
beforeEach(async () => {
  node = await startTestNode();
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

function top(setting: CliSetting = {}, ...more: string[]): StartedCli {
  const env = { GOCACHEX_NODE: `127.0.0.1:${node.node.port}`, NO_COLOR: "1", ...setting.env };
  return startCli(["top", "--interval", "50ms", ...more], { isTTY: true, ...setting, env });
}

/** The terminal was taken once, given back at the very end, and nothing listens to it any more. */
async function expectGivenBack(started: StartedCli, exitCode: number): Promise<void> {
  const run = await started.done;
  expect(run.exitCode).toBe(exitCode);
  expect(run.stdout.startsWith(ENTER)).toBe(true);
  expect(run.stdout.endsWith(LEAVE)).toBe(true);
  expect(run.stdout.split(LEAVE)).toHaveLength(2);
  expect(started.isHoldingTerminal()).toBe(false);
}

describe("gocachex top", () => {
  it("shows the rates of a node on a screen of its own until q, and gives the terminal back", async () => {
    const started = top();
    await expect.poll(started.stdout, { timeout: 20_000 }).toContain("q quits");
    expect(started.isHoldingTerminal()).toBe(true);
    const writing = setInterval(() => void node.cache.set("k", 1), 5);
    await expect.poll(started.stdout, { timeout: 20_000 }).toMatch(/sets +[1-9][\d.]*\/s/);
    clearInterval(writing);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal.
    expect(started.stdout()).not.toMatch(/\u001b\[3[0-9]m/);
    started.press("q");
    await expectGivenBack(started, 0);
  });

  it.each(["\u0003", "\u0004", "\u001b", "Q"])("ends at the key %j", async (key) => {
    const started = top();
    await expect.poll(started.stdout, { timeout: 20_000 }).toContain("q quits");
    started.press("\u001b[A");
    started.press(key);
    await expectGivenBack(started, 0);
  });

  it("ends when it is interrupted, and when the keyboard is closed", async () => {
    for (const end of ["interrupt", "closeKeyboard"] as const) {
      const started = top();
      await expect.poll(started.stdout, { timeout: 20_000 }).toContain("q quits");
      started[end]();
      await expectGivenBack(started, 0);
    }
  });

  it("draws everything anew after a resize, and fits", async () => {
    const started = top({ size: { columns: 120, rows: 40 } });
    await expect.poll(started.stdout, { timeout: 20_000 }).toContain("tier");
    const before = started.stdout().length;
    started.resize({ columns: 30, rows: 5 });
    await expect.poll(() => started.stdout().slice(before), { timeout: 20_000 }).toContain("more lines");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what moves the cursor is no text.
    const sequences = /\u001b\[[\d;?]*[A-Za-z]/g;
    const text = started.stdout().slice(before).replaceAll(sequences, "\n");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(30);
    started.press("q");
    await expectGivenBack(started, 0);
  });

  it("holds still and goes on at the space bar", async () => {
    const started = top();
    await expect.poll(started.stdout, { timeout: 20_000 }).toContain("q quits");
    started.press(" ");
    await expect.poll(started.stdout, { timeout: 20_000 }).toContain("paused");
    const asked = started.stdout().length;
    started.press(" ");
    await expect.poll(() => started.stdout().slice(asked), { timeout: 20_000 }).toContain("q quits");
    started.press("q");
    await expectGivenBack(started, 0);
  });

  it("says that the node is away, and goes on when it is back", async () => {
    const { port } = node.node;
    const started = top();
    await expect.poll(started.stdout, { timeout: 20_000 }).toContain("q quits");
    await node[Symbol.asyncDispose]();
    await expect.poll(started.stdout, { timeout: 20_000 }).toContain("no answer:");
    const asked = started.stdout().length;
    node = await startTestNode({ port });
    await expect.poll(() => started.stdout().slice(asked), { timeout: 20_000 }).toContain("up, answers in");
    started.press("q");
    await expectGivenBack(started, 0);
  });

  it("never takes the terminal when the first answer does not come, and gives it back when drawing fails", async () => {
    const { port } = node.node;
    await node[Symbol.asyncDispose]();
    const gone = await cli(["top", "--node", `127.0.0.1:${port}`], { isTTY: true });
    expect(gone).toMatchObject({ exitCode: 4, stdout: "" });
    node = await startTestNode();
    const cut = top({ brokenAfter: 3 });
    expect((await cut.done).exitCode).toBe(0);
  });

  it("prints a frame where no terminal is, and a document with --json", async () => {
    const env = { GOCACHEX_NODE: `127.0.0.1:${node.node.port}` };
    const frame = await cli(["top", "-i", "50ms"], { env });
    expect(frame.exitCode).toBe(0);
    expect(frame.stdout).toMatch(/^gocachex top {2}127/);
    expect(frame.stdout).not.toContain("\u001b");
    const dumb = await cli(["top", "-i", "50ms"], { env: { ...env, TERM: "dumb" }, isTTY: true });
    expect(dumb.stdout).not.toContain("\u001b");
    const document = await cli(["top", "-i", "50ms", "--json"], { env, isTTY: true });
    expect(JSON.parse(document.stdout)).toMatchObject({
      rates: { reads: 0 },
      stats: { hits: 0 },
      health: { status: "up" },
      live: { latency: null, operations: [], loads: { breaker: null }, servers: [], hotKeys: { isWatching: true } },
    });
  });

  it("shows what the node streams: latencies, breakers and the keys that are read most", async () => {
    const started = top({ size: { columns: 100, rows: 40 } });
    await expect.poll(started.stdout, { timeout: 20_000 }).toContain("q quits");
    const reading = setInterval(() => {
      for (let count = 0; count < 3; count += 1) void node.cache.get("hot:key");
      void node.cache.namespace("shop").get("warm");
      void node.cache.getOrSet("loaded", () => new Promise<number>((resolve) => setTimeout(() => resolve(1), 20)), {
        ttl: 30,
      });
    }, 10);
    const shows = (words: RegExp): Promise<void> => expect.poll(started.stdout, { timeout: 20_000 }).toMatch(words);
    await shows(/hot keys, all reads counted +of reads +hits/);
    await shows(/hot:key +\d\d\.\d % +0\.0 %/);
    await shows(/shop warm +\d\d\.\d %/);
    await shows(/loads +- +\d+\.\d+ ms/);
    clearInterval(reading);
    started.press("q");
    await expectGivenBack(started, 0);
    // Nobody watches any more: hits are not told of one by one.
    const isWatching = async (): Promise<boolean> => {
      const document = (await (await node.ask("/v1/live")).json()) as { hotKeys: { isWatching: boolean } };
      return document.hotKeys.isWatching;
    };
    await expect.poll(isWatching, { timeout: 20_000 }).toBe(false);
  });

  it("goes on without a stream where the node has no place for another watcher", async () => {
    const watchers = await Promise.all(
      Array.from({ length: 16 }, () => fetch(`${node.url}/v1/live`, { headers: { Accept: "text/event-stream" } })),
    );
    const env = { GOCACHEX_NODE: `127.0.0.1:${node.node.port}` };
    const document = await cli(["top", "-i", "50ms", "--json"], { env });
    expect(JSON.parse(document.stdout)).toMatchObject({ live: null, stats: { hits: 0 } });
    await Promise.all(watchers.map((watcher) => watcher.body?.cancel()));
  });

  it("works on a configuration", async () => {
    const run = await cli(["top", "-i", "50ms"], { env: { GOCACHEX_BACKEND: "memory" } });
    expect(run.stdout).toContain("gocachex top  configuration");
  });
});

describe("keys", () => {
  it("are told one by one, escape sequences whole", () => {
    expect(splitKeys("aq\u001b[A\u001b[1;5C\u001bOP\u001b")).toEqual([
      "a",
      "q",
      "\u001b[A",
      "\u001b[1;5C",
      "\u001bOP",
      "\u001b",
    ]);
  });
});
