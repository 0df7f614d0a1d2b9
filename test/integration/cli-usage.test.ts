import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { cli } from "./cli-harness.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gocachex-cli-"));
  await writeFile(join(directory, "cache.json"), '{"memory":{"maxSize":"8MB"},"defaultTtl":"5m"}');
  await writeFile(join(directory, "wrong.json"), '{"memory":{"maxSise":"8MB"}}');
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe("help", () => {
  it("lists every command", async () => {
    const { exitCode, stdout } = await cli(["--help"]);
    expect(exitCode).toBe(0);
    for (const { name } of COMMANDS) expect(stdout).toContain(`  ${name}`);
    expect((await cli(["help"])).stdout).toBe(stdout);
  });

  it.each(COMMANDS.map(({ name }) => name))("of %s shows usage, options and examples", async (name) => {
    const { exitCode, stdout } = await cli([name, "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`Usage\\n {2}gocachex ${name}[\\s\\S]*Options\\n[\\s\\S]*Examples\\n {2}gocachex ${name}`),
    );
    expect((await cli(["help", name])).stdout).toBe(stdout);
  });

  it("tells the exit codes", async () => {
    const { stdout } = await cli(["help", "exit-codes"]);
    for (const code of [0, 1, 2, 3, 4, 5, 130]) expect(stdout).toMatch(new RegExp(`^ {2}${code}\\s`, "m"));
  });

  it("goes to stderr with exit code 2 when nothing was asked", async () => {
    const { exitCode, stdout, stderr } = await cli([]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Commands");
  });

  it("prints the version", async () => {
    const { stdout } = await cli(["version"]);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
    expect((await cli(["--version"])).stdout).toBe(stdout);
    expect(JSON.parse((await cli(["version", "--json"])).stdout)).toMatchObject({ gocachex: stdout.trim() });
  });
});

describe("colours", () => {
  it("are for terminals without NO_COLOR", async () => {
    const colour = /\p{Cc}\[/u;
    expect((await cli(["help"], { isTTY: true })).stdout).toMatch(colour);
    expect((await cli(["help"])).stdout).not.toMatch(colour);
    expect((await cli(["help"], { isTTY: true, env: { NO_COLOR: "1" } })).stdout).not.toMatch(colour);
    expect((await cli(["help"], { isTTY: true, env: { TERM: "dumb" } })).stdout).not.toMatch(colour);
  });
});

describe("a wrong command line", () => {
  it.each([
    [["gte", "k"], "Did you mean get?"],
    [["serv"], "Did you mean serve?"],
    [["zzzzzz"], "Unknown command"],
    [["set", "k", "v", "--tll", "5m"], "Did you mean --ttl?"],
    [["get", "k", "--frobnicate"], "Unknown option --frobnicate"],
    [["get"], "KEY is missing. Usage: gocachex get KEY"],
    [["set"], "KEY and VALUE are missing."],
    [["set", "k"], "VALUE is missing."],
    [["delete"], "KEY is missing."],
    [["config"], "ACTION (print, validate or schema) is missing."],
    [["get", "a", "b"], 'get takes KEY; "b" is too much.'],
    [["set", "k", "two", "words"], '"words" is too much. Quote a value that has spaces.'],
    [["stats", "x"], 'stats takes no argument; "x" is too much.'],
    [["incr", "n", "--by", "99999999999999999999"], "--by must be a whole number of 64 bits"],
    [["incr", "n", "--by", "9223372036854775808"], "from -9223372036854775808 to 9223372036854775807"],
    [["--namespace", "shop"], "A command is missing"],
    [["--namespace", "shop", "gte", "k"], "Did you mean get?"],
    [["--frobnicate", "get", "k"], "Unknown option --frobnicate"],
    [["set", "k", "v", "--ttl"], "--ttl needs a value"],
    [["set", "k", "v", "--ttl", "--nx"], "--ttl needs a value"],
    [["get", "k", "--json=yes"], "takes no value"],
    [["get", "k", "--node", "a b"], "host:port"],
    [["get", "k", "--node", "h:99999"], "host:port"],
    [["get", "k", "--timeout", "x"], "--timeout must be a duration"],
    [["get", "k", "--node", "h:1", "--config", "f"], "not both"],
    [["get", "k", "--config", "cache.json", "--timeout", "1s"], "--timeout"],
    [["config", "pritn"], "Did you mean print?"],
    [["help", "sett"], "Did you mean set?"],
    [["serve", "--port", "70000"], "--port must be"],
  ])("%j ends with 2 and says %j", async (line, words) => {
    const { exitCode, stdout, stderr } = await cli(line, { directory });
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(words);
  });

  it("is reported as JSON with --json", async () => {
    const { stderr } = await cli(["gte", "--json"]);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: "GCX_ARGUMENT_OPTION", message: expect.stringContaining("get") },
    });
    expect(stderr.endsWith("}\n")).toBe(true);
  });
});

