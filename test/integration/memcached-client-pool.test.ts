import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { CLIENT_LIMITS } from "../../src/clients/memcached/client-limits.ts";
import { createMemcachedClient } from "../../src/clients/memcached/create-memcached-client.ts";
import type { MemcachedClient, MemcachedHost } from "../../src/clients/memcached/memcached-client.ts";
import { systemClock } from "../../src/foundation/clock.ts";
import { systemScheduler } from "../../src/foundation/scheduler.ts";
import { failureOf, get, READ, set, WRITE } from "./support/memcached-clients.ts";

const TIMEOUT_MS = 3_000;
const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A client whose clock and long timers the test moves. */
function open(
  address: string,
  jitter: number,
): { readonly client: MemcachedClient; skip(ms: number): void; longTimers(): number } {
  let skippedMs = 0;
  const long = new Set<() => void>();
  const host: MemcachedHost = {
    clock: { monotonicMs: () => systemClock.monotonicMs() + skippedMs },
    random: { next: () => jitter },
    scheduler: {
      soon: systemScheduler.soon,
      after: (delayMs, task, keepAlive) => {
        if (delayMs < CLIENT_LIMITS.idleMs) return systemScheduler.after(delayMs, task, keepAlive);
        long.add(task);
        return { cancel: () => void long.delete(task) };
      },
    },
  };
  const settings = {
    name: "memcached",
    address,
    timeoutMs: TIMEOUT_MS,
    maxIdleConnections: 2,
    credentials: undefined,
    tls: undefined,
  };
  const client = createMemcachedClient(settings, host);
  undo.push(() => client.close());
  const skip = (ms: number): void => {
    skippedMs += ms;
    const due = [...long];
    long.clear();
    for (const task of due) task();
  };
  return { client, skip, longTimers: () => long.size };
}

/** A server that counts connections and does with them what the test says. */
async function serve(
  onConnection: Parameters<typeof createServer>[1],
): Promise<{ readonly address: string; readonly server: Server }> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as { port: number };
  return { address: `127.0.0.1:${port}`, server };
}

describe("dials", () => {
  it("come at growing distances, whatever the demand", async () => {
    let dialCount = 0;
    const { address } = await serve((socket) => {
      dialCount += 1;
      socket.destroy();
    });
    const { client, skip } = open(address, 1);
    const dialsWithin = async (ms: number): Promise<number> => {
      const before = dialCount;
      for (let passed = 0; passed < ms; passed += 5) {
        await failureOf(client.send(get("a"), READ));
        skip(5);
      }
      return dialCount - before;
    };
    // Pauses of 20, 40, 80, 160, 320, 640 ms, and then a second each: real time passes too, so a few more may come.
    const counts = [await dialsWithin(100), await dialsWithin(300), await dialsWithin(1_000), await dialsWithin(3_000)];
    const told = JSON.stringify(counts);
    expect(counts[0], told).toBeGreaterThanOrEqual(2);
    expect(counts[3], told).toBeGreaterThanOrEqual(2);
    expect(counts[1], told).toBeLessThanOrEqual(6);
    expect(counts[2], told).toBeLessThanOrEqual(6);
    expect(counts[3], told).toBeLessThanOrEqual(8);
  });

  it("are one at a time, however many calls wait", async () => {
    let dialCount = 0;
    const { address } = await serve((socket) => {
      dialCount += 1;
      undo.push(() => socket.destroy());
    });
    const { client } = open(address, 0);
    const calls = Array.from({ length: 500 }, () => failureOf(client.send(get("a"), READ)));
    const controller = new AbortController();
    const connecting = failureOf(client.connect(controller.signal));
    await expect.poll(() => dialCount).toBe(1);
    expect(client.connections()).toEqual({ open: 0, inFlight: 0, waiting: 500 });
    controller.abort(new Error("left"));
    expect((await connecting).error.message).toBe("left");
    const closedAt = performance.now();
    await client.close();
    const outcomes = await Promise.all(calls);
    expect(performance.now() - closedAt).toBeLessThan(TIMEOUT_MS / 2);
    expect(new Set(outcomes.map(({ error }) => error.name))).toEqual(new Set(["BackendUnavailableError"]));
    expect(client.connections()).toEqual({ open: 0, inFlight: 0, waiting: 0 });
    expect(dialCount).toBe(1);
  });
});

describe("connections beyond those that are kept", () => {
  it("are closed when they were not used for long, and not before", async () => {
    const memcached = await startMemcached();
    undo.push(() => memcached.stop());
    const { client, skip, longTimers } = open(`${memcached.host}:${memcached.port}`, 0);
    const value = Buffer.alloc(500_000);
    const load = (): Promise<unknown> =>
      Promise.all(Array.from({ length: 40 }, () => client.send(set("a", value), WRITE)));
    for (let round = 0; round < 20 && client.connections().open < 4; round += 1) await load();
    const { open: before } = client.connections();
    expect(before).toBeGreaterThan(3);
    await client.send(get("a"), READ);
    expect(longTimers()).toBe(1);
    // The timer comes, but all were used a moment ago.
    skip(0);
    expect(client.connections().open).toBe(before);
    skip(CLIENT_LIMITS.idleMs + 1);
    expect(client.connections().open).toBe(2);
    expect((await client.send(get("a"), READ)).reply.status).toBe("VA");
    expect(longTimers()).toBe(0);
  });
});
