import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import type { LoadTier } from "../../src/backend/load-tier.ts";
import { systemHost } from "../../src/backend/system-host.ts";
import { assembleCache } from "../../src/cache/assemble-cache.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { resolveConfig } from "../../src/config/resolve-config.ts";
import { createStore } from "../../src/create-store.ts";
import { ROOT_NAMESPACE } from "../../src/entry/namespace-path.ts";
import { EventHub } from "../../src/events/event-hub.ts";
import { type Scheduler, systemScheduler } from "../../src/foundation/scheduler.ts";
import { FLEET_STORES, type FleetServers } from "./support/fleet-caches.ts";
import { holdLoader } from "./support/held-loader.ts";
import { withCodec } from "./support/load-tier-stores.ts";

const ROUNDS = 15;
const LIMIT_MS = 50;
/** Longer than any pause between two looks, and shorter than every deadline. */
const LONGEST_PAUSE_MS = 5_000;
const DEADLINE_MS = 20_000;

/** Looks of its own never come: who waits is told, or waits for ever. */
const neverLooks: Scheduler = {
  ...systemScheduler,
  after: (delayMs, task, keepAlive) =>
    delayMs < LONGEST_PAUSE_MS ? { cancel: () => undefined } : systemScheduler.after(delayMs, task, keepAlive),
};

interface WaitingCache {
  readonly cache: Cache;
  /** Resolves when it begins to wait for a key. */
  watching(): Promise<void>;
}

function openCache(config: CacheConfig, scheduler: Scheduler): WaitingCache {
  let tell: (() => void)[] = [];
  const store = withCodec(createStore(resolveConfig(config), systemHost));
  const tier = store.loadTier as LoadTier;
  const loadTier: LoadTier = {
    ...tier,
    watchKey: (key, onChange) => {
      const stop = tier.watchKey?.(key, onChange);
      for (const told of tell) told();
      tell = [];
      return () => stop?.();
    },
  };
  const backend: Backend = { ...store, loadTier };
  const { clock, random } = systemHost;
  const all = { readMs: DEADLINE_MS, writeMs: DEADLINE_MS, connectMs: DEADLINE_MS, healthMs: DEADLINE_MS };
  const cache = assembleCache({
    ...{ clock, random, scheduler, backend },
    events: new EventHub(ROOT_NAMESPACE),
    deadlines: { ...all, closeMs: DEADLINE_MS },
    defaultTtlMs: Number.POSITIVE_INFINITY,
    rootPath: ROOT_NAMESPACE,
  });
  return { cache, watching: () => new Promise((resolve) => tell.push(resolve)) };
}

describe.each(FLEET_STORES.filter(({ hasMessages }) => hasMessages))("who waits for a load over $name", (store) => {
  let servers: FleetServers;
  let loads: WaitingCache;
  let waits: WaitingCache;

  beforeAll(async () => {
    servers = await store.start();
    loads = openCache(servers.config, systemScheduler);
    waits = openCache(servers.config, neverLooks);
    await Promise.all([loads.cache.ready(), waits.cache.ready()]);
  });
  afterAll(async () => {
    await Promise.all([loads?.cache.close(), waits?.cache.close()]);
    await servers?.stop();
  });

  const mustNotLoad = (): never => {
    throw new Error("Somebody else loads already.");
  };

  it(`is told within ${LIMIT_MS} ms of the fill, without a look of its own`, async () => {
    const lateMs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const key = `key ${round}`;
      const held = holdLoader<string>();
      const loading = loads.cache.getOrSet(key, held.loader);
      await held.called;
      const isWatching = waits.watching();
      const waiting = waits.cache.getOrSet<string>(key, mustNotLoad);
      await isWatching;
      held.resolve("v");
      const [filledAt, toldAt] = await Promise.all([
        loading.then(() => performance.now()),
        waiting.then(() => performance.now()),
      ]);
      expect(await waiting).toBe("v");
      lateMs.push(toldAt - filledAt);
    }
    lateMs.sort((one, other) => one - other);
    const [medianMs, worstMs] = [lateMs[ROUNDS >> 1] as number, lateMs.at(-1) as number];
    process.stdout.write(
      `woken ${medianMs.toFixed(1)} ms after the fill (median), ${worstMs.toFixed(1)} ms at worst\n`,
    );
    // Single ones tell how busy the machine is.
    expect(medianMs).toBeLessThan(LIMIT_MS);
  });

  const endings: readonly [string, (held: ReturnType<typeof holdLoader<string>>) => void][] = [
    ["throws", (held) => held.reject(new Error("no source"))],
    [
      "stores nothing",
      (held) => {
        held.context().skipStore();
        held.resolve("not stored");
      },
    ],
  ];
  it.each(endings)("is told when the loader %s, and loads", async (ending, end) => {
    const key = `key that ${ending}`;
    const held = holdLoader<string>();
    const loading = loads.cache.getOrSet(key, held.loader).catch(() => undefined);
    await held.called;
    const isWatching = waits.watching();
    const waiting = waits.cache.getOrSet(key, () => "own");
    await isWatching;
    end(held);
    await loading;
    expect(await waiting).toBe("own");
  });
});
