import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cli, startCli } from "./cli-harness.ts";
import { type RunningNode, startTestNode } from "./node-harness.ts";

/** Sets the title, clears the screen by the one-byte form, rings. */
const HOSTILE = "a\u001b]0;title\u0007\u009b2Jb\r\u007f";
const HARMLESS = "a\\x1b]0;title\\x07\\x9b2Jb\\x0d\\x7f";
/** What a terminal would obey. The colours of the program's own words are taken away first. */
const OBEYED = /[^\P{Cc}\n\t]/u;
const PLAIN = { NO_COLOR: "1" };

let node: RunningNode;
let environment: Record<string, string>;
beforeEach(async () => {
  node = await startTestNode();
  environment = { ...PLAIN, GOCACHEX_NODE: `127.0.0.1:${node.node.port}` };
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

describe("get on a terminal", () => {
  it("shows the control characters of a text, but keeps its lines and tabs; a pipe gets it as it is", async () => {
    await node.cache.set("k", `${HOSTILE}\n\tz`);
    expect((await cli(["get", "k"], { env: environment, isTTY: true })).stdout).toBe(`${HARMLESS}\n\tz\n`);
    expect((await cli(["get", "k"], { env: environment })).stdout).toBe(`${HOSTILE}\n\tz\n`);
  });

  it("shows those of objects and of JSON documents, which stay the same JSON", async () => {
    await node.cache.set("k", { [HOSTILE]: HOSTILE });
    const shown = await cli(["get", "k"], { env: environment, isTTY: true });
    expect(shown.stdout).not.toMatch(OBEYED);
    expect(shown.stdout).toContain("\\x9b2J");
    for (const isTTY of [true, false]) {
      const { stdout } = await cli(["get", "k", "--json"], { env: environment, isTTY });
      expect(stdout).not.toMatch(OBEYED);
      expect(JSON.parse(stdout)).toMatchObject({ value: { [HOSTILE]: HOSTILE } });
    }
  });

  it("tells the size of bytes instead of printing them", async () => {
    await node.cache.set("k", Buffer.alloc(3_000, 0x1b));
    expect(await cli(["get", "k"], { env: environment, isTTY: true })).toMatchObject({
      exitCode: 0,
      stdout: "",
      stderr: expect.stringMatching(/^3000 bytes.*redirect to a file or use --json/),
    });
    expect((await cli(["get", "k"], { env: environment })).stdoutBytes).toHaveLength(3_000);
  });

  it("prints no bytes where somebody watches a value either, but in a pipe as they are", async () => {
    await node.cache.set("k", Buffer.from([0x1b, 0x5b, 0x32, 0x4a]));
    for (const isTTY of [true, false]) {
      const started = startCli(["get", "k", "--watch", "50ms"], { env: environment, isTTY });
      const output = isTTY ? started.stderr : started.stdout;
      await expect.poll(output, { timeout: 10_000 }).not.toBe("");
      started.interrupt();
      const { stdout, stderr } = await started.done;
      expect(stdout).toBe(isTTY ? "" : "\u001b[2J");
      expect(stderr).toMatch(isTTY ? /^4 bytes/ : /^$/);
    }
  });

  it("shows them in notes and errors about keys", async () => {
    for (const line of [["get", HOSTILE], ["get", "k", HOSTILE], [HOSTILE], ["config", HOSTILE]]) {
      const { stdout, stderr } = await cli(line, { env: environment, isTTY: true });
      expect([stdout, stderr]).toEqual(["", expect.stringContaining("\\x9b2J")]);
      expect(stderr).not.toMatch(OBEYED);
    }
  });
});

describe("a stdin that is a terminal", () => {
  it.each([
    [["set", "k", "-"]],
    [["set", "k", "-", "--json-value"]],
    [["dictionary", "train", "--out", "none.dict", "-"]],
  ])("is not waited for by %j", async (line) => {
    const refused = await cli(line, { env: environment, isStdinTTY: true, stdin: Buffer.from('"typed"') });
    expect(refused).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining("is a terminal here") });
    expect(await node.cache.exists("k")).toBe(false);
    expect((await cli(["set", "k", "-"], { env: environment, stdin: Buffer.from("piped") })).exitCode).toBe(0);
  });
});

describe("a node that answers with control characters", () => {
  let server: Server;
  let answer: { status: number; type: string; body: unknown };
  beforeEach(async () => {
    server = createServer((_request, response) => {
      response.writeHead(answer.status, { "Content-Type": answer.type });
      response.end(JSON.stringify(answer.body));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    environment = { ...PLAIN, GOCACHEX_NODE: `127.0.0.1:${(server.address() as AddressInfo).port}` };
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const STATS = { hits: HOSTILE, misses: 0, sets: HOSTILE, memoryUsage: 0, uptime: 0, hitRatio: 0 };
  const HEALTH = { status: "up", checks: [{ name: HOSTILE, status: HOSTILE, latencyMs: 1, message: HOSTILE }] };
  it.each([
    ["stats", STATS, 200],
    ["health", HEALTH, 200],
    ["health", { status: HOSTILE, checks: [] }, 200],
    ["stats", { code: "GCX_BACKEND_FAILED", detail: HOSTILE }, 502],
    ["keys", { error: { code: HOSTILE, message: HOSTILE } }, 200],
  ])("does not reach the terminal by %s (case %#)", async (command, body, status) => {
    answer = { status, type: status === 200 ? "application/json" : "application/problem+json", body };
    for (const more of [[], ["--json"]]) {
      const { stdout, stderr } = await cli([command, ...more], { env: environment, isTTY: true });
      expect(stdout + stderr).not.toBe("");
      expect(stdout + stderr).not.toMatch(OBEYED);
    }
  });

  it("does not count as healthy with a status that nobody knows", async () => {
    answer = { status: 200, type: "application/json", body: { status: "splendid", checks: [] } };
    for (const more of [[], ["--json"]])
      expect((await cli(["health", ...more], { env: environment })).exitCode).toBe(5);
  });
});
