import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningNode, startTestNode } from "./node-harness.ts";
import { closePtys, type PtyEnd, type PtyProcess, startInPty } from "./support/pty-process.ts";

const BINARY = fileURLToPath(new URL("../../dist/cli.mjs", import.meta.url));
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[0m\u001b[?25h\u001b[?1049l";
const RESTORED: Partial<PtyEnd> = { hasSameSettings: true };

let directory: string;
let node: RunningNode;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gocachex-terminal-"));
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  node = await startTestNode();
});
afterEach(async () => {
  closePtys();
  await node[Symbol.asyncDispose]();
});

function start(line: readonly string[], more: readonly string[] = []): PtyProcess {
  return startInPty([process.execPath, ...more, BINARY, ...line], {
    env: { GOCACHEX_NODE: `127.0.0.1:${node.node.port}` },
  });
}

async function shows(pty: PtyProcess, words: string): Promise<void> {
  await expect.poll(pty.screen, { timeout: 10_000, interval: 20 }).toContain(words);
}

/** The terminal was taken and given back once, and shows nothing of top after that but what is meant to be read. */
function expectGivenBack(pty: PtyProcess, after: RegExp): void {
  const [before = "", ...rest] = pty.screen().split(LEAVE);
  expect(before).toContain(ENTER);
  expect(rest).toHaveLength(1);
  expect(rest[0]).toMatch(after);
}

describe("top in a real terminal gives it back", () => {
  it.each([
    ["q", (pty: PtyProcess) => pty.type("q")],
    ["Ctrl+C", (pty: PtyProcess) => pty.type("\u0003")],
    ["SIGINT", (pty: PtyProcess) => pty.signal("SIGINT")],
    ["SIGTERM", (pty: PtyProcess) => pty.signal("SIGTERM")],
  ])("at %s", async (_, end) => {
    const pty = start(["top", "-i", "0.05"]);
    await shows(pty, "q quits");
    end(pty);
    expect(await pty.ended).toMatchObject({ ...RESTORED, status: 0, wasChanged: true });
    expectGivenBack(pty, /^$/);
  });

  it("after the node was lost, and at SIGTERM while it is", async () => {
    const pty = start(["top", "-i", "0.05"]);
    await shows(pty, "q quits");
    await node[Symbol.asyncDispose]();
    await shows(pty, "no answer:");
    pty.signal("SIGTERM");
    expect(await pty.ended).toMatchObject({ ...RESTORED, status: 0 });
    expectGivenBack(pty, /^$/);
    node = await startTestNode();
  });

  it("when the process ends by an exception that nobody caught", async () => {
    const crash = join(directory, "crash.cjs");
    await writeFile(crash, 'process.once("SIGUSR2", () => { throw new Error("nobody caught this"); });');
    const pty = start(["top", "-i", "0.05"], ["--require", crash]);
    await shows(pty, "q quits");
    pty.signal("SIGUSR2");
    expect(await pty.ended).toMatchObject({ ...RESTORED, status: 1, wasChanged: true });
    // The trace is there to be read.
    expectGivenBack(pty, /nobody caught this/);
  });

  it("when the terminal has gone", async () => {
    const pty = start(["top", "-i", "0.05"]);
    await shows(pty, "q quits");
    pty.signal("SIGHUP");
    expect(await pty.ended).toMatchObject({ ...RESTORED, status: 0 });
    expectGivenBack(pty, /^$/);
  });

  it("fits after a resize", async () => {
    const pty = start(["top", "-i", "0.05"]);
    await shows(pty, "q quits");
    pty.resize(40, 10);
    await shows(pty, "evictions 0/s");
    pty.type("q");
    expect(await pty.ended).toMatchObject({ ...RESTORED, status: 0 });
  });
});

describe("a node that breaks what it says", () => {
  let server: Server;
  let isBroken: boolean;
  beforeEach(async () => {
    isBroken = false;
    server = createServer(async (request, response) => {
      const path = request.url ?? "";
      if (path.startsWith("/v1/live")) return void response.writeHead(404).end();
      const answer = await fetch(`${node.url}${path}`);
      const body = (await answer.json()) as object;
      // Of the right kind, but nothing that can be drawn.
      const said = isBroken && path.startsWith("/v1/stats") ? { ...body, tiers: [null] } : body;
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(said));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("ends top by an exception in drawing, which is told after the terminal was given back", async () => {
    const pty = start(["top", "-i", "0.05", "--node", `127.0.0.1:${(server.address() as AddressInfo).port}`]);
    await shows(pty, "q quits");
    isBroken = true;
    expect(await pty.ended).toMatchObject({ ...RESTORED, status: 5, wasChanged: true });
    expectGivenBack(pty, /gocachex: .*GCX_CLI_FAILED/s);
  });
});

describe("in a real terminal", () => {
  it.each([
    ["watch", ["watch", "k", "-i", "0.05"], "absent"],
    ["stats --watch", ["stats", "--watch=0.05"], "hit ratio"],
    ["health --watch", ["health", "--watch=0.05"], "memory: up"],
  ])("%s is ended by Ctrl+C and SIGTERM, and leaves the terminal as it was", async (_, line, words) => {
    for (const end of ["\u0003", "SIGTERM"] as const) {
      const pty = start(line);
      await shows(pty, words);
      if (end === "SIGTERM") pty.signal(end);
      else pty.type(end);
      expect(await pty.ended).toEqual({ status: 0, hasSameSettings: true, wasChanged: false });
      expect(pty.screen()).not.toContain("\u001b[?");
    }
  });

  it("bytes are not written, and nobody is waited for who would have to type", async () => {
    await node.cache.set("k", Buffer.from("\u001b[?1049h\u001b[2Jgone"));
    const get = start(["get", "k"]);
    expect(await get.ended).toMatchObject({ status: 0 });
    expect(get.screen()).toContain("16 bytes");
    expect(get.screen()).not.toContain("\u001b[?");
    const set = start(["set", "k", "-"]);
    expect(await set.ended).toMatchObject({ status: 2, wasChanged: false });
    expect(set.screen()).toContain("is a terminal here");
  });
});