describe("options before the command", () => {
  it.each([
    [["--namespace", "shop", "set", "a", "b"]],
    [["--namespace=shop", "-c", "cache.json", "set", "a", "b"]],
    [["-ccache.json", "-q", "--ttl", "5m", "set", "a", "b"]],
    [["--quiet", "set", "a", "b", "--nx"]],
  ])("work as behind it: %j", async (line) => {
    const { exitCode, stdout } = await cli(line, { directory, env: { GOCACHEX_BACKEND: "memory" } });
    expect([exitCode, stdout]).toEqual([0, "ok\n"]);
  });
});

describe("what commands work on", () => {
  it("is a cache of the configuration, with a note that memory does not last", async () => {
    const set = await cli(["set", "k", "v", "--config", "cache.json"], { directory });
    expect([set.exitCode, set.stdout]).toEqual([0, "ok\n"]);
    expect(set.stderr).toContain("lives only as long");
    expect((await cli(["set", "k", "v", "--config", "cache.json", "-q"], { directory })).stderr).toBe("");
    const asJson = await cli(["set", "k", "v", "--config", "cache.json", "--json"], { directory });
    expect(JSON.parse(asJson.stderr)).toEqual({ note: expect.stringContaining("lives only as long") });
    expect((await cli(["get", "k", "--config", "cache.json"], { directory })).exitCode).toBe(1);
    expect((await cli(["incr", "n", "--by", "5", "--config", "cache.json"], { directory })).stdout).toBe("5\n");
    const beyond = ["incr", "n", "--initial", "9223372036854775807", "-qc", "cache.json"];
    const refused = await cli(beyond, { directory });
    expect([refused.exitCode, refused.stderr]).toEqual([5, expect.stringContaining("64 bits of a counter")]);
    expect(refused.stderr).not.toContain("bigint");
    expect((await cli(["delete", "n", "--config", "cache.json"], { directory })).exitCode).toBe(1);
    expect((await cli(["exists", "n", "-c", "cache.json"], { directory })).exitCode).toBe(1);
    expect(await cli(["keys", "-q", "-c", "cache.json"], { directory })).toMatchObject({
      exitCode: 0,
      stdout: "",
      stderr: "",
    });
    expect((await cli(["health", "-c", "cache.json", "--namespace", "a/b"], { directory })).exitCode).toBe(0);
    expect((await cli(["stats", "-c", "cache.json"], { directory })).exitCode).toBe(0);
  });

  it("may be configured by the environment alone", async () => {
    const env = { GOCACHEX_BACKEND: "memory" };
    expect(await cli(["set", "k", "v"], { env })).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining("note:"),
    });
  });

  it("is a node that --node names, before what the environment names", async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const dead = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answer = await cli(["get", "k", "--node", dead], { env: { GOCACHEX_NODE: "127.0.0.1:1" } });
    expect(answer.exitCode).toBe(4);
    expect(answer.stderr).toContain(dead);
    server.close();
  });

  it("ends with 4 and says how to start one when no node answers", async () => {
    const { exitCode, stderr } = await cli(["get", "k"], { env: { GOCACHEX_NODE: "127.0.0.1:1" } });
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/gocachex serve.*--config/);
  });
});

describe("config", () => {
  it("validates a file", async () => {
    expect(await cli(["config", "validate", "--config", "cache.json"], { directory })).toMatchObject({
      exitCode: 0,
      stdout: "ok\n",
    });
    const wrong = await cli(["config", "validate", "--config", "wrong.json"], { directory });
    expect(wrong).toMatchObject({ exitCode: 3, stdout: "" });
    expect(wrong.stderr).toContain("maxSize");
    const missing = await cli(["config", "validate", "--config", "none.json", "--json"], { directory });
    expect([missing.exitCode, JSON.parse(missing.stderr)]).toMatchObject([3, { error: { code: "GCX_CONFIG_FILE" } }]);
  });

  it("prints what the file and the environment say together", async () => {
    const { stdout } = await cli(["config", "print", "-c", "cache.json"], {
      directory,
      env: { GOCACHEX_NAMESPACE: "shop" },
    });
    expect(JSON.parse(stdout)).toMatchObject({ memory: { maxSize: "8MB" }, namespace: "shop" });
  });

  it("prints the schema", async () => {
    expect(JSON.parse((await cli(["config", "schema"])).stdout)).toHaveProperty("properties.memory");
  });
});
