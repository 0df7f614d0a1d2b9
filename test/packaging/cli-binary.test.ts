import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** The built command line; build the package first. */
const BINARY: string = fileURLToPath(new URL("../../dist/cli.mjs", import.meta.url));

const { GOCACHEX_NODE: _node, ...environment } = process.env;

function start(...line: string[]): ChildProcess {
  return spawn(process.execPath, [BINARY, ...line], { env: environment, stdio: ["pipe", "pipe", "pipe"] });
}

async function finish(
  child: ChildProcess,
  stdin?: Uint8Array,
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  child.stdin?.end(stdin);
  const exited = once(child, "close") as Promise<[number | null]>;
  const [stdout, stderr] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
  ]);
  const [exitCode] = await exited;
  return { exitCode, stdout, stderr };
}

async function serve(): Promise<{ child: ChildProcess; address: string }> {
  const child = start("serve", "--json", "--port", "0");
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return { child, address: `127.0.0.1:${(JSON.parse(line.toString()) as { port: number }).port}` };
}

describe("the built command line", () => {
  let node: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    node = await serve();
  });
  afterAll(() => {
    node.child.kill("SIGKILL");
  });

  it("sets and gets through a node of another process, bytes included", async () => {
    const bytes = Buffer.from("grüße\u0000\n");
    expect(await finish(start("set", "k", "-", "--node", node.address), bytes)).toMatchObject({
      exitCode: 0,
      stdout: "ok\n",
    });
    expect((await finish(start("get", "k", "--node", node.address))).stdout).toBe(bytes.toString());
    expect((await finish(start("get", "none", "--node", node.address))).exitCode).toBe(1);
  });

  it("ends quietly when its reader goes", async () => {
    for (let index = 0; index < 3; index += 1) await finish(start("set", `key-${index}`, "v", "--node", node.address));
    const child = start("keys", "--node", node.address);
    child.stdout?.destroy();
    const [stderr, [exitCode, signal]] = await Promise.all([
      text(child.stderr as NodeJS.ReadableStream),
      once(child, "exit"),
    ]);
    expect([exitCode, signal, stderr]).toEqual([0, null, ""]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends a node gracefully with 0 on %s", async (signal) => {
    const { child } = await serve();
    child.kill(signal);
    expect((await finish(child)).exitCode).toBe(0);
  });

  it("ends with 2 on a wrong command line and prints its version", async () => {
    expect((await finish(start("gte"))).exitCode).toBe(2);
    expect((await finish(start("--version"))).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
