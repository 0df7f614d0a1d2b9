import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { LoadLease, LoadTier, LoadToken } from "../../src/backend/load-tier.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import { createLoadTier } from "../../src/backends/memcached/coherent-load-tier.ts";
import { createCoherentOperations } from "../../src/backends/memcached/coherent-operations.ts";
import type { LoadLeases } from "../../src/backends/memcached/load-leases.ts";
import type { StoreOperations } from "../../src/backends/memcached/store-operations.ts";
import { createMemcachedClient } from "../../src/clients/memcached/create-memcached-client.ts";
import type { MemcachedClient } from "../../src/clients/memcached/memcached-client.ts";
import { DeadlineQueue } from "../../src/foundation/deadline-queue.ts";
import { MEMCACHED_HOST, memcachedSettings } from "./support/memcached-target.ts";
import { countRoundTrips, type RoundTrips } from "./support/round-trips.ts";

const REQUEST = { tokenMs: 30_000 };
let server: TestServer;
let bare: MemcachedClient;
let store: StoreOperations;
let tier: LoadTier;
let trips: RoundTrips;
let nowMs = Date.now();
let keyCount = 0;
let prefix = "";

beforeAll(async () => {
  server = await startMemcached();
  const settings = memcachedSettings(server);
  bare = createMemcachedClient(settings, { ...MEMCACHED_HOST, onNotice: undefined });
  await bare.connect();
  const counted = countRoundTrips(bare);
  trips = counted.trips;
  const host = { ...MEMCACHED_HOST, clock: { ...MEMCACHED_HOST.clock, wallMs: () => nowMs } };
  const deadlines = new DeadlineQueue(MEMCACHED_HOST);
  store = createCoherentOperations({ settings, client: counted.client, host, deadlines });
  await store.start({});
  tier = createLoadTier(store.loadLeases as LoadLeases);
  // The first lease of a process prepares what it needs.
  const { token } = (await tier.getOrLease("@trips/two:first", REQUEST, {})) as Extract<LoadLease, { kind: "token" }>;
  await tier.fill("@trips/two:first", { token, write: write("") }, {});
});

afterAll(async () => {
  await bare.close();
  await server.stop();
});

beforeEach(() => {
  keyCount += 1;
  prefix = `@trips/two:${keyCount}`;
});

function write(text: string, details: Partial<EntryWrite> = {}): EntryWrite {
  return { value: Buffer.from(text), ttlMs: 60_000, tags: [], ...details };
}

function keys(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}/${index}`);
}

/** What calls of one turn send, as requests of each round trip. */
async function tripsOf<T>(calls: () => readonly Promise<T>[]): Promise<readonly [readonly number[], readonly T[]]> {
  trips.forget();
  const results = await Promise.all(calls());
  return [trips.rounds.map((round) => round.length), results];
}

function read(all: readonly string[]): Promise<readonly [readonly number[], readonly LoadLease[]]> {
  return tripsOf(() => all.map((key) => tier.getOrLease(key, REQUEST, {})));
}

function kindsOf(leases: readonly LoadLease[]): readonly string[] {
  return [...new Set(leases.map(({ kind }) => kind))];
}

function tokensOf(leases: readonly LoadLease[]): readonly LoadToken[] {
  return leases.map((lease) => (lease as Extract<LoadLease, { kind: "token" }>).token);
}

describe("round trips of loads, over Memcached", () => {
  it("are one for a token of a cold key, one for its fill, one for a hit, one for a look at somebody's load", async () => {
    const [sent, leases] = await read(keys(1));
    // The key and the three levels of its namespace.
    expect([sent, kindsOf(leases)]).toEqual([[4], ["token"]]);
    const [looked, busy] = await read(keys(1));
    expect([looked, kindsOf(busy)]).toEqual([[4], ["busy"]]);
    const [token] = tokensOf(leases) as [LoadToken];
    const [filled, results] = await tripsOf(() => [tier.fill(`${prefix}/0`, { token, write: write("loaded") }, {})]);
    expect([filled, results[0]?.stored]).toEqual([[4], true]);
    const [hit, entries] = await read(keys(1));
    expect([hit, kindsOf(entries)]).toEqual([[4], ["hit"]]);
  });

  it("are shared by the calls of one turn, whose namespaces are asked for once", async () => {
    const all = keys(500);
    const [sent, leases] = await read(all);
    expect([sent, kindsOf(leases)]).toEqual([[503], ["token"]]);
    const tokens = tokensOf(leases);
    const [filled, results] = await tripsOf(() =>
      all.map((key, index) => tier.fill(key, { token: tokens[index] as LoadToken, write: write("loaded") }, {})),
    );
    expect([filled, results.every(({ stored }) => stored)]).toEqual([[503], true]);
    const [hit, entries] = await read(all);
    expect([hit, kindsOf(entries)]).toEqual([[503], ["hit"]]);
  });

  it("are one for thousands, in batches of a thousand that leave together", async () => {
    const [sent, leases] = await read(keys(2_500));
    expect([sent, kindsOf(leases)]).toEqual([[2_509], ["token"]]);
    const tokens = tokensOf(leases);
    const [released, results] = await tripsOf(() =>
      keys(2_500).map((key, index) => tier.release(key, tokens[index] as LoadToken, {})),
    );
    expect([released, results.every(Boolean)]).toEqual([[2_500], true]);
  });

  it("are one more for fills with tags, whose marks are there, and none for each", async () => {
    const tags = [`${prefix}/tag one`, `${prefix}/tag two`];
    await store.set(`${prefix}/before`, write("", { tags }), {});
    const all = keys(100);
    const [, leases] = await read(all);
    const tokens = tokensOf(leases);
    const tagged = write("loaded", { tags });
    const [filled, results] = await tripsOf(() =>
      all.map((key, index) => tier.fill(key, { token: tokens[index] as LoadToken, write: tagged }, {})),
    );
    expect([filled, results.every(({ stored }) => stored)]).toEqual([[2, 103], true]);
    const [hit, entries] = await read(all);
    expect([hit, kindsOf(entries)]).toEqual([[103, 2], ["hit"]]);
  });

  it("are two for a token where stale data stands, and the dead entries of a tag cost no second look at it", async () => {
    const all = keys(50);
    await store.setMulti(
      all.map((key) => [key, write("old", { staleMs: 600_000 })] as const),
      {},
    );
    nowMs += 60_000;
    const [stale, leases] = await read(all);
    expect([stale, kindsOf(leases)]).toEqual([[53, 50], ["token"]]);
    const tagged = `${prefix}/tagged`;
    await store.set(tagged, write("old", { tags: [prefix] }), {});
    await store.invalidateTags?.([prefix], {});
    const [dead, taken] = await read([tagged]);
    expect([dead, kindsOf(taken)]).toEqual([[4, 1, 1], ["token"]]);
  });
});
