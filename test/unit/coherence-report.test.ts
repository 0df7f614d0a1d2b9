import { describe, expect, it } from "vitest";
import type { CoherenceStatus } from "../../src/backend/coherence-status.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { InProcessHub } from "../../src/coherence/in-process-transport.ts";
import type { CoherenceTransport, PeerStatus } from "../../src/coherence/transport.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { type HeadedProcess, HeadedStore, SILENT_MS } from "../support/near/headed-store.ts";
import { nearOver } from "../support/near/near-over.ts";
import { openCacheOver, openTieredCache } from "../support/near/open-tiered-cache.ts";

const D = 3_000;
/** Between two probes. */
const THIRD = D / 3;

interface Watched {
  readonly cache: Cache;
  readonly process: HeadedProcess;
}

interface Fleet {
  readonly time: FakeTime;
  readonly store: HeadedStore;
  open(): Promise<Watched>;
}

function setUp(): Fleet {
  const time = createFakeTime();
  const store = new HeadedStore(time);
  let seed = 0;
  return {
    time,
    store,
    async open() {
      seed += 1;
      const process = store.open();
      const cache = await openTieredCache(process.backend, { time, seed, maxStalenessMs: D });
      // What comes up in the background has.
      await time.advanceAsync(0);
      return { cache, process };
    },
  };
}

const told = (cache: Cache): CoherenceStatus => cache.stats().coherence as CoherenceStatus;

/** Reads as a busy process does, until so much time is over. */
async function readFor(ms: number, { time }: Fleet, cache: Cache): Promise<void> {
  for (let doneMs = 0; doneMs < ms; doneMs += 50) {
    await Promise.all([cache.get("k").catch(() => undefined), time.advanceAsync(50)]);
  }
}

function eventsOf(cache: Cache, name: "peer" | "gap" | "probe"): object[] {
  const all: object[] = [];
  cache.on(name, (event: object) => all.push(event));
  return all;
}

