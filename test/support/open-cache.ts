import type { Backend } from "../../src/backend/backend.ts";
import { assembleCache } from "../../src/cache/assemble-cache.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheDeadlines } from "../../src/cache/cache-core.ts";
import { fromStoredKey, namespaceOf } from "../../src/entry/namespace-path.ts";
import { EventHub } from "../../src/events/event-hub.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createMemoryBackend, type MemoryBackendOptions } from "../../src/memory/memory-backend.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import {
  createMapBackend,
  type MapBackend,
  type MapBackendOptions,
} from "../../src/testing/map-backend/map-backend.ts";
import { createFleetStore, type FleetStore } from "./map-fleet.ts";

/** A cache under test with fake time and its store. */
export interface TestCache<Store extends Backend = Backend> {
  readonly cache: Cache;
  readonly time: FakeTime;
  readonly store: Store;
  readonly events: EventHub;
}

export interface TestCacheOptions {
  readonly seed?: number;
  readonly rootPath?: string;
  readonly defaultTtlMs?: number;
  readonly deadlines?: Partial<CacheDeadlines>;
}

const DEADLINES: CacheDeadlines = { connectMs: 5_000, readMs: 1_000, writeMs: 1_000, healthMs: 1_000, closeMs: 10_000 };

/** A cache over the memory store, in fake time. */
export function openMemoryCache(memory: Partial<MemoryBackendOptions> = {}, options: TestCacheOptions = {}): TestCache {
  return open(options, (host) =>
    createMemoryBackend(
      {
        maxSizeBytes: Number.POSITIVE_INFINITY,
        maxKeys: Number.POSITIVE_INFINITY,
        evictionPolicy: "lru",
        cleanupIntervalMs: 60_000,
        copy: false,
        ...memory,
      },
      host,
    ),
  );
}

/** A cache over the plain store that answers through promises and can be held, in fake time. */
export function openRemoteCache(map: MapBackendOptions = {}, options: TestCacheOptions = {}): TestCache<MapBackend> {
  return open(options, (host) =>
    createMapBackend({ async: true, clock: host.clock, onRemoval: host.onRemoval, ...map }),
  );
}

/** Caches of so many processes over one store that lets one of them load, in the same fake time. */
export function openFleet(processCount: number, options: TestCacheOptions = {}): readonly TestCache<FleetStore>[] {
  const time = createFakeTime();
  const first = createFleetStore(createMapBackend({ async: true, clock: time.clock }), time.clock);
  const stores = Array.from({ length: processCount }, (_, index) => (index === 0 ? first : first.openOther()));
  return stores.map((store) => open(options, () => store, time));
}

type Host = Parameters<typeof createMemoryBackend>[1];

function open<Store extends Backend>(
  options: TestCacheOptions,
  create: (host: Host) => Store,
  time: FakeTime = createFakeTime(),
): TestCache<Store> {
  const random = createSeededRandom(options.seed ?? 1);
  const rootPath = options.rootPath ?? "";
  const events = new EventHub(rootPath);
  const platform = { clock: time.clock, scheduler: time.scheduler, random };
  const store = create({
    ...platform,
    onRemoval: (storedKey, cause) =>
      events.emit("remove", { key: fromStoredKey(storedKey), namespace: namespaceOf(storedKey), cause }),
  });
  const cache = assembleCache({
    ...platform,
    backend: store,
    events,
    deadlines: { ...DEADLINES, ...options.deadlines },
    defaultTtlMs: options.defaultTtlMs ?? Number.POSITIVE_INFINITY,
    rootPath,
  });
  return { cache, time, store, events };
}

/** A promise with its handles outside. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Makes a promise that a test settles. */
export function defer<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets every promise that can settle do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Everything an async iterable yields. (`Array.fromAsync` needs Node 22.) */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
