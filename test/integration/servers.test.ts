import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { askServer } from "../../scripts/servers/ask-server.ts";
import { ensureServers } from "../../scripts/servers/ensure-servers.ts";
import { parseHostAndPort } from "../../scripts/servers/host-and-port.ts";
import { startServerProcess } from "../../scripts/servers/server-process.ts";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import { sharedServer, type TestServer } from "../../scripts/servers/test-server.ts";
import { compileScripts } from "./support/compiled-scripts.ts";

const running: TestServer[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

function keep(server: TestServer): TestServer {
  running.push(server);
  return server;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const kinds = [
  { name: "redis", start: startRedis, question: "PING\r\n", answer: "+PONG\r\n" },
  { name: "memcached", start: startMemcached, question: "version\r\n", answer: "VERSION " },
] as const;

describe.each(kinds)("a $name for tests", ({ start, question, answer }) => {
  it("answers over a raw socket as soon as it is handed out", async () => {
    const server = keep(await start());
    expect(await askServer(server, question)).toContain(answer);
  });

  it("is gone after stop, with its port and its folder", async () => {
    const server = keep(await start());
    const own = server.process;
    await server.stop();
    if (own === undefined) return expect(await askServer(server, question)).toContain(answer);
    expect(isAlive(own.pid)).toBe(false);
    expect(existsSync(own.folder)).toBe(false);
    await expect(askServer(server, question)).rejects.toThrow(/ECONNREFUSED/);
  });

  it("can be stopped twice", async () => {
    const server = keep(await start());
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
  });
});

describe("a server of our own", () => {
  it("takes arguments", async () => {
    const redis = keep(await startRedis({ args: ["--maxmemory", "12mb"] }));
    expect(await askServer(redis, "CONFIG GET maxmemory\r\n")).toContain("12582912");
  });

  it("comes back at the same address", async () => {
    const first = keep(await startRedis());
    first.process?.signal("SIGKILL");
    await first.stop();
    const second = keep(await startRedis({ port: first.port }));
    expect(second.port).toBe(first.port);
  });

  it("stops even when it hangs", async () => {
    const redis = keep(await startRedis());
    redis.process?.signal("SIGSTOP");
    await redis.stop();
    expect(isAlive(redis.process?.pid as number)).toBe(false);
  });

  it("runs beside others on ports of their own", async () => {
    const servers = await Promise.all([startRedis(), startRedis(), startMemcached(), startMemcached()]);
    servers.forEach(keep);
    expect(new Set(servers.map(({ port }) => port)).size).toBe(4);
  });

  it("fails with the server's own words when it cannot start", async () => {
    await expect(startRedis({ args: ["--no-such-option", "1"] })).rejects.toThrow(/Bad directive|no-such-option/);
  });

  it("fails when the program does not exist", async () => {
    const missing = { program: "/no/such/program", arguments: () => [], probe: { question: "", answer: /./ } };
    await expect(startServerProcess(missing)).rejects.toThrow(/ENOENT/);
  });
});

describe("a shared server that was named", () => {
  it("is not stopped, and refuses arguments it cannot take", async () => {
    const redis = keep(await startRedis());
    const shared = sharedServer(redis, {}, "redis-server");
    await shared.stop();
    expect(await askServer(shared, "PING\r\n")).toBe("+PONG\r\n");
    expect(() => sharedServer(redis, { args: ["--port", "1"] }, "redis-server")).toThrow(/Install redis-server/);
  });

  it("is named by host and port or by URL", () => {
    expect(parseHostAndPort("redis://example:6380/0", 6379)).toEqual({ host: "example", port: 6380 });
    expect(parseHostAndPort("127.0.0.1", 11_211)).toEqual({ host: "127.0.0.1", port: 11_211 });
    expect(parseHostAndPort("[::1]:7000", 1)).toEqual({ host: "::1", port: 7000 });
  });
});

describe("an interrupted test run", () => {
  it.each(["SIGKILL", "SIGINT"] as const)("leaves no server and no folder behind after %s", async (signal) => {
    const source = ensureServers().redis;
    if (source.kind === "running") return;
    const folder = mkdtempSync(join(tmpdir(), "gocachex-scripts-"));
    folders.push(folder);
    compileScripts(fileURLToPath(new URL("../../scripts/servers/", import.meta.url)), folder);
    const run = startRunThatHangs(folder);
    const printed = (await once(run.stdout as NodeJS.ReadableStream, "data"))[0] as Buffer;
    const { servers, released } = JSON.parse(printed.toString()) as RunReport;
    expect(servers.map(({ pid }) => isAlive(pid))).toEqual([true, true]);
    run.kill(signal);
    await expect.poll(() => servers.filter(({ pid }) => isAlive(pid)), { timeout: 5_000 }).toEqual([]);
    await expect.poll(() => servers.filter((server) => existsSync(server.folder)), { timeout: 5_000 }).toEqual([]);
    // It has nothing to do with us any more: another process has its id.
    expect(isAlive(released)).toBe(true);
    process.kill(released);
  });
});

interface RunReport {
  readonly servers: readonly { readonly pid: number; readonly folder: string }[];
  /** A process that the guard was told is gone. */
  readonly released: number;
}

function startRunThatHangs(folder: string): ChildProcess {
  const script = `
    import { spawn } from "node:child_process";
    import { guardAgainstLeftover } from "./leftover-guard.js";
    import { startRedis } from "./start-redis.js";
    const started = [await startRedis(), await startRedis(), await startRedis()];
    const other = spawn("sleep", ["60"], { stdio: "ignore", detached: true });
    guardAgainstLeftover(other.pid, "/nonexistent")();
    await started.shift().stop();
    const servers = started.map(({ process: { pid, folder } }) => ({ pid, folder }));
    console.log(JSON.stringify({ servers, released: other.pid }));
    setInterval(() => undefined, 1000);
  `;
  return spawn(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
}
