import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CliSetting, cli, type StartedCli, startCli } from "./cli-harness.ts";
import { type RunningNode, startTestNode } from "./node-harness.ts";

const FAST = ["--interval", "50ms"];
let node: RunningNode;
let running: StartedCli[];
beforeEach(async () => {
  node = await startTestNode();
  running = [];
});
afterEach(async () => {
  for (const each of running) {
    each.interrupt();
    await each.done;
  }
  await node[Symbol.asyncDispose]();
});

function start(line: readonly string[], setting: CliSetting = {}): StartedCli {
  const started = startCli(line, { ...setting, env: { GOCACHEX_NODE: `127.0.0.1:${node.node.port}`, ...setting.env } });
  running.push(started);
  return started;
}

/** Waits until so many whole lines were printed, and parses them. */
async function documentsOf(started: StartedCli, count: number): Promise<Record<string, unknown>[]> {
  const linesNow = (): string[] => started.stdout().split("\n").slice(0, -1);
  await expect.poll(() => linesNow().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
  return linesNow().map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("gocachex watch", () => {
  it("prints what is there and each change of value, TTL and presence as a document", async () => {
    await node.cache.set("k", { a: 1 }, "1h");
    const started = start(["watch", "k", "none", "--json", ...FAST]);
    await documentsOf(started, 2);
    const { version } = await node.cache.set("k", Buffer.from("bytes"), "1h");
    await documentsOf(started, 3);
    await node.cache.expire("k", "5m");
    await documentsOf(started, 4);
    await node.cache.delete("k");
    await documentsOf(started, 5);
    await node.cache.set("none", 7n);
    const documents = await documentsOf(started, 6);
    expect(documents.map(({ key, event }) => [key, event])).toEqual([
      ["k", "present"],
      ["none", "absent"],
      ["k", "changed"],
      ["k", "ttl"],
      ["k", "gone"],
      ["none", "appeared"],
    ]);
    expect(documents[0]).toMatchObject({ value: { a: 1 }, type: "json", exact: true });
    expect(documents[2]).toMatchObject({ value: Buffer.from("bytes").toString("base64"), type: "bytes", version });
    expect(documents[3]).toMatchObject({ version, ttl: expect.closeTo(300_000, -4) });
    expect(documents[5]).toMatchObject({ value: "7", type: "bigint", ttl: "infinity" });
    expect(Date.parse(documents[0]?.["at"] as string)).toBeGreaterThan(Date.now() - 60_000);
    started.interrupt();
    expect(await started.done).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("asks a node for a value once, and from then on only whether there is another", async () => {
    await node.cache.set("k", "v");
    const started = start(["watch", "k", ...FAST]);
    await expect.poll(started.stdout, { timeout: 10_000 }).toContain("present");
    const hits = node.cache.stats().hits;
    await expect.poll(() => node.cache.stats().hits, { timeout: 10_000 }).toBeGreaterThan(hits + 3);
    expect(started.stdout().trim().split("\n")).toHaveLength(1);
  });

  it("shows a line of the width of the terminal, without what a terminal would obey", async () => {
    await node.cache.set("k\u001b[2J", `\u009b${"x".repeat(500)}`);
    const started = start(["watch", "k\u001b[2J", ...FAST], {
      isTTY: true,
      env: { NO_COLOR: "1" },
      size: { columns: 100, rows: 24 },
    });
    await expect.poll(started.stdout, { timeout: 10_000 }).toContain("present");
    expect(started.stdout()).toContain("k\\x1b[2J");
    expect(started.stdout()).not.toMatch(/[^\P{Cc}\n]/u);
    expect(started.stdout().length).toBeLessThan(140);
  });

  it("works on a configuration too", async () => {
    const started = start(["watch", "k", "--json", ...FAST], {
      env: { GOCACHEX_NODE: "", GOCACHEX_BACKEND: "memory" },
    });
    expect(await documentsOf(started, 1)).toMatchObject([{ key: "k", event: "absent" }]);
  });

  it("fails when the first look does, but goes on when the node is away later", async () => {
    const { port } = node.node;
    const address = `127.0.0.1:${port}`;
    await node.cache.set("k", 1);
    const started = start(["watch", "k", "--json", ...FAST]);
    await documentsOf(started, 1);
    await node[Symbol.asyncDispose]();
    await expect.poll(started.stderr, { timeout: 10_000 }).toContain("no answer, asking on");
    expect((await cli(["watch", "k", "--node", address])).exitCode).toBe(4);
    node = await startTestNode({ port });
    await expect.poll(started.stderr, { timeout: 10_000 }).toContain("answers again");
    expect((await documentsOf(started, 2))[1]).toMatchObject({ event: "gone" });
    expect(started.stderr().trim().split("\n")).toHaveLength(2);
  });

  it("refuses an interval that is none", async () => {
    for (const interval of ["0", "1ms", "x", "2d"])
      expect((await cli(["watch", "k", "--interval", interval])).exitCode).toBe(2);
  });
});

describe("--watch", () => {
  it("prints a value again when it was written again", async () => {
    await node.cache.set("k", "one", { tags: ["t"] });
    const started = start(["get", "k", "--watch", "50ms", "--json"]);
    await documentsOf(started, 1);
    await node.cache.set("k", "two");
    await documentsOf(started, 2);
    await node.cache.delete("k");
    expect(await documentsOf(started, 3)).toMatchObject([
      { value: "one", tags: ["t"] },
      { value: "two", tags: [] },
      { found: false },
    ]);
  });

  it("prints counters and health as documents until it is interrupted, which is no failure", async () => {
    for (const command of ["stats", "health"]) {
      const started = start([command, "--watch=50ms", "--json"]);
      const documents = await documentsOf(started, 3);
      expect(documents[0]).toHaveProperty(command === "stats" ? "hits" : "checks");
      started.interrupt();
      expect((await started.done).exitCode).toBe(0);
    }
  });

  it("draws in place on a terminal, and one after the other elsewhere", async () => {
    const onTerminal = start(["stats", "--watch", "50ms"], { isTTY: true });
    await expect
      .poll(() => onTerminal.stdout().split("\u001b[H\u001b[J").length, { timeout: 10_000 })
      .toBeGreaterThan(2);
    const piped = start(["stats", "--watch", "50ms"]);
    await expect.poll(() => piped.stdout().split("\n\n").length, { timeout: 10_000 }).toBeGreaterThan(2);
    expect(piped.stdout()).not.toContain("\u001b");
  });

  it("tells which keys come and go", async () => {
    await node.cache.set("a", 1);
    const started = start(["keys", "--watch", "50ms"]);
    await expect.poll(started.stdout, { timeout: 10_000 }).toBe("+ a\n");
    await node.cache.set("b", 1);
    await expect.poll(started.stdout, { timeout: 10_000 }).toBe("+ a\n+ b\n");
    await node.cache.delete("a");
    await expect.poll(started.stdout, { timeout: 10_000 }).toBe("+ a\n+ b\n- a\n");
  });

  it("may stand before the command and the key, with and without its seconds", async () => {
    for (const line of [
      ["--watch", "get", "42"],
      ["get", "-w", "0.05", "42"],
      ["--watch", "0.05", "get", "42"],
      ["get", "--watch=0.05", "42"],
    ]) {
      const started = start([...line, "--json"]);
      expect(await documentsOf(started, 1)).toMatchObject([{ key: "42", found: false }]);
    }
    expect((await cli(["stats", "--watch=soon"])).exitCode).toBe(2);
  });

  it("does not wait for a node that hangs once it is interrupted", async () => {
    const { createServer } = await import("node:net");
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    for (const line of [
      ["watch", "k"],
      ["stats", "--watch"],
    ]) {
      const waiting = start([...line, "--node", `127.0.0.1:${port}`, "--timeout", "1h"]);
      waiting.interrupt();
      expect((await waiting.done).exitCode).toBe(0);
    }
    silent.close();
  });
});
