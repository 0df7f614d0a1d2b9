import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { RedisArgument } from "../../src/clients/redis/redis-client.ts";
import { outcomeOf, READ, redisSettings, WRITE, withRedisClient } from "./support/redis-client-under-test.ts";

const CALL_COUNT = 120;

describe("calls that share a turn and a connection", () => {
  let server: TestServer;
  const address = (): string => `127.0.0.1:${server.port}`;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(() => server.stop());

  it("each have their own reply, also beside errors of the server and words that are none", async () => {
    await withRedisClient(redisSettings(address(), { poolSize: 1 }), async (client) => {
      await client.connect();
      await client.call(0, ["RPUSH", "list", "item"], WRITE);
      const wordsOf = (index: number): readonly RedisArgument[] => {
        if (index % 7 === 3) return ["GET", "list"];
        if (index % 7 === 5) return ["ECHO", index as unknown as string];
        return ["ECHO", String(index)];
      };
      const expectedOf = (index: number): string => {
        if (index % 7 === 3) return "RedisServerError";
        return index % 7 === 5 ? "TypeError" : String(index);
      };
      const indexes = Array.from({ length: CALL_COUNT }, (_, index) => index);
      for (let round = 0; round < 3; round += 1) {
        const outcomes = await Promise.all(indexes.map((index) => outcomeOf(client.call(0, wordsOf(index), READ))));
        expect(outcomes).toEqual(indexes.map(expectedOf));
      }
      expect(client.connections()[0]).toMatchObject({ open: 1, inFlight: 0, waiting: 0 });
    });
  });

  it("each have their own reply when others among them are let go of before they are sent, which are never sent", async () => {
    await withRedisClient(redisSettings(address(), { poolSize: 1 }), async (client) => {
      await client.connect();
      const isLeft = (index: number): boolean => index % 3 === 0 || index >= CALL_COUNT - 5;
      const calls = Array.from({ length: CALL_COUNT }, (_, index) => {
        const controller = new AbortController();
        const options = { ...WRITE, signal: controller.signal };
        return {
          controller,
          outcome: outcomeOf(client.call(0, ["APPEND", `entry:${index}`, "x".repeat(index + 1)], options)),
        };
      });
      for (const [index, { controller }] of calls.entries())
        if (isLeft(index)) controller.abort(new RangeError("left"));
      const outcomes = await Promise.all(calls.map(({ outcome }) => outcome));
      expect(outcomes).toEqual(calls.map((_, index) => (isLeft(index) ? "RangeError" : String(index + 1))));
      expect(client.connections()[0]).toMatchObject({ open: 1, inFlight: 0, waiting: 0 });
      const kept = calls.filter((_, index) => !isLeft(index)).length;
      const keys = calls.map((_, index) => `entry:${index}`);
      expect(await outcomeOf(client.call(0, ["EXISTS", ...keys], READ))).toBe(String(kept));
    });
  });
});
