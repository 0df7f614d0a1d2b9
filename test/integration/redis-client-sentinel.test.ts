import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisSentinelSetup, startRedisSentinel } from "../../scripts/servers/start-redis-sentinel.ts";
import { waitUntil } from "../../scripts/servers/wait-until.ts";
import { createRedisClient } from "../../src/clients/redis/create-redis-client.ts";
import type { RedisSettings } from "../../src/clients/redis/redis-settings.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import {
  outcomeOf,
  READ,
  redisHost,
  redisSettings,
  WRITE,
  withRedisClient,
} from "./support/redis-client-under-test.ts";

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

  it("asks no other sentinel once it is closed", async () => {
    const [held, other] = (await Promise.all(
      setup.sentinels.slice(0, 2).map(({ host, port }) => startFaultProxy({ target: { host, port } })),
    )) as [FaultProxy, FaultProxy];
    held.set({ blackHolesReplies: true });
    const through = settings();
    const addresses = [held, other].map(({ host, port }) => `${host}:${port}`);
    const topology = { ...through.topology, addresses } as RedisSettings["topology"];
    const client = createRedisClient({ ...through, topology }, redisHost());
    try {
      const connecting = outcomeOf(client.connect());
      await waitUntil("the first question", 5_000, async () => held.connectionCount() === 1);
      await client.close();
      expect(await connecting).not.toBe("OK");
      // A connection that was opened now would be ended by nobody, and keep the process alive.
      expect(other.connectionCount()).toBe(0);
    } finally {
      await Promise.all([held.stop(), other.stop()]);
    }
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
