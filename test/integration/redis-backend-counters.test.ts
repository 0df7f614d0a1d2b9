import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../src/backend/counter.ts";
import { BackendUnavailableError, GocachexError, OutcomeUnknownError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { type OpenRedisBackend, openRedisBackend, standalone } from "./support/redis-backend.ts";

const CONTEXT = {};
const COUNT = { delta: 1n, initial: 0n, ttlMs: Number.POSITIVE_INFINITY, minimum: MIN_COUNTER, maximum: MAX_COUNTER };
const INCREMENT_COUNT = 10_000;
const WRITER_COUNT = 64;
const SEED = 20_261_128;
/** A connection is reset after each of about so many increments. */
const RESET_EVERY_COUNT = 300;

let server: TestServer;
let direct: OpenRedisBackend;

beforeAll(async () => {
  server = await startRedis();
  direct = await openRedisBackend(standalone(server));
});
afterAll(async () => {
  await direct.close();
  await server.stop();
});

async function counted(key: string): Promise<bigint> {
  return (await direct.increment(key, { ...COUNT, delta: 0n }, CONTEXT)).value;
}

describe.each(["coherent", "plain"] as const)(
  "counters of the %s mode over connections that are reset at random",
  (mode) => {
    let proxy: FaultProxy;
    let backend: OpenRedisBackend;
    beforeAll(async () => {
      proxy = await startFaultProxy({ target: server, seed: SEED });
      backend = await openRedisBackend(standalone(proxy), mode, {
        retryBackoff: { minMs: 1, maxMs: 10 },
        // The client would repeat most by itself, and the test would see no failure.
        maxRetries: 0,
      });
    });
    afterAll(async () => {
      await backend.close();
      await proxy.stop();
    });

    async function valueNow(key: string): Promise<bigint> {
      if (mode === "coherent") return counted(key);
      const plain = await openRedisBackend(standalone(server), "plain");
      const { value } = await plain.increment(key, { ...COUNT, delta: 0n }, CONTEXT);
      await plain.close();
      return value;
    }

    /** Runs ten thousand calls, some hundred at a time, and resets every connection now and then. */
    async function runWithResets(call: (index: number) => Promise<void>): Promise<number> {
      const random = createSeededRandom(SEED);
      let next = 0;
      let resetCount = 0;
      const work = async (): Promise<void> => {
        while (next < INCREMENT_COUNT) {
          const index = next;
          next += 1;
          if (random.next() < 1 / RESET_EVERY_COUNT) {
            proxy.resetAll();
            resetCount += 1;
          }
          await call(index);
        }
      };
      await Promise.all(Array.from({ length: 200 }, work));
      return resetCount;
    }

    it("never count above what was acknowledged and what was reported unknown", async () => {
      let acknowledged = 0n;
      let unknown = 0n;
      let unsent = 0;
      const resets = await runWithResets(async () => {
        try {
          await backend.increment(`${mode} n`, COUNT, CONTEXT);
          acknowledged += 1n;
        } catch (error) {
          if (error instanceof OutcomeUnknownError) unknown += 1n;
          else if (error instanceof BackendUnavailableError) unsent += 1;
          else throw error;
          await nextTurn();
        }
      });
      const value = await valueNow(`${mode} n`);
      expect(resets).toBeGreaterThan(5);
      expect(value, `${unsent} unsent`).toBeGreaterThanOrEqual(acknowledged);
      expect(value).toBeLessThanOrEqual(acknowledged + unknown);
      expect(Number(acknowledged + unknown) + unsent).toBe(INCREMENT_COUNT);
      expect(acknowledged).toBeGreaterThan(0n);
    });

    it("count exactly when every call with an opId is repeated until it is acknowledged", async () => {
      let repeatedCount = 0;
      await runWithResets(async (index) => {
        for (;;) {
          try {
            await backend.increment(`${mode} exact`, { ...COUNT, opId: `op ${index}` }, CONTEXT);
            return;
          } catch (error) {
            if (!(error instanceof GocachexError)) throw error;
            repeatedCount += 1;
            await nextTurn();
          }
        }
      });
      expect(repeatedCount).toBeGreaterThan(0);
      expect(await valueNow(`${mode} exact`)).toBe(BigInt(INCREMENT_COUNT));
    });
  },
);

describe("64 writers of one key, of two clients", () => {
  it.each([[[]], [["a tag"]]])("lose no conditional write, with tags %j", async (tags) => {
    const other = await openRedisBackend(standalone(server));
    const key = `contended ${tags.length}`;
    const rounds = 5;
    const add = async (client: OpenRedisBackend): Promise<void> => {
      for (;;) {
        const entry = await client.get(key, CONTEXT);
        const next = entry === undefined ? 1 : Number(String(entry.value)) + 1;
        const condition =
          entry === undefined ? ({ kind: "absent" } as const) : ({ kind: "version", version: entry.version } as const);
        const write = { value: Buffer.from(String(next)), ttlMs: 60_000, tags, condition };
        if ((await client.set(key, write, CONTEXT)).stored) return;
      }
    };
    await Promise.all(
      Array.from({ length: WRITER_COUNT }, async (_, index) => {
        for (let round = 0; round < rounds; round += 1) await add(index % 2 === 0 ? direct : other);
      }),
    );
    expect(String((await direct.get(key, CONTEXT))?.value)).toBe(String(WRITER_COUNT * rounds));
    await other.close();
  });

  it("count together to the last one, beyond 2^53 too", async () => {
    const other = await openRedisBackend(standalone(server));
    const initial = 2n ** 53n - 100n;
    const results = await Promise.all(
      Array.from({ length: WRITER_COUNT * 10 }, (_, index) =>
        (index % 2 === 0 ? direct : other).increment("big", { ...COUNT, initial }, CONTEXT),
      ),
    );
    expect(new Set(results.map(({ value }) => value)).size).toBe(WRITER_COUNT * 10);
    expect(await counted("big")).toBe(initial + BigInt(WRITER_COUNT * 10));
    await other.close();
  });
});
