import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CliRun, type CliSetting, cli, startCli } from "./cli-harness.ts";
import { type RunningNode, startTestNode } from "./node-harness.ts";

const TOKENS = {
  read: "read-token-0123456789",
  write: "write-token-0123456789",
  admin: "-admin-token-0123456789=",
} as const;
const ACCESS = {
  tokens: Object.entries(TOKENS).map(([role, token]) => ({ role: role as keyof typeof TOKENS, token })),
};
const WRONG = "wrong-token-0123456789";

let directory: string;
let node: RunningNode;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gocachex-guarded-"));
  for (const [role, token] of Object.entries(TOKENS))
    await writeFile(join(directory, role), `${token}\n`, { mode: 0o600 });
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  node = await startTestNode({ access: ACCESS });
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

function run(line: readonly string[], env: Record<string, string> = {}, more: CliSetting = {}): Promise<CliRun> {
  return cli(line, {
    directory,
    env: { GOCACHEX_NODE: `127.0.0.1:${node.node.port}`, NO_COLOR: "1", ...env },
    ...more,
  });
}

function expectNoToken({ stdout, stderr }: CliRun): void {
  for (const token of [...Object.values(TOKENS), WRONG]) expect(stdout + stderr).not.toContain(token);
}

describe("a command on a node with tokens", () => {
  it.each([
    ["get", "k"],
    ["set", "k", "v"],
    ["delete", "k"],
    ["exists", "k"],
    ["incr", "n"],
    ["keys"],
    ["stats"],
    ["health"],
    ["top", "-i", "50ms"],
    ["watch", "k", "-i", "50ms"],
    ["bench", "--requests", "10", "--keys", "5"],
  ])("%s is refused without one, and says what to do", async (...line) => {
    const refused = await run(line);
    expect(refused).toMatchObject({
      exitCode: 5,
      stderr: expect.stringMatching(/--token-file FILE.*GCX_NODE_ACCESS/s),
    });
    expect(refused.stderr).toMatch(line[0] === "exists" ? /missing or not valid/ : /needs a token/);
  });

  it.each([
    ["--token-file", ["--token-file", "admin"], {}],
    ["--token", [`--token=${TOKENS.admin}`], {}],
    ["GOCACHEX_NODE_TOKEN", [], { GOCACHEX_NODE_TOKEN: TOKENS.admin }],
    ["GOCACHEX_NODE_TOKEN_FILE", [], { GOCACHEX_NODE_TOKEN_FILE: "admin" }],
    ["an option rather than a variable", ["--token-file", "admin"], { GOCACHEX_NODE_TOKEN: WRONG }],
  ] as const)("works with the token of %s", async (_, options, env) => {
    await node.cache.set("k", "v");
    const does = async (exitCode: number, ...line: string[]): Promise<CliRun> => {
      const done = await run([...line, ...options], env);
      expect(done).toMatchObject({ exitCode, stderr: "" });
      expectNoToken(done);
      return done;
    };
    expect((await does(0, "get", "k")).stdout).toBe("v\n");
    await does(0, "exists", "k");
    await does(0, "set", "k", "w");
    expect((await does(0, "keys")).stdout).toBe("k\n");
    await does(0, "delete", "k");
    expect((await does(0, "incr", "n")).stdout).toBe("1\n");
    await does(0, "stats");
    await does(0, "health");
    expect((await does(0, "top", "-i", "50ms")).stdout).toContain("gocachex top");
    expect((await does(0, "doctor")).stdout).toMatch(/ok {4}node .*answers in/);
    // To remove a namespace takes the role admin.
    await does(0, "bench", "--requests", "20", "--keys", "5", "--clients", "1");
  });

  it("keeps watching with it", async () => {
    const started = startCli(["watch", "k", "--json", "-i", "50ms", "--token-file", "read"], {
      directory,
      env: { GOCACHEX_NODE: `127.0.0.1:${node.node.port}` },
    });
    await expect.poll(started.stdout, { timeout: 10_000 }).toContain("absent");
    await node.cache.set("k", 1);
    await expect.poll(started.stdout, { timeout: 10_000 }).toContain("appeared");
    started.interrupt();
    expect(await started.done).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("reads with the role read, and writes nothing", async () => {
    await node.cache.set("k", "v");
    const read = ["--token-file", "read"];
    expect(await run(["get", "k", ...read])).toMatchObject({ exitCode: 0, stdout: "v\n" });
    for (const line of [
      ["set", "k", "w"],
      ["set", "k", "w", "--nx"],
      ["delete", "k"],
      ["incr", "n"],
    ]) {
      const refused = await run([...line, ...read, "--json"]);
      expect(refused).toMatchObject({ exitCode: 5, stdout: "" });
      expect(JSON.parse(refused.stderr)).toMatchObject({
        error: {
          code: "GCX_NODE_ACCESS",
          message: expect.stringContaining("needs the role write; the token has read"),
        },
      });
    }
    expect(await node.cache.get("k")).toBe("v");
    expect(await node.cache.exists("n")).toBe(false);
  });

  it("is refused with a wrong one, which nothing repeats", async () => {
    for (const [options, env] of [
      [["--token", WRONG], {}],
      [[], { GOCACHEX_NODE_TOKEN: WRONG }],
    ] as const) {
      const refused = await run(["get", "k", ...options], env);
      expect(refused).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("The token is not valid") });
      expectNoToken(refused);
    }
  });

  it("sends no token that a variable has for nodes to a store of a configuration", async () => {
    const done = await run(["get", "k"], { GOCACHEX_NODE: "", GOCACHEX_BACKEND: "memory", GOCACHEX_NODE_TOKEN: WRONG });
    expect(done.exitCode).toBe(1);
  });

  it.each([
    [["get", "k", "--token", TOKENS.read, "--token-file", "read"], /--token or --token-file, not both/],
    [["get", "k", "--token", "short"], /--token is no token of a node/],
    [["get", "k", "--token", "with spaces 0123456789"], /--token is no token of a node/],
    [["get", "k", "--token", TOKENS.admin], /write --token=TOKEN/],
    [["--tokn", WRONG, "get", "k"], /Unknown option --tokn\. Did you mean --token\?/],
    [[`--tokn=${WRONG}`, "get", "k"], /Unknown option --tokn\. Did you mean --token\?/],
    [["get", "k", "--token-file", "none"], /--token-file: "none": there is no such file/],
    [["get", "k", "--token-file", "."], /--token-file: "\.": it cannot be read \(EISDIR\)/],
    [["get", "k", "--token-file", "text"], /--token-file: "text" holds no token/],
    [["get", "k", "-c", "c.json", "--token", TOKENS.read], /--token is for a node/],
    [["get", "k", "-c", "c.json", "--ca", "ca"], /--ca is for a node/],
  ])("refuses %j without repeating it", async (line, message) => {
    await writeFile(join(directory, "text"), `${WRONG} and more\n`);
    await writeFile(join(directory, "c.json"), "{}");
    const refused = await run(line);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringMatching(message) });
    expectNoToken(refused);
  });

  it("is told by doctor what is wrong with it", async () => {
    await writeFile(join(directory, "open"), TOKENS.read, { mode: 0o644 });
    const open = await run(["doctor", "--token-file", "open"]);
    expect(open.stdout).toMatch(/warn {2}.*open: others may read this token \(mode 644\)\. Run: chmod 600/);
    expect(open.exitCode).toBe(1);
    const refused = await run(["doctor"]);
    expect(refused.stdout).toMatch(/fail {2}node .*needs a token.*GCX_NODE_ACCESS/);
    expect(refused.exitCode).toBe(5);
    // A name of this machine that need not be one: what it is elsewhere, nobody knows.
    const far = await run(["doctor", "--node", `0.0.0.0:${node.node.port}`, "--token-file", "read"]);
    expect(far.stdout).toMatch(/warn {2}node 0\.0\.0\.0:\d+: the token goes there unencrypted/);
    const port = await run(["doctor", "--port", String(node.node.port)], {
      GOCACHEX_NODE: "",
      GOCACHEX_BACKEND: "memory",
    });
    expect(port.stdout).toContain("a gocachex node listens there, which asks for a token");
  });
});