describe("stats().coherence", () => {
  it("is absent where there are no copies", async () => {
    const { time } = setUp();
    const host = { ...time, random: createSeededRandom(1), onRemoval: () => undefined };
    const cache = await openCacheOver(host, () => createMapBackend({ async: true, clock: time.clock }));
    expect(cache.stats().coherence).toBeUndefined();
    expect((await cache.health()).checks).toHaveLength(1);
  });

  it("says how long ago the last answered probe was sent, and nothing where nobody reads", async () => {
    const fleet = setUp();
    const { cache } = await fleet.open();
    expect(told(cache)).toMatchObject({ maxStalenessMs: D, isProvable: true, probeAgeMs: undefined, probes: 0 });
    await cache.set("k", 1);
    await readFor(2 * THIRD, fleet, cache);
    expect(told(cache)).toMatchObject({ isProvable: true, probes: 3, probeFailures: 0 });
    expect(told(cache).probeAgeMs).toBeLessThanOrEqual(THIRD);
    await fleet.time.advanceAsync(D);
    expect(told(cache).probeAgeMs).toBeUndefined();
    await cache.close();
  });

  it("counts probes that are not answered, and says that copies cannot be proven once the bound is over", async () => {
    const fleet = setUp();
    const { cache, process } = await fleet.open();
    await cache.set("k", 1);
    await readFor(THIRD, fleet, cache);
    process.isSilent = true;
    await readFor(THIRD, fleet, cache);
    expect(told(cache)).toMatchObject({ isProvable: true });
    await readFor(D, fleet, cache);
    expect(told(cache).isProvable).toBe(false);
    expect(told(cache).probeFailures).toBeGreaterThanOrEqual(3);
    expect(told(cache).probeAgeMs).toBeGreaterThan(D);
    process.isSilent = false;
    await readFor(THIRD + SILENT_MS, fleet, cache);
    expect(told(cache).isProvable).toBe(true);
    await cache.close();
  });

  it("is not provable either while one reader waits long for each of its reads, one after the other", async () => {
    const fleet = setUp();
    const { cache, process } = await fleet.open();
    await cache.set("k", 1);
    await readFor(THIRD, fleet, cache);
    process.isSilent = true;
    await fleet.time.advanceAsync(D);
    for (let round = 0; round < 4; round += 1) {
      await Promise.all([cache.get("k"), fleet.time.advanceAsync(THIRD + 500)]);
    }
    expect(told(cache).isProvable).toBe(false);
    await cache.close();
  });

  it("counts a change that nobody told of as one repair, and none that was told", async () => {
    const fleet = setUp();
    const [reader, writer] = [await fleet.open(), await fleet.open()];
    await reader.cache.set("k", 1);
    await readFor(THIRD, fleet, reader.cache);
    await writer.cache.set("other", 1);
    await readFor(2 * THIRD, fleet, reader.cache);
    expect(told(reader.cache)).toMatchObject({ repairs: 0, messagesReceived: expect.any(Number) });
    reader.process.isHearing = false;
    await writer.cache.set("other", 2);
    await readFor(2 * THIRD, fleet, reader.cache);
    expect(told(reader.cache).repairs).toBe(1);
    await Promise.all([reader.cache.close(), writer.cache.close()]);
  });

  it("counts lives of the data, and answers that were too old to become copies", async () => {
    const fleet = setUp();
    const [reader, writer] = [await fleet.open(), await fleet.open()];
    await writer.cache.set("k", 1);
    const held = fleet.store.map.hold("getMulti", { at: "reply" });
    const reading = reader.cache.get("k");
    await held.arrived();
    await writer.cache.set("k", 2);
    held.release();
    expect(await reading).toBe(1);
    expect(told(reader.cache)).toMatchObject({ refusedCopies: 1, epochChanges: 0 });
    expect(reader.cache.peek("k")).toBeUndefined();
    await readFor(THIRD, fleet, reader.cache);
    expect(reader.cache.peek("k")).toBe(2);
    fleet.store.epoch = "second";
    await fleet.time.advanceAsync(THIRD);
    expect(told(reader.cache).epochChanges).toBe(1);
    expect(reader.cache.peek("k")).toBeUndefined();
    await Promise.all([reader.cache.close(), writer.cache.close()]);
  });

  it("says which writes wait for all, whom it knows, and how long they have been silent", async () => {
    const fleet = setUp();
    const [reader, writer] = [await fleet.open(), await fleet.open()];
    await writer.cache.set("k", 1);
    await readFor(THIRD, fleet, reader.cache);
    const [peer, ...others] = told(writer.cache).peers;
    expect(others).toEqual([]);
    expect(peer).toMatchObject({ transport: "redis", state: "connected", queuedCount: 0 });
    const silentMs = peer?.silentMs ?? 0;
    await fleet.time.advanceAsync(70);
    expect(told(writer.cache).peers[0]?.silentMs).toBe(silentMs + 70);
    reader.process.isHearing = false;
    const writing = writer.cache.set("k", 2, { ack: "all" });
    await fleet.time.advanceAsync(100);
    expect(told(writer.cache).pendingAcks).toBe(1);
    await fleet.time.advanceAsync(D * 1.01 + 10);
    expect((await writing).coherent).toBe(true);
    expect(told(writer.cache).pendingAcks).toBe(0);
    await Promise.all([reader.cache.close(), writer.cache.close()]);
  });

  it("counts what is sent where the store tells nothing by itself", async () => {
    const time = createFakeTime();
    const host = { ...time, random: createSeededRandom(1), onRemoval: () => undefined };
    const hub = new InProcessHub();
    const far = createMapBackend({ async: true, clock: time.clock });
    const open = (nodeId: string, backend = far): Promise<Cache> =>
      openCacheOver(host, () => nearOver(backend, host, { nodeId, transports: [hub.join(nodeId)] }).backend);
    const [first, second] = [await open("a"), await open("b", far.openSecond())];
    await first.set("k", 1);
    await first.delete("k");
    expect(told(first)).toMatchObject({ messagesSent: 2, messagesReceived: 0, isProvable: true });
    expect(told(second)).toMatchObject({ messagesSent: 0, messagesReceived: 2, gaps: 1 });
    await Promise.all([first.close(), second.close()]);
  });
});

describe("stats().tiers", () => {
  it("has the copies first and the shared store after them", async () => {
    const fleet = setUp();
    const { cache } = await fleet.open();
    await cache.set("k", "some text");
    const [near, far, ...others] = cache.stats().tiers;
    expect(others).toEqual([]);
    expect(near).toMatchObject({ name: "memory", keyCount: 1, evictions: 0, connections: undefined });
    expect(near?.memoryUsage).toBeGreaterThan(0);
    expect(far).toMatchObject({ name: "headed" });
    await cache.close();
  });
});

