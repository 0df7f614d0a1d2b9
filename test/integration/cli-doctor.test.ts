import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import { cli } from "./cli-harness.ts";
import { startTestNode } from "./node-harness.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gocachex-doctor-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const TIME_ANSWER = /\*2\r\n\$10\r\n(\d{10})\r\n/;
const hourBefore = (_: string, seconds: string): string => `*2\r\n$10\r\n${Number(seconds) - 3_600}\r\n`;

interface Finding {
  readonly status: "ok" | "warn" | "fail";
  readonly subject: string;
  readonly message: string;
}

async function examine(config: object, ...more: string[]): Promise<{ exitCode: number; findings: Finding[] }> {
  const file = join(directory, "cache.json");
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  const port = await freePort();
  const { exitCode, stdout } = await cli(["doctor", "-c", file, "--json", "--port", String(port), ...more]);
  return {
    exitCode,
    findings: stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Finding),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const wordsOf = (findings: readonly Finding[]): string =>
  findings.map(({ status, subject, message }) => `${status} ${subject}: ${message}`).join("\n");

describe("gocachex doctor", () => {
  it("finds nothing wrong with a memory cache, and says what it looked at", async () => {
    const { exitCode, findings } = await examine({ backend: "memory" });
    expect(wordsOf(findings)).toMatch(
      /ok runtime: Node\.js [\s\S]*ok configuration: valid: memory[\s\S]*ok memory: up to 100 MB, w-lirs[\s\S]*ok port \d+: free/,
    );
    expect(exitCode).toBe(0);
  });

  it("tells a Redis that refuses writes when it is full, its clock and its persistence", async () => {
    const redis = await startRedis({ args: ["--maxmemory", "64mb", "--maxmemory-policy", "noeviction"] });
    try {
      const config = { backend: "redis", redis: { addresses: [`${redis.host}:${redis.port}`] } };
      const { exitCode, findings } = await examine(config);
      const words = wordsOf(findings);
      expect(words).toMatch(/ok redis\/[\d.:]+: redis \d.*primary, answers in/);
      expect(words).toMatch(/warn redis\/[\d.:]+: .*noeviction, writes fail/);
      expect(words).toContain("its clock and this machine's agree");
      expect(words).toContain("persistence:");
      expect(exitCode).toBe(1);
    } finally {
      await redis.stop();
    }
  });

  it("tells a Redis whose clock is behind", async () => {
    const redis = await startRedis();
    // A real server, whose answers to TIME are an hour old on their way.
    const proxy = createServer((socket) => {
      const server = connect(redis.port, redis.host);
      socket.pipe(server);
      server.on("data", (answer) => socket.write(answer.toString("latin1").replace(TIME_ANSWER, hourBefore), "latin1"));
      for (const each of [socket, server]) each.on("error", () => undefined).on("close", () => socket.destroy());
      socket.on("close", () => server.destroy());
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    try {
      const address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const { exitCode, findings } = await examine({ backend: "redis", redis: { addresses: [address] } });
      expect(wordsOf(findings)).toMatch(
        /warn redis\/[\d.:]+: its clock is (?:359\d|3600)\.\d\d s behind this machine's/,
      );
      expect(exitCode).toBe(1);
    } finally {
      proxy.close();
      await redis.stop();
    }
  });

  it("tells a Memcached that takes only small items", async () => {
    const memcached = await startMemcached({ maxItemBytes: 65_536 });
    try {
      const config = {
        backend: "memcached",
        memcached: { servers: [`${memcached.host}:${memcached.port}`], timeout: "5s" },
      };
      const { findings } = await examine(config);
      expect(wordsOf(findings)).toMatch(
        /ok memcached\/\S+: memcached 1\.\d.*\n[\s\S]*warn memcached\/\S+: .*larger -I/,
      );
    } finally {
      await memcached.stop();
    }
  });

  it("ends with 4 when a store cannot be reached, and goes on with the rest", async () => {
    const port = await freePort();
    const { exitCode, findings } = await examine({
      ...{ backend: "redis", redis: { addresses: [`127.0.0.1:${port}`], dialTimeout: "500ms" } },
      ...{ hierarchical: true, l1: { backend: "memory" }, l2: { backend: "redis" } },
      ...{ distributed: true, grpc: { port: await freePort(), peers: [`127.0.0.1:${port}`] } },
    });
    const words = wordsOf(findings);
    expect(words).toMatch(/fail redis: .*GCX_BACKEND_/);
    expect(words).toMatch(/warn peer 127\.0\.0\.1:\d+: cannot be reached \(ECONNREFUSED\)/);
    expect(words).toMatch(/ok port \d+: free/);
    expect(exitCode).toBe(4);
  });

  it("ends with 3 when the configuration is wrong", async () => {
    const { exitCode, findings } = await examine({ backend: "rediss" });
    expect(wordsOf(findings)).toMatch(/fail configuration: .*rediss/);
    expect(exitCode).toBe(3);
  });

  it("tells of secrets that others may read, and of certificates that are missing, old or about to be", async () => {
    const key = join(directory, "key.pem");
    const soon = join(directory, "soon.pem");
    const subject = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=localhost"];
    execFileSync("openssl", ["req", "-x509", ...subject, "-days", "3", "-keyout", key, "-out", soon], {
      stdio: "ignore",
    });
    await chmod(key, 0o644);
    const config = {
      backend: "redis",
      redis: {
        ...{ addresses: [`127.0.0.1:${await freePort()}`], dialTimeout: "500ms", password: "hunter2", tls: true },
        ...{ certFile: soon, keyFile: key, caFile: join(directory, "none.pem"), tlsSkipVerify: true },
      },
    };
    const first = await examine(config);
    expect(wordsOf(first.findings)).toContain("only its owner may read it");
    await chmod(join(directory, "cache.json"), 0o644);
    const { stdout, exitCode } = await cli(["doctor", "-c", "cache.json", "--port", String(await freePort())], {
      directory,
    });
    expect(stdout).toMatch(/warn {2}.*cache\.json: it has secrets, and others may read it \(mode 644\)/);
    expect(stdout).toMatch(/warn {2}redis\.tls: tlsSkipVerify takes any certificate/);
    expect(stdout).toMatch(/fail {2}.*none\.pem: cannot be read: there is no such file/);
    expect(stdout).toMatch(/warn {2}.*soon\.pem: valid until .* Renew it soon/);
    expect(stdout).toMatch(/warn {2}.*key\.pem: others may read this private key/);
    expect(stdout).not.toContain("hunter2");
    expect(exitCode).toBe(3);
  });

  it("knows whether the port is free, a node's, or another program's", async () => {
    await using node = await startTestNode();
    const onNode = await cli(["doctor", "--json", "--port", String(node.node.port)], {
      env: { GOCACHEX_BACKEND: "memory" },
    });
    expect(onNode.stdout).toContain("a gocachex node listens there");
    const other = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const onOther = await cli(["doctor", "--json", "--port", String(port)], { env: { GOCACHEX_BACKEND: "memory" } });
    expect(onOther.stdout).toContain("another program listens there");
    expect(onOther.exitCode).toBe(1);
    other.close();
  });

  it("asks a running node how it and its stores are, and ends with 4 when there is none", async () => {
    const node = await startTestNode();
    const address = `127.0.0.1:${node.node.port}`;
    const run = await cli(["doctor", "--node", address]);
    expect(run.stdout).toMatch(/node 127\.0\.0\.1:\d+: answers in [\s\S]*ok {4}memory: up/);
    expect([0, 1]).toContain(run.exitCode);
    await node[Symbol.asyncDispose]();
    const gone = await cli(["doctor"], { env: { GOCACHEX_NODE: address } });
    expect(gone.stdout).toMatch(/fail {2}node .*GCX_NODE_UNREACHABLE/);
    expect(gone.exitCode).toBe(4);
  });
});
