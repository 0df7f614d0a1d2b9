import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Backend } from "../../src/backend/backend.ts";
import { type CounterRequest, type CounterResult, MAX_COUNTER, MIN_COUNTER } from "../../src/backend/counter.ts";
import { digestOf } from "../../src/backends/memcached/counted-operation.ts";
import { reservedKey } from "../../src/backends/memcached/reserved-key.ts";
import { BackendError, OutcomeUnknownError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { openGated, openMemcached } from "./support/memcached-target.ts";

let server: TestServer;
let direct: Backend;
let keyCount = 0;

beforeAll(async () => {
  server = await startMemcached();
  direct = await openMemcached(server);
});

afterAll(async () => {
  await direct.close();
  await server.stop();
});

const NEVER = Number.POSITIVE_INFINITY;
const COUNT: CounterRequest = { delta: 1n, initial: 0n, ttlMs: NEVER, minimum: MIN_COUNTER, maximum: MAX_COUNTER };
const OPERATION_COUNT = 10_000;
const RESET_COUNT = 40;
/** See `operation-keys.ts`. */
const OPERATION_ITEM_BYTES = 24;

function newKey(): string {
  keyCount += 1;
  return `@counters/${keyCount}:n`;
}

async function count(backend: Pick<Backend, "increment">, key: string, details: Partial<CounterRequest> = {}) {
  return (await backend.increment?.(key, { ...COUNT, ...details }, {})) as CounterResult;
}

/** Resets every connection again and again, each time after some replies came, until told to stop. */
function resetNowAndThen(proxy: FaultProxy, seed: number): { answered(): void; readonly resets: () => number } {
  const random = createSeededRandom(seed);
  let untilReset = 50;
  let resets = 0;
  return {
    answered() {
      untilReset -= 1;
      if (untilReset > 0 || resets >= RESET_COUNT) return;
      resets += 1;
      untilReset = 1 + Math.floor(random.next() * (OPERATION_COUNT / RESET_COUNT));
      // In the middle of whatever is on its way.
      setImmediate(() => proxy.resetAll());
    },
    resets: () => resets,
  };
}

describe("10,000 increments in flight over connections that are reset at random", () => {
  it.each([1, 2, 3])("are never above the confirmed and the unknown ones (seed %i)", async (seed) => {
    const proxy = await startFaultProxy({ target: server, seed });
    const backend = await openMemcached(proxy);
    const key = newKey();
    const faults = resetNowAndThen(proxy, seed);
    let confirmed = 0;
    let unknown = 0;
    await Promise.all(
      Array.from({ length: OPERATION_COUNT }, async () => {
        try {
          await count(backend, key);
          confirmed += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(BackendError);
          if (error instanceof OutcomeUnknownError) unknown += 1;
        } finally {
          faults.answered();
        }
      }),
    );
    await backend.close();
    await proxy.stop();
    const { value } = await count(direct, key, { delta: 0n });
    expect(Number(value)).toBeGreaterThanOrEqual(confirmed);
    expect(Number(value)).toBeLessThanOrEqual(confirmed + unknown);
    expect(faults.resets()).toBeGreaterThan(5);
    expect(confirmed).toBeGreaterThan(0);
  });

  it.each([4, 5])(
    "with an id, repeated until each is confirmed, are exactly as many as they are (seed %i)",
    async (seed) => {
      const proxy = await startFaultProxy({ target: server, seed });
      const backend = await openMemcached(proxy);
      const key = newKey();
      const faults = resetNowAndThen(proxy, seed);
      const results = await Promise.all(
        Array.from({ length: OPERATION_COUNT / 4 }, async (_, index) => {
          for (;;) {
            try {
              const { value } = await count(backend, key, { opId: `operation ${index}` });
              faults.answered();
              return value;
            } catch (error) {
              expect(error).toBeInstanceOf(BackendError);
              faults.answered();
            }
          }
        }),
      );
      await backend.close();
      await proxy.stop();
      expect(new Set(results).size).toBe(OPERATION_COUNT / 4);
      expect((await count(direct, key, { delta: 0n })).value).toBe(BigInt(OPERATION_COUNT / 4));
      expect(faults.resets()).toBeGreaterThan(3);
    },
  );
});

describe("an increment whose reply is lost", () => {
  it("is looked up when it has an id: the caller never hears of the loss", async () => {
    const { store, gate, close, proxy } = await openBehindProxy();
    const key = newKey();
    await count(store, key);
    await loseReplyOnce(gate, proxy, key);
    expect((await count(store, key, { opId: "lost" })).value).toBe(2n);
    expect((await count(direct, key, { delta: 0n })).value).toBe(2n);
    await close();
  });

  it("is told to be of unknown outcome without an id, and is not repeated", async () => {
    const { store, gate, close, proxy } = await openBehindProxy();
    const key = newKey();
    await count(store, key);
    await loseReplyOnce(gate, proxy, key);
    await expect(count(store, key)).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect((await count(direct, key, { delta: 0n })).value).toBe(2n);
    await close();
  });
});

describe("the id of an operation", () => {
  it("is remembered when many others were counted since", async () => {
    const key = newKey();
    const first = await count(direct, key, { opId: "first" });
    for (let index = 0; index < 70; index += 1) await count(direct, key, { opId: `other ${index}` });
    expect(await count(direct, key, { opId: "first" })).toEqual(first);
    expect((await count(direct, key, { delta: 0n })).value).toBe(71n);
  });

  it.each<[string, (key: string) => unknown]>([
    ["deleted", (key) => direct.delete(key, {})],
    ["deleted with others", (key) => direct.deleteMulti([key], {})],
    ["overwritten", (key) => direct.set(key, { value: Buffer.from("7"), ttlMs: NEVER, tags: [] }, {})],
    [
      "overwritten on condition",
      (key) => direct.set(key, { value: Buffer.from("7"), ttlMs: NEVER, tags: [], returnPrevious: true }, {}),
    ],
    ["cleared", (key) => direct.clear?.(key.slice(1, key.indexOf(":")), {})],
    ["expired", (key) => direct.expire(key, 0, {})],
    ["given another TTL", (key) => direct.expire(key, 60_000, {})],
  ])("is remembered when the counter is %s", async (_, end) => {
    const key = newKey();
    const first = await count(direct, key, { delta: 5n, opId: "the id" });
    await end(key);
    const before = await direct.get(key, {});
    expect(await count(direct, key, { delta: 5n, opId: "the id" })).toEqual(first);
    expect((await direct.get(key, {}))?.version).toBe(before?.version);
  });

  it("that only the item remembers, since its process died too early, leaves it for a key of its own", async () => {
    for (const end of [(key: string) => direct.delete(key, {}), countManyOthers]) {
      const { store, gate, close } = await openGated(server);
      const key = newKey();
      // The process that counts dies right after the count: what it would write next never leaves.
      gate.before = (request) => {
        if (request.kind === "set" && request.value.length === OPERATION_ITEM_BYTES) throw new Error("dead");
      };
      const first = await count(store, key, { delta: 5n, opId: "the id" });
      await close();
      await end(key);
      const before = await direct.get(key, {});
      expect(await count(direct, key, { delta: 5n, opId: "the id" })).toEqual(first);
      expect((await direct.get(key, {}))?.version).toBe(before?.version);
    }
  });

  it("is looked for in the item first and under its own key after it, so that it is never in neither", async () => {
    const { store, gate, close } = await openGated(server);
    const key = newKey();
    await count(store, key, { opId: "the id" });
    gate.seen.length = 0;
    await count(store, key, { opId: "the id" });
    const reads = gate.seen.filter(({ kind }) => kind === "get").map((request) => "key" in request && request.key.text);
    expect(reads.slice(0, 2)).toEqual([key, reservedKey("o", digestOf("the id") + key).text]);
    await close();
  });

  it("is never written on condition of absence, which a delayed write could fit after the counter was deleted again", async () => {
    const { store, gate, close } = await openGated(server);
    const key = newKey();
    await count(store, key, { opId: "the id" });
    const flags = gate.seen.flatMap((request) =>
      request.kind === "set" && request.key.text === key ? request.flags : [],
    );
    expect(flags).toEqual([expect.stringMatching(/^c C\d+ T0$/)]);
    await close();
  });
});

async function countManyOthers(key: string): Promise<void> {
  for (let index = 0; index < 70; index += 1) await count(direct, key, { opId: `other ${index}` });
}

describe("counters that many count at once", () => {
  it("lose nothing when two clients send 64 at a time, and answer each with a value of its own", async () => {
    const second = await openMemcached(server);
    const key = newKey();
    const results = await Promise.all(
      Array.from({ length: 128 }, (_, index) => count(index % 2 === 0 ? direct : second, key)),
    );
    expect(new Set(results.map(({ value }) => value)).size).toBe(128);
    expect((await count(direct, key, { delta: 0n })).value).toBe(128n);
    await second.close();
  });

  it("give each request the bounds it asked for, whoever is counted with it", async () => {
    const key = newKey();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => count(direct, key, { maximum: 12n })));
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(12);
    expect((await count(direct, key, { delta: 0n })).value).toBe(12n);
  });

  it("let one that left go without counting it, and count the others", async () => {
    const key = newKey();
    const aborted = AbortSignal.abort(new Error("left"));
    const [left, stayed] = await Promise.allSettled([
      direct.increment?.(key, COUNT, { signal: aborted }),
      count(direct, key),
    ]);
    expect([left?.status, stayed?.status]).toEqual(["rejected", "fulfilled"]);
    expect((await count(direct, key, { delta: 0n })).value).toBe(1n);
  });
});

async function openBehindProxy() {
  const proxy = await startFaultProxy({ target: server });
  const { store, gate, close } = await openGated(proxy);
  const closeAll = async (): Promise<void> => {
    await close();
    await proxy.stop();
  };
  return { store, gate, proxy, close: closeAll };
}

/** The next write of a key is carried out, and its reply never comes. */
async function loseReplyOnce(
  gate: Awaited<ReturnType<typeof openGated>>["gate"],
  proxy: FaultProxy,
  key: string,
): Promise<void> {
  // Before anything is sent: read beside the write, it could be the version that the write makes, and no other would come.
  const before = (await direct.get(key, {}))?.version;
  gate.before = (request) => {
    if (request.kind !== "set" || request.key.text !== key) return;
    gate.before = undefined;
    proxy.set({ blackHolesReplies: true });
    void (async () => {
      while ((await direct.get(key, {}))?.version === before) await new Promise((resolve) => setImmediate(resolve));
      proxy.resetAll();
      proxy.set({ blackHolesReplies: false });
    })();
  };
}
