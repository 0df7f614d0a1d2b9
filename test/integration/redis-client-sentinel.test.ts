import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisSentinelSetup, startRedisSentinel } from "../../scripts/servers/start-redis-sentinel.ts";
import { waitUntil } from "../../scripts/servers/wait-until.ts";
import type { RedisSettings } from "../../src/clients/redis/redis-settings.ts";
import { outcomeOf, READ, redisSettings, WRITE, withRedisClient } from "./support/redis-client-under-test.ts";

describe("a Redis client behind sentinels", () => {
  let setup: RedisSentinelSetup;

  beforeAll(async () => {
    setup = await startRedisSentinel({ sentinelPassword: "watch", password: "data" });
  });
  afterAll(() => setup.stop());

  const settings = (changes: Partial<RedisSettings> = {}): RedisSettings => ({
    ...redisSettings("", {
      credentials: { username: undefined, password: "data" },
      maxRetries: 8,
      retryBackoff: { minMs: 20, maxMs: 400 },
      ...changes,
    }),
    topology: {
      kind: "sentinel",
      name: setup.name,
      addresses: ["127.0.0.1:1", setup.sentinelAddresses[0] as string],
      credentials: { username: undefined, password: "watch" },
    },
  });

  it("finds the primary through a sentinel, past one that is not there", async () => {
    await withRedisClient(settings(), async (client) => {
      await client.connect();
      expect(await outcomeOf(client.call(0, ["SET", "a", "1"], WRITE))).toBe("OK");
      const primary = await setup.primary();
      expect(client.addressOfSlot(0)).toBe(`127.0.0.1:${primary.announcedPort}`);
      expect(String(await client.primaries()[0]?.call(["ROLE"], READ))).toMatch(/^master/);
    });
  });

  it("says what it could not find", async () => {
    const nameless = settings();
    const topology = { ...nameless.topology, name: "nobody" } as RedisSettings["topology"];
    await withRedisClient({ ...nameless, topology }, async (client) => {
      await expect(client.connect()).rejects.toMatchObject({
        code: "GCX_BACKEND_UNAVAILABLE",
        message: expect.stringContaining('knows no primary named "nobody"'),
      });
      expect(await outcomeOf(client.call(0, ["GET", "a"], READ))).toBe("BackendUnavailableError");
    });
  });

  it("goes to the next primary when the first is killed, and writes nothing to the old one", {
    timeout: 60_000,
  }, async () => {
    await withRedisClient(settings(), async (client) => {
      await client.connect();
      const old = await setup.primary();
      const outcomes: string[] = [];
      let isRunning = true;
      const caller = (async () => {
        while (isRunning) {
          outcomes.push(
            await outcomeOf(client.call(0, ["INCR", "counter"], { operation: "increment", kind: "write" })),
          );
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      })();
      await waitUntil("some increments", 5_000, async () => outcomes.length > 20);
      old.signal("SIGKILL");
      const next = await setup.waitForNewPrimary(old);
      await waitUntil(
        "the client to follow",
        10_000,
        async () => client.addressOfSlot(0) === `127.0.0.1:${next.announcedPort}`,
      );
      const reached = outcomes.length;
      await waitUntil(
        "increments on the new one",
        10_000,
        async () => outcomes.slice(reached).filter((o) => /^\d+$/.test(o)).length > 20,
      );
      isRunning = false;
      await caller;
      const kinds = new Set(outcomes.filter((outcome) => !/^\d+$/.test(outcome)));
      for (const kind of kinds) expect(["OutcomeUnknownError", "BackendUnavailableError"]).toContain(kind);
      await setup.restart(old);
      expect(await outcomeOf(client.call(0, ["SET", "after", "1"], WRITE))).toBe("OK");
    });
  });
});
