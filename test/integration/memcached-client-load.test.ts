import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { encodeMemcachedKey } from "../../src/clients/memcached/memcached-key.ts";
import { BackendTimeoutError, OutcomeUnknownError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { startFaultProxy } from "./support/fault-proxy.ts";
import { closeClients, get, openClient, READ, readText, set, WRITE } from "./support/memcached-clients.ts";

let server: TestServer;
let address: string;

beforeAll(async () => {
  server = await startMemcached();
  address = `${server.host}:${server.port}`;
});
afterAll(() => server.stop());
afterEach(closeClients);

/** Reads or writes `total` times, `concurrency` at a time. */
async function repeat(total: number, concurrency: number, call: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < total) await call(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

interface Failures {
  readonly earliestAt: number;
  readonly latestAt: number;
  /** How many errors had which name. */
  readonly names: ReadonlyMap<string, number>;
}

async function watchFailures(calls: readonly Promise<unknown>[]): Promise<Failures> {
  const names = new Map<string, number>();
  let earliestAt = Number.POSITIVE_INFINITY;
  let latestAt = 0;
  const note = (error: Error): void => {
    latestAt = performance.now();
    if (latestAt < earliestAt) earliestAt = latestAt;
    names.set(error.name, (names.get(error.name) ?? 0) + 1);
  };
  await Promise.all(calls.map((call) => call.catch(note)));
  return { earliestAt, latestAt, names };
}

/** How long it takes on this machine, now, to make 10,000 errors, without their stacks, to reject as many promises with them and to watch those: whoever tells 10,000 callers pays that. */
async function tellingCostMs(): Promise<number> {
  const rejects: ((error: Error) => void)[] = [];
  const calls = Array.from({ length: 10_000 }, () => new Promise((_, reject) => rejects.push(reject)));
  const watched = watchFailures(calls);
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const startedAt = performance.now();
  for (const [index, reject] of rejects.entries())
    reject(
      index % 2 === 0 ? new BackendTimeoutError("control", "get", 1_000) : new OutcomeUnknownError("control", "set"),
    );
  Error.stackTraceLimit = stackTraceLimit;
  return (await watched).latestAt - startedAt;
}

describe("10,000 requests in flight", () => {
  it("to a server that hangs all settle within 20 ms of their deadline, and of what telling so many takes", async () => {
    const hung = await startMemcached();
    const timeoutMs = 1_000;
    const { client } = openClient(`${hung.host}:${hung.port}`, { timeoutMs });
    await client.connect();
    // Connections enough, so that all are in flight and none waits.
    const warmUp = (): Promise<void> =>
      repeat(20_000, 10_000, () => client.send({ kind: "noop" }, READ).catch(() => undefined));
    for (let round = 0; round < 10 && client.connections().open < 4; round += 1) await warmUp();
    // One with a late reply would take nothing.
    await expect.poll(() => client.connections().inFlight).toBe(0);
    expect(client.connections().open).toBeGreaterThan(3);
    hung.process?.signal("SIGSTOP");
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const key = encodeMemcachedKey("a");
    const sentAt = performance.now();
    const calls = Array.from({ length: 10_000 }, (_, index) =>
      index % 2 === 0
        ? client.send({ kind: "get", key, flags: "v" }, READ)
        : client.send({ kind: "arithmetic", key, flags: "N0" }, WRITE),
    );
    const watched = watchFailures(calls);
    // They leave at the end of this turn; the deadline counts from there.
    const dueAt =
      (await new Promise<number>((resolve) => process.nextTick(() => resolve(performance.now())))) + timeoutMs;
    expect(client.connections()).toMatchObject({ inFlight: 10_000, waiting: 0 });
    await new Promise<void>((resolve) => setTimeout(resolve, dueAt - performance.now()));
    const cpuBefore = process.cpuUsage();
    const wallBefore = performance.now();
    const { earliestAt, latestAt, names } = await watched;
    const cpu = process.cpuUsage(cpuBefore);
    // What the event loop was late, and what others had the processor, is not the client's.
    const stolenMs = Math.max(0, performance.now() - wallBefore - (cpu.user + cpu.system) / 1_000);
    delay.disable();
    expect(latestAt).toBeLessThan(dueAt + 20 + delay.max / 1e6 + stolenMs + (await tellingCostMs()));
    expect(earliestAt).toBeGreaterThan(sentAt + timeoutMs - 5);
    expect(Object.fromEntries(names)).toEqual({ BackendTimeoutError: 5_000, OutcomeUnknownError: 5_000 });
    expect(client.connections()).toMatchObject({ inFlight: 0, waiting: 0 });
    hung.process?.signal("SIGCONT");
    await hung.stop();
  });

  it("to a server that works open more connections", async () => {
    const { client } = openClient(address);
    await client.send(set("a", "value"), WRITE);
    const values = new Set<string | undefined>();
    for (let round = 0; round < 10 && client.connections().open < 2; round += 1) {
      await repeat(20_000, 10_000, async () => values.add(await readText(client, "a")));
    }
    expect(values).toEqual(new Set(["value"]));
    const { open } = client.connections();
    expect(open).toBeGreaterThan(1);
    expect(open).toBeLessThanOrEqual(8);
  });

  it("are more than a client takes when there are very many: the rest is refused, and nothing was sent", async () => {
    const { client } = openClient(address, { timeoutMs: 10_000 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40_000 }, () => client.send({ kind: "noop" }, READ)),
    );
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(refused.length).toBe(40_000 - 32_768);
    for (const { reason } of refused) expect(reason).toMatchObject({ name: "BackendOverloadedError" });
  });
});

describe("counting over a connection that is reset at random", () => {
  it("never counts more than was acknowledged or reported as unknown", async () => {
    const proxy = await startFaultProxy({ target: server });
    const { client } = openClient(`${proxy.host}:${proxy.port}`, { timeoutMs: 1_000 });
    const random = createSeededRandom(42);
    const key = encodeMemcachedKey("counter");
    const counts = { acknowledged: 0, unknown: 0, notSent: 0, resets: 0 };
    await repeat(10_000, 50, async (index) => {
      if (random.next() < 0.01) {
        counts.resets += 1;
        proxy.resetAll();
      }
      try {
        const { reply } = await client.send({ kind: "arithmetic", key, flags: "N0 J1 D1 v" }, WRITE);
        expect(reply.status, `increment ${index}`).toBe("VA");
        counts.acknowledged += 1;
      } catch (error) {
        const { name } = error as Error;
        if (name === "OutcomeUnknownError") counts.unknown += 1;
        else {
          expect(name).toBe("BackendUnavailableError");
          counts.notSent += 1;
          // The pause before the next attempt to connect.
          await client.connect().catch(() => undefined);
        }
      }
    });
    await proxy.stop();
    const direct = openClient(address).client;
    const counter = Number(await readText(direct, "counter"));
    const told = JSON.stringify({ ...counts, counter });
    expect(counts.acknowledged + counts.unknown + counts.notSent, told).toBe(10_000);
    expect(counter, told).toBeGreaterThanOrEqual(counts.acknowledged);
    expect(counter, told).toBeLessThanOrEqual(counts.acknowledged + counts.unknown);
    // Both happened, or nothing was tested.
    expect(counts.unknown, told).toBeGreaterThan(20);
    expect(counts.acknowledged, told).toBeGreaterThan(5_000);
  });
});

/** A full collection, without a flag for the whole process. */
const collectGarbage: () => void = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
})();

