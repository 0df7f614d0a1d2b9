import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type CliRun, type CliSetting, cli } from "./cli-harness.ts";
import { type RunningNode, startTestNode } from "./node-harness.ts";

let node: RunningNode;
beforeEach(async () => {
  node = await startTestNode();
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

/** Runs a command against the test's node. */
function onNode(line: readonly string[], setting: CliSetting = {}): Promise<CliRun> {
  return cli(line, { ...setting, env: { GOCACHEX_NODE: `127.0.0.1:${node.node.port}`, ...setting.env } });
}

describe("get and set", () => {
  it("write and print a text", async () => {
    expect(await onNode(["set", "k", "hello", "--ttl", "5m", "--tags", "a,b"])).toMatchObject({
      exitCode: 0,
      stdout: "ok\n",
      stderr: "",
    });
    expect(await onNode(["get", "k"])).toMatchObject({ exitCode: 0, stdout: "hello\n", stderr: "" });
    const entry = await node.cache.getEntry("k");
    expect(entry).toMatchObject({ value: "hello", tags: ["a", "b"] });
    const { stdout } = await onNode(["get", "k", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      key: "k",
      value: "hello",
      version: entry?.version,
      tags: ["a", "b"],
      type: "json",
    });
    expect((JSON.parse(stdout) as { ttl: number }).ttl).toBeGreaterThan(290_000);
  });

  it("write JSON, and print it for people", async () => {
    await onNode(["set", "k", '{"a":[1,null]}', "--json-value"]);
    expect(await node.cache.get("k")).toEqual({ a: [1, null] });
    expect((await onNode(["get", "k"])).stdout).toBe('{\n  "a": [\n    1,\n    null\n  ]\n}\n');
  });

  it("take bytes from stdin and print them as they are", async () => {
    const bytes = Buffer.from([0, 255, 10, 128]);
    expect((await onNode(["set", "k", "-"], { stdin: bytes })).exitCode).toBe(0);
    const read = await onNode(["get", "k"]);
    expect(read.stdoutBytes).toEqual(bytes);
    expect(JSON.parse((await onNode(["get", "k", "--json"])).stdout)).toMatchObject({
      value: bytes.toString("base64"),
      type: "bytes",
    });
    await onNode(["set", "j", "-", "--json-value"], { stdin: Buffer.from("[1]") });
    expect(await node.cache.get("j")).toEqual([1]);
  });

  it("end with 1 on a miss, and say it unless quiet", async () => {
    const miss = await onNode(["get", "none"]);
    expect(miss).toMatchObject({ exitCode: 1, stdout: "" });
    expect(miss.stderr).toContain('"none"');
    expect(await onNode(["get", "none", "--quiet"])).toMatchObject({ exitCode: 1, stdout: "", stderr: "" });
  });

  it("answer with JSON alone with --json, also on a miss", async () => {
    expect(await onNode(["get", "nope", "--json"])).toMatchObject({
      exitCode: 1,
      stdout: '{"key":"nope","found":false}\n',
      stderr: "",
    });
    await node.cache.set("date", new Date(0));
    const read = await onNode(["get", "date", "--json"]);
    expect(JSON.parse(read.stdout)).toMatchObject({ key: "date", found: true, exact: false });
    expect(read.stderr).toBe("");
  });

  it("write only new keys with --nx", async () => {
    expect((await onNode(["set", "k", "1", "--nx"])).exitCode).toBe(0);
    expect(await onNode(["set", "k", "2", "--nx", "--json"])).toMatchObject({
      exitCode: 1,
      stdout: '{"key":"k","written":false}\n',
      stderr: "",
    });
    expect(await node.cache.get("k")).toBe("1");
  });

  it("say when a value holds more than JSON can say", async () => {
    await node.cache.set("k", { at: new Date(0) });
    const read = await onNode(["get", "k"]);
    expect(read.stdout).toContain("1970-01-01");
    expect(read.stderr).toContain("note:");
  });

  it("take values that begin with a dash after --", async () => {
    expect((await onNode(["set", "--", "k", "-5"])).exitCode).toBe(0);
    expect(await node.cache.get("k")).toBe("-5");
    const wrong = await onNode(["set", "k", "-5"]);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain("--");
  });

  it("refuse a TTL that is none and JSON that is none", async () => {
    expect((await onNode(["set", "k", "v", "--ttl", "soon"])).exitCode).toBe(2);
    expect((await onNode(["set", "k", "{", "--json-value"])).exitCode).toBe(2);
    expect(await node.cache.exists("k")).toBe(false);
  });
});

describe("the other commands", () => {
  it("delete counts what was there", async () => {
    await node.cache.set("a", 1);
    expect(await onNode(["delete", "a", "b"])).toMatchObject({ exitCode: 0, stdout: "deleted 1 of 2\n" });
    expect(await onNode(["delete", "a", "b", "--json"])).toMatchObject({
      exitCode: 1,
      stdout: '{"key":"a","deleted":false}\n{"key":"b","deleted":false}\n',
    });
  });

  it("exists answers by its exit code", async () => {
    await node.cache.set("a", 1);
    expect(await onNode(["exists", "a"])).toMatchObject({ exitCode: 0, stdout: "yes\n" });
    expect(await onNode(["exists", "b", "--json"])).toMatchObject({
      exitCode: 1,
      stdout: '{"key":"b","exists":false}\n',
    });
  });

  it("incr adds, from an initial value, also negative and large numbers", async () => {
    expect((await onNode(["incr", "n"])).stdout).toBe("1\n");
    expect((await onNode(["incr", "m", "--by", "-5", "--initial", "100", "--ttl", "1m"])).stdout).toBe("95\n");
    expect((await onNode(["incr", "n", "--by", "9007199254740993", "--json"])).stdout).toBe(
      '{"key":"n","value":"9007199254740994","type":"bigint"}\n',
    );
    expect((await onNode(["incr", "n", "--by", "1.5"])).exitCode).toBe(2);
    const beyond = await onNode(["incr", "n", "--by", "9223372036854775807"]);
    expect([beyond.exitCode, beyond.stderr]).toEqual([5, expect.stringContaining("64 bits")]);
    expect(beyond.stderr).not.toContain("bigint");
    await node.cache.set("text", "x");
    const failed = await onNode(["incr", "text", "--json"]);
    expect(failed.exitCode).toBe(5);
    expect(JSON.parse(failed.stderr)).toMatchObject({ error: { code: "GCX_COUNTER_TYPE" } });
  });

  it("keys lists by prefix and limit", async () => {
    for (const key of ["a:1", "a:2", "b"]) await node.cache.set(key, 1);
    expect((await onNode(["keys", "--prefix", "a:"])).stdout.split("\n").sort()).toEqual(["", "a:1", "a:2"]);
    expect((await onNode(["keys", "--limit", "1", "--json"])).stdout).toMatch(/^\{"key":".*"\}\n$/);
    expect((await onNode(["keys", "--limit", "0"])).exitCode).toBe(2);
  });

  it("keys keeps control characters away from a terminal only", async () => {
    await node.cache.set("\u001b[2Jx", 1);
    expect((await onNode(["keys"], { isTTY: true })).stdout).toBe("\\x1b[2Jx\n");
    expect((await onNode(["keys"])).stdout).toBe("\u001b[2Jx\n");
  });

  it("keys ends quietly when its reader goes", async () => {
    for (let index = 0; index < 50; index += 1) await node.cache.set(`k${index}`, 1);
    expect(await onNode(["keys"], { brokenAfter: 2 })).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("stats prints the counters", async () => {
    await node.cache.set("a", 1);
    await node.cache.get("a");
    expect((await onNode(["stats"])).stdout).toMatch(/hit ratio\s+100\.0 %/);
    expect(JSON.parse((await onNode(["stats", "--json"])).stdout)).toMatchObject({ hits: 1, keyCount: 1 });
  });

  it.each([
    ["up", 0],
    ["degraded", 3],
    ["down", 4],
  ] as const)("health %s ends with %i", async (status, exitCode) => {
    vi.spyOn(node.cache, "health").mockResolvedValue({
      status,
      checks: [{ name: "memory", status, latencyMs: 1, message: "why" }],
    });
    expect(await onNode(["health"])).toMatchObject({
      exitCode,
      stdout: `${status}\n  memory: ${status} (1 ms): why\n`,
    });
    expect(JSON.parse((await onNode(["health", "--json"])).stdout)).toMatchObject({ status });
  });

  it("works on a namespace", async () => {
    await onNode(["set", "k", "v", "--namespace", "shop/eu"]);
    expect(await node.cache.namespace("shop").namespace("eu").get("k")).toBe("v");
    expect((await onNode(["get", "k"])).exitCode).toBe(1);
    expect((await onNode(["get", "k", "--namespace", "a//b"])).exitCode).toBe(2);
  });
});
