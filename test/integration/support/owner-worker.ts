import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import { createCache } from "../../../src/create-cache.ts";

/** What a process with a cache is asked. */
export type OwnerOrder =
  | { readonly id: number; readonly kind: "ready" | "peers" | "close" }
  | { readonly id: number; readonly kind: "get" | "look" | "delete"; readonly key: string }
  | { readonly id: number; readonly kind: "set"; readonly key: string; readonly value: unknown }
  | { readonly id: number; readonly kind: "lock"; readonly key: string; readonly holdMs: number }
  | {
      readonly id: number;
      readonly kind: "load";
      readonly key: string;
      readonly value: unknown;
      readonly tookMs: number;
    };

const cache = createCache(JSON.parse(process.argv[2] as string) as CacheConfig);
let loadCount = 0;

async function carryOut(order: OwnerOrder): Promise<unknown> {
  switch (order.kind) {
    case "ready":
      return cache.ready();
    case "peers":
      return (cache.stats().coherence?.peers ?? []).filter(({ state }) => state === "connected").length;
    case "get":
      return cache.get(order.key);
    case "look":
      return look(order.key);
    case "delete":
      return cache.delete(order.key);
    case "set":
      return cache.set(order.key, order.value).then(({ version }) => version);
    case "load": {
      const value = await cache.getOrSet(order.key, async () => {
        loadCount += 1;
        await delay(order.tookMs);
        return order.value;
      });
      return [value, loadCount];
    }
    case "lock":
      return holdLock(order.key, order.holdMs);
    case "close":
      await cache.close();
      // Nothing else keeps the process alive.
      setImmediate(() => process.disconnect());
      return undefined;
  }
}

/** What is read, and where from. */
export interface Look {
  readonly value: unknown;
  readonly tier: string;
  readonly version: number;
}

async function look(key: string): Promise<Look | undefined> {
  const entry = await cache.getEntry(key);
  return entry && { value: entry.value, tier: entry.tier, version: entry.version };
}

/** @returns when it was held, as instants of the machine's monotonic clock, in ms; `undefined` when another one had it */
async function holdLock(key: string, holdMs: number): Promise<[number, number] | undefined> {
  const lock = await cache.lock(key, { ttl: "3s", wait: 0 }).catch(() => undefined);
  if (lock === undefined) return undefined;
  const heldFrom = machineMs();
  const lostAt = await new Promise<number>((resolve) => {
    const end = (): void => resolve(machineMs());
    if (lock.signal.aborted) end();
    lock.signal.addEventListener("abort", end, { once: true });
    setTimeout(end, holdMs);
  });
  await lock.release().catch(() => undefined);
  return [heldFrom, lostAt];
}

function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Whoever asked may be told nothing any more. */
const tell = (message: object): void => {
  if (process.connected) process.send?.(message, () => undefined);
};

process.on("message", (order: OwnerOrder) => {
  carryOut(order).then(
    (result) => tell({ id: order.id, result }),
    (error: unknown) => tell({ id: order.id, error: String((error as { code?: string }).code ?? error) }),
  );
});