describe("many operations", () => {
  it("leave no memory behind", async () => {
    const { client } = openClient(address);
    const values = Array.from({ length: 16 }, (_, index) => Buffer.alloc(100, index + 97));
    // Looked at when all have been read: an `expect` for each takes longer than its call.
    const wrongBytes: (number | undefined)[] = [];
    const run = (total: number): Promise<void> =>
      repeat(total, 64, async (index) => {
        const name = `m${index % 16}`;
        if (index % 10 === 0) await client.send(set(name, values[index % 16] as Buffer), WRITE);
        else {
          const { reply } = await client.send(get(name), {
            ...READ,
            signal: index % 7 === 0 ? new AbortController().signal : undefined,
          });
          if (reply.status === "VA" && reply.value?.[0] !== (index % 16) + 97) wrongBytes.push(reply.value?.[0]);
        }
      });
    const heapBytes = async (): Promise<number> => {
      // Garbage is collected a turn later where finalizers are involved.
      for (let round = 0; round < 3; round += 1) {
        collectGarbage();
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    await run(20_000);
    const before = await heapBytes();
    await run(Number(process.env["GOCACHEX_LOAD_OPERATIONS"] ?? 60_000));
    const grownBytes = (await heapBytes()) - before;
    expect(wrongBytes).toEqual([]);
    expect(client.connections()).toMatchObject({ inFlight: 0, waiting: 0 });
    expect(grownBytes).toBeLessThan(4 * 2 ** 20);
  });
});