describe("health()", () => {
  it("is degraded, not down, while copies are read and the store answers no probe, and says what that means", async () => {
    const fleet = setUp();
    const { cache, process } = await fleet.open();
    await cache.set("k", 1);
    await readFor(THIRD, fleet, cache);
    expect(await cache.health()).toMatchObject({ status: "up", checks: [{}, { name: "memory copies", status: "up" }] });
    process.isSilent = true;
    await readFor(D + THIRD, fleet, cache);
    expect(await cache.health()).toMatchObject({
      status: "degraded",
      checks: [
        { status: "up" },
        { name: "memory copies", status: "degraded", message: expect.stringContaining(`more than ${D} ms`) },
      ],
    });
    await cache.close();
  });

  it("does not blame a store that nobody asks", async () => {
    const fleet = setUp();
    const { cache, process } = await fleet.open();
    await cache.set("k", 1);
    await readFor(THIRD, fleet, cache);
    process.isSilent = true;
    await fleet.time.advanceAsync(10 * D);
    expect((await cache.health()).status).toBe("up");
    await cache.close();
  });

  it("is degraded while a peer is lost, names it, and says what that costs", async () => {
    const time = createFakeTime();
    const host = { ...time, random: createSeededRandom(1), onRemoval: () => undefined };
    let state: PeerStatus["state"] = "connecting";
    const mesh: CoherenceTransport = {
      ...new InProcessHub().join("a"),
      name: "mesh",
      peers: () => [{ id: "b", address: "10.0.0.2:50051", state, heardAtMs: Number.NEGATIVE_INFINITY, queuedCount: 7 }],
    };
    const far = createMapBackend({ async: true, clock: time.clock });
    const cache = await openCacheOver(
      host,
      () => nearOver(far, host, { maxStalenessMs: D, transports: [mesh] }).backend,
    );
    expect((await cache.health()).status).toBe("up");
    expect(told(cache).peers).toEqual([
      {
        id: "b",
        address: "10.0.0.2:50051",
        transport: "mesh",
        state: "connecting",
        silentMs: Number.POSITIVE_INFINITY,
        queuedCount: 7,
      },
    ]);
    state = "lost";
    const { status, checks } = await cache.health();
    expect(status).toBe("degraded");
    expect(checks.at(-1)?.message).toMatch(/10\.0\.0\.2:50051.+within 3000 ms.+ack "all"/);
    state = "connected";
    expect((await cache.health()).status).toBe("up");
    await cache.close();
  });
});

describe("the events of copies", () => {
  it("tell of each probe: whether it was answered, and what it found", async () => {
    const fleet = setUp();
    const [reader, writer] = [await fleet.open(), await fleet.open()];
    const probes = eventsOf(reader.cache, "probe");
    await reader.cache.set("k", 1);
    await readFor(50, fleet, reader.cache);
    const found = { backend: "headed", isAnswered: true, durationMs: 0, changedShards: 0, renewedShards: 0 };
    expect(probes).toEqual([found]);
    reader.process.isHearing = false;
    await writer.cache.set("other", 1);
    await readFor(THIRD, fleet, reader.cache);
    expect(probes.at(-1)).toEqual({ ...found, changedShards: 1 });
    fleet.store.epoch = "second";
    await readFor(THIRD, fleet, reader.cache);
    expect(probes.at(-1)).toEqual({ ...found, renewedShards: 1 });
    reader.process.isSilent = true;
    await readFor(THIRD + SILENT_MS, fleet, reader.cache);
    expect(probes.at(-1)).toEqual({ ...found, isAnswered: false, durationMs: SILENT_MS });
    await Promise.all([reader.cache.close(), writer.cache.close()]);
  });

  it("tell of a gap, after which the store is asked at once", async () => {
    const fleet = setUp();
    const { cache, process } = await fleet.open();
    const [gaps, probes] = [eventsOf(cache, "gap"), eventsOf(cache, "probe")];
    await cache.set("k", 1);
    await readFor(100, fleet, cache);
    const { gaps: before } = told(cache);
    expect(probes).toHaveLength(1);
    process.changes?.onGap(true);
    await fleet.time.advanceAsync(0);
    expect(gaps).toEqual([{ backend: "headed", transport: "redis" }]);
    expect(told(cache).gaps).toBe(before + 1);
    expect(probes).toHaveLength(2);
    await cache.close();
  });

  it("tell of another process when it is heard of, and when it leaves", async () => {
    const fleet = setUp();
    const first = await fleet.open();
    const peers = eventsOf(first.cache, "peer");
    const second = await fleet.open();
    const [{ id = "" } = {}] = told(first.cache).peers;
    const said = { backend: "headed", node: "headed", transport: "redis", id };
    expect(peers).toEqual([{ ...said, state: "connected" }]);
    await second.cache.close();
    await fleet.time.advanceAsync(0);
    expect(peers).toEqual([
      { ...said, state: "connected" },
      { ...said, state: "lost" },
    ]);
    await first.cache.close();
  });

  it("tell of another process that has been silent for three beats", async () => {
    const fleet = setUp();
    const [first, second] = [await fleet.open(), await fleet.open()];
    const peers = eventsOf(first.cache, "peer");
    second.process.isHearing = false;
    await fleet.time.advanceAsync(50_000);
    expect(peers).toEqual([expect.objectContaining({ transport: "redis", state: "lost" })]);
    await Promise.all([first.cache.close(), second.cache.close()]);
  });
});
