import { existsSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { askServer, type QuestionTls } from "../../scripts/servers/ask-server.ts";
import { ensureServers } from "../../scripts/servers/ensure-servers.ts";
import { type Certificates, clientTls, makeCertificates } from "../../scripts/servers/make-certificates.ts";
import { openRedisControl, runRedisCommand } from "../../scripts/servers/redis-control.ts";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis, startValkey } from "../../scripts/servers/start-redis.ts";
import { sharedServer, type TestServer } from "../../scripts/servers/test-server.ts";

const running: TestServer[] = [];
let certificates: Certificates;
let tls: QuestionTls;
let anonymous: QuestionTls;

beforeAll(() => {
  certificates = makeCertificates();
  tls = clientTls(certificates);
  anonymous = { ca: tls.ca };
});

afterAll(() => {
  certificates.remove();
  certificates.remove();
  expect(existsSync(certificates.folder)).toBe(false);
});

afterEach(async () => void (await Promise.all(running.splice(0).map((server) => server.stop()))));

async function keep(starting: Promise<TestServer>): Promise<TestServer> {
  const server = await starting;
  running.push(server);
  return server;
}

describe("a redis for tests", () => {
  it("speaks TLS at its only port", async () => {
    const redis = await keep(startRedis({ tls: { certificates } }));
    expect(await askServer(redis, "PING\r\n", anonymous)).toBe("+PONG\r\n");
    await expect(askServer(redis, "PING\r\n")).rejects.toThrow(/closed|reset/i);
  });

  it("lets in only clients with a certificate of its authority", async () => {
    const redis = await keep(startRedis({ tls: { certificates, requiresClientCertificate: true } }));
    expect(await askServer(redis, "PING\r\n", tls)).toBe("+PONG\r\n");
    await expect(askServer(redis, "PING\r\n", anonymous)).rejects.toThrow();
  });

  it("has a password and accounts with rules of their own", async () => {
    const reader = { name: "reader", password: "r-secret", rules: ["~shared:*", "+@read", "-@dangerous"] };
    const redis = await keep(startRedis({ password: "secret", users: [reader, { name: "all", password: "a" }] }));
    expect(await askServer(redis, "PING\r\n")).toMatch(/^-NOAUTH/);
    expect(await runRedisCommand(redis, ["PING"], { password: "secret" })).toBe("PONG");
    const control = openRedisControl(redis);
    await control.call("AUTH", "reader", "r-secret");
    expect(await control.call("GET", "shared:key")).toBeNull();
    await expect(control.call("GET", "other")).rejects.toThrow(/NOPERM/);
    await expect(control.call("SET", "shared:key", 1)).rejects.toThrow(/NOPERM/);
    await control.call("AUTH", "all", "a");
    expect(await control.call("SET", "other", 1)).toBe("OK");
    control.close();
  });

  it("listens at a Unix socket too", async () => {
    const redis = await keep(startRedis({ hasUnixSocket: true }));
    expect(await askServer({ path: redis.unixSocket as string }, "PING\r\n")).toBe("+PONG\r\n");
    expect(await askServer(redis, "PING\r\n")).toBe("+PONG\r\n");
  });

  it("answers a control connection with every kind of reply, in order", async () => {
    const redis = await keep(startRedis());
    const control = openRedisControl(redis);
    const replies = await Promise.all([
      control.call("SET", "key", "é\r\n"),
      control.call("GET", "key"),
      control.call("STRLEN", "key"),
      control.call("GET", "missing"),
      control.call("EVAL", "return {1,'two',{false,'three'}}", 0),
    ]);
    expect(replies).toEqual(["OK", "é\r\n", 4, null, [1, "two", [null, "three"]]]);
    await expect(control.call("NOSUCH")).rejects.toThrow(/unknown command/);
    control.close();
    await expect(control.call("PING")).rejects.toThrow(/closed/);
  });
});

describe("a valkey for tests", () => {
  it("is a Redis of its own kind where the machine has one, and nothing where it has none", async () => {
    const { valkey } = ensureServers();
    const server = await startValkey();
    if (valkey === undefined) return expect(server).toBeUndefined();
    const info = String(
      await runRedisCommand((await keep(Promise.resolve(server as TestServer))) as TestServer, ["INFO"]),
    );
    expect(info).toMatch(/server_name:valkey|valkey_version/);
  });
});

describe("a memcached for tests", () => {
  it("speaks TLS, and asks for certificates where it should", async () => {
    const open = await keep(startMemcached({ tls: { certificates } }));
    expect(await askServer(open, "version\r\n", anonymous)).toContain("VERSION");
    const strict = await keep(startMemcached({ tls: { certificates, requiresClientCertificate: true } }));
    expect(await askServer(strict, "version\r\n", tls)).toContain("VERSION");
    await expect(askServer(strict, "version\r\n", anonymous)).rejects.toThrow();
  });

  it("asks for a name and a password", async () => {
    const memcached = await keep(startMemcached({ passwords: { alice: "secret" } }));
    expect(await askServer(memcached, "mg a v\r\n")).toMatch(/^CLIENT_ERROR unauthenticated/);
    expect(await askServer(memcached, "set a 0 0 12\r\nalice secret\r\n")).toBe("STORED\r\n");
    expect(await askServer(memcached, "set a 0 0 11\r\nalice wrong\r\n")).toMatch(/^CLIENT_ERROR/);
  });

  it("demands SASL: it hangs up on text of 24 bytes, and does not answer less", async () => {
    const memcached = await keep(startMemcached({ demandsSasl: true }));
    await expect(askServer(memcached, `mg ${"k".repeat(50)} v\r\n`)).rejects.toThrow(/closed|reset/i);
    await expect(askServer(memcached, "version\r\n")).rejects.toThrow(/did not answer/);
  });

  it("has the item size and the memory that were asked for", async () => {
    const memcached = await keep(startMemcached({ maxItemBytes: 4_096, memoryMebibytes: 2 }));
    const settings = await askServer(memcached, "stats settings\r\n");
    expect(settings).toContain("STAT item_size_max 4096");
    expect(settings).toContain("STAT maxbytes 2097152");
  });

  it("listens at a Unix socket", async () => {
    const memcached = await keep(startMemcached({ hasUnixSocket: true }));
    expect(await askServer({ path: memcached.unixSocket as string }, "version\r\n")).toContain("VERSION");
  });
});

describe("a shared server that was named", () => {
  it("refuses everything that a running server cannot be asked for", () => {
    const address = { host: "127.0.0.1", port: 1 };
    for (const wish of [{ tls: { certificates } }, { hasUnixSocket: true }, { password: "x" }, { port: 5 }]) {
      expect(() => sharedServer(address, wish, "memcached")).toThrow(/Install memcached/);
    }
    expect(sharedServer(address, { args: [], port: undefined, hasUnixSocket: false }, "memcached").port).toBe(1);
  });
});
