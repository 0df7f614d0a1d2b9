import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificates, makeCertificates } from "../../scripts/servers/make-certificates.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { waitUntil } from "../../scripts/servers/wait-until.ts";
import { RedisServerError } from "../../src/clients/redis/redis-reply.ts";
import { defineRedisScript } from "../../src/clients/redis/redis-script.ts";
import type { TlsSettings } from "../../src/clients/tls-settings.ts";
import { outcomeOf, READ, redisSettings, timed, WRITE, withRedisClient } from "./support/redis-client-under-test.ts";

const ECHO_SCRIPT = defineRedisScript("echo", "return {KEYS[1], ARGV[1], 7}");

describe("a Redis client connects", () => {
  let certificates: Certificates;
  let plain: TestServer;
  let encrypted: TestServer;

  beforeAll(async () => {
    // Loading the library is no part of what is timed.
    await import("@redis/client");
    certificates = makeCertificates();
    const users = [
      { name: "app", password: "one" },
      { name: "limited", password: "two", rules: ["~*", "+get", "+set", "+ping"] },
    ];
    [plain, encrypted] = await Promise.all([
      startRedis({ password: "secret", users, hasUnixSocket: true }),
      startRedis({ tls: { certificates, requiresClientCertificate: true } }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([plain.stop(), encrypted.stop()]);
    certificates.remove();
  });

  const address = (): string => `127.0.0.1:${plain.port}`;
  const credentials = { username: undefined, password: "secret" };
  const clientTls = (changes: Partial<TlsSettings> = {}): TlsSettings => ({
    isVerified: true,
    caFile: certificates.caFile,
    certFile: certificates.clientCertFile,
    keyFile: certificates.clientKeyFile,
    serverName: "localhost",
    ...changes,
  });

  it("with the default user's password, an account, and a database of its own", async () => {
    await withRedisClient(redisSettings(address(), { credentials, db: 3 }), async (client) => {
      await client.connect();
      await client.call(0, ["SET", "where", "three"], WRITE);
      expect(client.features()[0]).toMatchObject({
        mode: "standalone",
        server: expect.stringMatching(/^(redis|valkey) \d/),
      });
      expect(Math.abs(client.clockOffsetMs(0))).toBeLessThan(1_000);
    });
    const app = redisSettings(address(), { credentials: { username: "app", password: "one" }, db: 0 });
    await withRedisClient(app, async (client) => {
      await client.connect();
      expect(await client.call(0, ["GET", "where"], READ)).toBeNull();
      await client.call(0, ["SELECT", "3"], READ);
      expect(String(await client.call(0, ["GET", "where"], READ))).toBe("three");
    });
  });

  it("with an account that may not ask for anything but its keys", async () => {
    const limited = redisSettings(address(), { credentials: { username: "limited", password: "two" } });
    await withRedisClient(limited, async (client) => {
      await client.connect();
      expect(await outcomeOf(client.call(0, ["GET", "nothing"], READ))).toBe("null");
      expect(client.features()[0]?.server).toBeUndefined();
      const refused = client.call(0, ["DEL", "nothing"], WRITE);
      await expect(refused).rejects.toBeInstanceOf(RedisServerError);
      await expect(refused).rejects.toMatchObject({ prefix: "NOPERM" });
    });
  });

  it("not with a wrong password, and says why without showing it", async () => {
    const wrong = redisSettings(address(), { credentials: { username: undefined, password: "wrong-word" } });
    await withRedisClient(wrong, async (client) => {
      const error: unknown = await client.connect().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE", message: expect.stringContaining("WRONGPASS") });
      expect(String(error)).not.toContain("wrong-word");
      expect(await outcomeOf(client.call(0, ["GET", "a"], READ))).toBe("BackendUnavailableError");
    });
  });

  it("not without a password where one is asked for", async () => {
    await withRedisClient(redisSettings(address()), async (client) => {
      await expect(client.connect()).rejects.toMatchObject({ message: expect.stringContaining("NOAUTH") });
    });
  });

  it("through a Unix socket", async () => {
    await withRedisClient(redisSettings(plain.unixSocket as string, { credentials }), async (client) => {
      await client.connect();
      expect(await outcomeOf(client.call(0, ["ECHO", "here"], READ))).toBe("here");
    });
  });

  it("with TLS and a client's certificate", async () => {
    const settings = redisSettings(`127.0.0.1:${encrypted.port}`, { tls: clientTls() });
    await withRedisClient(settings, async (client) => {
      await client.connect();
      expect(await outcomeOf(client.call(0, ["ECHO", "sealed"], READ))).toBe("sealed");
    });
  });

  it.each([
    ["a server that another authority signed", { caFile: "strangerCaFile" }],
    [
      "a client's certificate that another authority signed",
      { certFile: "strangerCertFile", keyFile: "strangerKeyFile" },
    ],
    ["no client's certificate", { certFile: undefined, keyFile: undefined }],
    ["another name in the certificate", { serverName: "elsewhere.example" }],
    ["a file that is not there", { caFile: "/nowhere/ca.crt" }],
  ] as const)("not with TLS and %s", async (_what, changes) => {
    const files = Object.fromEntries(
      Object.entries(changes).map(([field, value]) => [field, certificates[value as keyof Certificates] ?? value]),
    );
    const settings = redisSettings(`127.0.0.1:${encrypted.port}`, { tls: clientTls(files) });
    await withRedisClient(settings, async (client) => {
      const { result, tookMs } = await timed(() => client.connect().catch((error: unknown) => error));
      expect(result).toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE" });
      expect(tookMs).toBeLessThan(10_000);
    });
  });

  it("not in plain text to a server that encrypts", async () => {
    await withRedisClient(redisSettings(`127.0.0.1:${encrypted.port}`), async (client) => {
      await expect(client.connect()).rejects.toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE" });
    });
  });

  it("within the dial deadline to a server that accepts and is silent, and leaves no socket behind", async () => {
    let open = 0;
    const silent = createServer((socket) => {
      open += 1;
      socket
        .on("error", () => undefined)
        .on("close", () => {
          open -= 1;
        });
      socket.resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const settings = redisSettings(`127.0.0.1:${port}`, {
      dialTimeoutMs: 200,
      retryBackoff: { minMs: 10_000, maxMs: 10_000 },
    });
    await withRedisClient(settings, async (client) => {
      const { result, tookMs, heldUpMs } = await timed(() => client.connect().catch((error: unknown) => error));
      expect(result).toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE" });
      expect(tookMs).toBeLessThan(220 + heldUpMs);
      await waitUntil("the socket to be closed", 2_000, async () => open === 0);
    });
    await new Promise((resolve) => silent.close(resolve));
  });

  it("anew before its credentials end, with the next ones, and loses no call", async () => {
    let asked = 0;
    const renewing = () => {
      asked += 1;
      return { username: undefined, password: "secret", expiresAtMs: Date.now() + 1_000 };
    };
    await withRedisClient(redisSettings(address(), { credentials: renewing }), async (client) => {
      await client.connect();
      const outcomes = new Set<string>();
      await waitUntil("two renewals", 15_000, async () => {
        outcomes.add(await outcomeOf(client.call(0, ["ECHO", "on"], READ)));
        return asked >= 3;
      });
      expect([...outcomes]).toEqual(["on"]);
      await waitUntil("the old ones to be closed", 2_000, async () => client.connections()[0]?.open === 1);
    });
  });

  it("and runs scripts that a server forgot", async () => {
    await withRedisClient(redisSettings(address(), { credentials }), async (client) => {
      for (let round = 0; round < 3; round += 1) {
        await client.call(0, ["SCRIPT", "FLUSH"], WRITE);
        const replies = await Promise.all(
          Array.from({ length: 20 }, () => client.runScript(0, ECHO_SCRIPT, ["key"], [Buffer.from([0, 255])], WRITE)),
        );
        for (const reply of replies) expect(reply).toEqual([Buffer.from("key"), Buffer.from([0, 255]), 7]);
      }
    });
  });

  it("and is let go of by a signal at once; what was not sent is never sent", async () => {
    await withRedisClient(redisSettings(address(), { credentials }), async (client) => {
      await client.connect();
      await client.call(0, ["DEL", "aborted"], WRITE);
      const controller = new AbortController();
      const call = client.call(0, ["INCR", "aborted"], {
        operation: "increment",
        kind: "write",
        signal: controller.signal,
      });
      controller.abort(new Error("enough"));
      await expect(call).rejects.toThrow("enough");
      expect(await outcomeOf(client.call(0, ["EXISTS", "aborted"], READ))).toBe("0");
    });
  });

  it("and closes connections beyond the first that are not used", async () => {
    const settings = redisSettings(address(), { credentials, idleTimeoutMs: 100, idleCheckMs: 30 });
    await withRedisClient(settings, async (client) => {
      await client.connect();
      await waitUntil("a second connection", 5_000, async () => {
        await Promise.all(Array.from({ length: 3_000 }, () => client.call(0, ["PING"], READ)));
        return (client.connections()[0]?.open ?? 0) > 1;
      });
      await waitUntil("only one to be left", 3_000, async () => client.connections()[0]?.open === 1);
      expect(await outcomeOf(client.call(0, ["ECHO", "on"], READ))).toBe("on");
    });
  });
});
