import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { waitUntil } from "../../scripts/servers/wait-until.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import {
  outcomeOf,
  READ,
  redisSettings,
  SAFE_WRITE,
  SHORT,
  timed,
  WRITE,
  withRedisClient,
} from "./support/redis-client-under-test.ts";

const TOLERANCE_MS = 20;

describe("a Redis client on a broken network", () => {
  let server: TestServer;
  let proxy: FaultProxy;
  const address = (): string => `127.0.0.1:${proxy.port}`;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  async function withProxy<T>(body: () => Promise<T>): Promise<T> {
    proxy = await startFaultProxy({ target: server });
    try {
      return await body();
    } finally {
      await proxy.stop();
    }
  }

  it("fails fast while the server is down, and is there when it is back", () =>
    withProxy(async () => {
      proxy.set({ refusesConnections: true });
      await withRedisClient(redisSettings(address()), async (client) => {
        await expect(client.connect()).rejects.toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE" });
        const { result, tookMs } = await timed(() =>
          Promise.all([
            outcomeOf(client.call(0, ["GET", "a"], READ)),
            outcomeOf(client.call(0, ["SET", "a", "1"], WRITE)),
          ]),
        );
        expect(result).toEqual(["BackendUnavailableError", "BackendUnavailableError"]);
        expect(tookMs).toBeLessThan(1_000);
        proxy.set({ refusesConnections: false });
        await waitUntil("the background attempt", 5_000, () => client.call(0, ["SET", "a", "1"], WRITE));
      });
    }));

  it("says of a hung server that a read timed out and that a write is unknown, each within its deadline", () =>
    withProxy(async () => {
      await withRedisClient(redisSettings(address(), SHORT), async (client) => {
        await client.connect();
        proxy.set({ blackHolesReplies: true });
        const { result, tookMs, heldUpMs } = await timed(() =>
          Promise.all([
            outcomeOf(client.call(0, ["GET", "a"], READ)),
            outcomeOf(client.call(0, ["SET", "a", "1"], WRITE)),
            outcomeOf(client.call(0, ["SET", "a", "1"], SAFE_WRITE)),
          ]),
        );
        expect(result).toEqual(["BackendTimeoutError", "OutcomeUnknownError", "OutcomeUnknownError"]);
        expect(tookMs).toBeGreaterThanOrEqual(399);
        expect(tookMs).toBeLessThan(400 + TOLERANCE_MS + heldUpMs);
      });
    }));

  it("settles 10,000 calls in flight to a hung server within the deadline", () =>
    withProxy(async () => {
      await withRedisClient(
        redisSettings(address(), { readTimeoutMs: 1_000, poolTimeoutMs: 1_000 }),
        async (client) => {
          await client.connect();
          proxy.set({ blackHolesReplies: true });
          const startedAt = performance.now();
          let lastAt = 0;
          const { result, busyMs } = await timed(() =>
            Promise.all(
              Array.from({ length: 10_000 }, (_, index) =>
                outcomeOf(client.call(0, ["GET", `key-${index}`], READ)).then((outcome) => {
                  lastAt = performance.now() - startedAt;
                  return outcome;
                }),
              ),
            ),
          );
          expect([...new Set(result)].sort()).toEqual(["BackendTimeoutError"]);
          // Making ten thousand calls and as many errors takes its time; what a deadline adds to that is what is looked at.
          expect(lastAt).toBeLessThan(1_000 + TOLERANCE_MS + 1.2 * busyMs);
        },
      );
    }));

  it("never gives a reply that comes late to the next caller", () =>
    withProxy(async () => {
      await withRedisClient(redisSettings(address(), { ...SHORT, poolSize: 1 }), async (client) => {
        await client.connect();
        await client.call(0, ["MSET", "first", "1", "second", "2"], WRITE);
        proxy.set({ blackHolesReplies: true });
        expect(await outcomeOf(client.call(0, ["GET", "first"], READ))).toBe("BackendTimeoutError");
        const second = outcomeOf(client.call(0, ["GET", "second"], READ));
        proxy.set({ blackHolesReplies: false });
        expect(await second).toBe("2");
        expect(client.connections()[0]).toMatchObject({ open: 1, inFlight: 0 });
      });
    }));

  it("gives up a half-open link and goes on with a new one", () =>
    withProxy(async () => {
      await withRedisClient(redisSettings(address(), { ...SHORT, poolSize: 1 }), async (client, host) => {
        await client.connect();
        proxy.set({ blackHolesRequests: true });
        expect(await outcomeOf(client.call(0, ["GET", "a"], READ))).toBe("BackendTimeoutError");
        await waitUntil("the link to be given up", 3_000, async () =>
          host.notices.some((notice) => notice.kind === "connection" && notice.state === "lost"),
        );
        proxy.set({ blackHolesRequests: false });
        await waitUntil("a new link", 5_000, () => client.call(0, ["GET", "a"], READ).then(() => true));
      });
    }));

  it("opens a second connection beside one that owes a reply", () =>
    withProxy(async () => {
      await withRedisClient(redisSettings(address(), { poolSize: 2, readTimeoutMs: 600 }), async (client) => {
        await client.connect();
        const blocked = outcomeOf(client.call(0, ["BLPOP", "empty-list", "3"], READ));
        expect(await blocked).toBe("BackendTimeoutError");
        await waitUntil("another connection", 3_000, async () => client.connections()[0]?.open === 2);
        expect(await outcomeOf(client.call(0, ["ECHO", "free"], READ))).toBe("free");
      });
    }));

  it("says of a reset that writes in flight are unknown, and sends reads again", () =>
    withProxy(async () => {
      const settings = redisSettings(address(), { maxRetries: 3, poolSize: 1 });
      await withRedisClient(settings, async (client) => {
        await client.connect();
        await client.call(0, ["SET", "kept", "value"], WRITE);
        await client.call(0, ["DEL", "counter"], WRITE);
        proxy.set({ blackHolesReplies: true });
        const calls = [
          client.call(0, ["GET", "kept"], READ),
          client.call(0, ["INCR", "counter"], WRITE),
          client.call(0, ["SET", "kept", "value"], SAFE_WRITE),
        ].map(outcomeOf);
        await waitUntil("the write to arrive", 2_000, async () => (await readCounter()) === 1);
        proxy.resetAll();
        proxy.set({ blackHolesReplies: false });
        expect(await Promise.all(calls)).toEqual(["value", "OutcomeUnknownError", "OK"]);
        expect(await readCounter()).toBe(1);
      });
    }));

  async function readCounter(): Promise<number> {
    return withRedisClient(redisSettings(`${server.host}:${server.port}`), async (client) =>
      Number(String(await client.call(0, ["GET", "counter"], READ))),
    );
  }

  it("counts no increment twice over a link that is reset at random", { timeout: 40_000 }, () =>
    withProxy(async () => {
      const settings = redisSettings(address(), {
        maxRetries: 3,
        poolSize: 2,
      });
      await withRedisClient(settings, async (client) => {
        await client.connect();
        await client.call(0, ["DEL", "counter"], WRITE);
        proxy.set({ latencyMs: 1, jitterMs: 2, sliceBytes: 512 });
        const outcomes = new Map<string, number>();
        let started = 0;
        const resets = setInterval(() => proxy.resetAll(), 25);
        const worker = async (): Promise<void> => {
          while (started < 10_000) {
            started += 1;
            const outcome = await outcomeOf(
              client.call(0, ["INCR", "counter"], { operation: "increment", kind: "write" }),
            );
            const kind = /^\d+$/.test(outcome) ? "acknowledged" : outcome;
            outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
            // A call that fails fast must not use up all attempts while the link is down.
            if (kind === "BackendUnavailableError") await new Promise((resolve) => setTimeout(resolve, 2));
          }
        };
        await Promise.all(Array.from({ length: 200 }, worker));
        clearInterval(resets);
        const counter = await readCounter();
        const acknowledged = outcomes.get("acknowledged") ?? 0;
        const unknown = outcomes.get("OutcomeUnknownError") ?? 0;
        expect(
          [...outcomes.keys()].filter(
            (kind) => !/^(acknowledged|OutcomeUnknownError|BackendUnavailableError)$/.test(kind),
          ),
        ).toEqual([]);
        expect(unknown).toBeGreaterThan(0);
        expect(counter).toBeGreaterThanOrEqual(acknowledged);
        expect(counter).toBeLessThanOrEqual(acknowledged + unknown);
      });
    }),
  );

  it("reads replies that come in single bytes, and slowly", () =>
    withProxy(async () => {
      await withRedisClient(redisSettings(address()), async (client) => {
        proxy.set({ sliceBytes: 1, latencyMs: 2 });
        await client.connect();
        const value = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 256));
        await client.call(0, ["SET", "sliced", value], WRITE);
        const replies = await Promise.all([
          client.call(0, ["MGET", "sliced", "missing"], READ),
          client.call(0, ["GET", "missing"], READ),
          client.call(0, ["STRLEN", "sliced"], READ),
        ]);
        expect(replies).toEqual([[value, null], null, 300]);
      });
    }));

  it("waits no longer than the write deadline for a socket that takes nothing, and never sends what it gave up", () =>
    withProxy(async () => {
      await withRedisClient(
        redisSettings(address(), { ...SHORT, poolSize: 1, readTimeoutMs: 15_000 }),
        async (client) => {
          await client.connect();
          await client.call(0, ["DEL", "stuck"], WRITE);
          proxy.set({ blackHolesRequests: true });
          const large = Buffer.alloc(8 * 1_024 * 1_024);
          const filler = [1, 2, 3].map((index) => outcomeOf(client.call(0, ["SET", `large-${index}`, large], WRITE)));
          await new Promise((resolve) => setImmediate(resolve));
          const { result, tookMs, heldUpMs } = await timed(() => outcomeOf(client.call(0, ["INCR", "stuck"], WRITE)));
          expect(result).toBe("BackendUnavailableError");
          expect(tookMs).toBeLessThan(400 + TOLERANCE_MS + heldUpMs);
          proxy.set({ blackHolesRequests: false });
          await Promise.all(filler);
          expect(await outcomeOf(client.call(0, ["EXISTS", "stuck"], READ))).toBe("0");
        },
      );
    }));

  it("refuses at once what is more than may wait", () =>
    withProxy(async () => {
      await withRedisClient(redisSettings(address(), { ...SHORT, poolSize: 1 }), async (client) => {
        await client.connect();
        proxy.set({ blackHolesReplies: true });
        const outcomes = await Promise.all(
          Array.from({ length: 35_000 }, () => outcomeOf(client.call(0, ["PING"], READ))),
        );
        const counts = (name: string): number => outcomes.filter((outcome) => outcome === name).length;
        expect(counts("BackendTimeoutError")).toBe(16_384);
        expect(counts("BackendOverloadedError")).toBe(35_000 - 16_384);
      });
    }));
});
