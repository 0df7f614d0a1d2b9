import { describe, expect, it } from "vitest";
import { isWithinNamespace, namespaceOf } from "../../src/entry/namespace-path.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createSharedMemoryBackend, type SharedMemoryBackend } from "../../src/memory/shared/shared-memory-backend.ts";
import { createSharedSlab } from "../../src/memory/shared/shared-slab.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";

/** An entry of the model: one Map, filtered whenever something ends. */
interface ModelEntry {
  readonly value: unknown;
  readonly version: number;
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

interface World {
  readonly stores: readonly SharedMemoryBackend[];
  readonly model: Map<string, ModelEntry>;
  readonly time: FakeTime;
  /** Keys whose change after the stamp refuses loads, and when. */
  readonly changedAt: Map<string, number>;
  readonly invalidatedAt: Map<string, number>;
  stamp: number;
  lastVersion: number;
}

const MEBIBYTE = 2 ** 20;
const TAGS = ["red", "green", "\ud800 lone"];
const NAMESPACES = ["", "shop", "shop/eu", "nobody"];
const STEMS = ["a", "ž", "\udc00", "long ".repeat(50), "@:@c", "@shop:a", "@shop/eu:a", "@shop/eu/de:ж", "@shopping:a"];
const KEYS = STEMS.flatMap((stem) => [stem, `${stem}1`, `${stem}2`]);
const VALUES = [
  ...[0, -0, 1.5, Number.NaN, 2 ** 60, null, true, false, "", "text", "ÿ", "ж", "\ud800", 12n, "x".repeat(3_000)],
  ...[
    Buffer.from("bytes"),
    new Uint8Array([1, 2]),
    new Uint8Array(0),
    { a: [1, { b: new Date(5) }] },
    new Map([[1, "x"]]),
  ],
  ...[new Set([1]), Object.assign([undefined], { 2: 3 }), /x/g, new Error("e"), new Float64Array([1.5])],
];

function createWorld(random: { next(): number }): World {
  const time = createFakeTime();
  const slab = createSharedSlab({ sizeBytes: MEBIBYTE }, { ...time, random });
  const host = { ...time, random, onRemoval: () => undefined };
  const stores = [1, 2].map(() => createSharedMemoryBackend({ slab, cleanupIntervalMs: 500 }, host));
  const maps = { model: new Map(), changedAt: new Map(), invalidatedAt: new Map() };
  return { stores, time, ...maps, stamp: stores[0]!.stamp(), lastVersion: 0 };
}

function live(world: World, key: string): ModelEntry | undefined {
  const entry = world.model.get(key);
  return entry !== undefined && world.time.clock.wallMs() < entry.expiresAt ? entry : undefined;
}

function accept(world: World, key: string, entry: ModelEntry): void {
  expect(entry.version, "versions only grow").toBeGreaterThan(world.lastVersion);
  world.lastVersion = entry.version;
  world.model.set(key, entry);
  world.changedAt.set(key, entry.version);
}

type Pick = <T>(from: readonly T[]) => T;
type Step = (world: World, store: SharedMemoryBackend, pick: Pick) => void;

const STEPS: readonly Step[] = [
  function get(world, store, pick) {
    const key = pick(KEYS);
    const expected = live(world, key);
    expect(store.get(key)).toEqual(expected);
    expect(store.peek(key)).toEqual(expected?.value);
  },
  function set(world, store, pick) {
    const key = pick(KEYS);
    const before = live(world, key);
    const value = pick(VALUES);
    const tags = pick([[], [], [pick(TAGS)], TAGS]);
    const ttlMs = pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 50, 400]);
    const condition = pick([
      ...[undefined, undefined, { kind: "absent" } as const],
      { kind: "version", version: pick([before?.version ?? 1, 7]) } as const,
    ]);
    const isStamped = pick([true, false, false]);
    const tagsUnchangedSince = isStamped ? world.stamp : undefined;
    const result = store.set(key, { value, tags, ttlMs, condition, returnPrevious: true, tagsUnchangedSince });
    const isMet =
      condition === undefined || (condition.kind === "absent" ? !before : before?.version === condition.version);
    const isLate =
      isStamped &&
      [...tags.map((tag) => world.invalidatedAt.get(tag)), world.changedAt.get(key)].some(
        (at) => (at ?? 0) > world.stamp,
      );
    expect(result.previous).toEqual(before);
    // A load may be refused without need, when another key's removal fell on the same cell; never accepted wrongly.
    const isRefusedWithoutNeed = isStamped && isMet && !result.stored;
    if (!isRefusedWithoutNeed) expect(result.stored).toBe(isMet && !isLate);
    if (!result.stored) expect(result.version).toBe(before?.version ?? 0);
    else accept(world, key, { value, version: result.version, tags, expiresAt: world.time.clock.wallMs() + ttlMs });
  },
  function remove(world, store, pick) {
    const key = pick(KEYS);
    expect(store.delete(key)).toBe(live(world, key) !== undefined);
    world.model.delete(key);
    world.changedAt.set(key, store.stamp());
  },
  function expire(world, store, pick) {
    const [key, ttlMs] = [pick(KEYS), pick([30, 300, Number.POSITIVE_INFINITY])];
    const before = live(world, key);
    expect(store.expire(key, ttlMs)).toBe(before !== undefined);
    if (before !== undefined) world.model.set(key, { ...before, expiresAt: world.time.clock.wallMs() + ttlMs });
  },
  function increment(world, store, pick) {
    const key = pick(KEYS);
    const before = live(world, key);
    const request = { delta: 2n, initial: 5n, ttlMs: 400, minimum: 0n, maximum: 2n ** 62n };
    const isCountable = before === undefined || typeof before.value === "bigint" || Number.isSafeInteger(before.value);
    if (!isCountable) return void expect(() => store.increment(key, request)).toThrow("integer");
    const { value, version } = store.increment(key, request);
    expect(value).toBe(before === undefined ? 7n : BigInt(before.value as number) + 2n);
    const expiresAt = before?.expiresAt ?? world.time.clock.wallMs() + 400;
    accept(world, key, { value: Number(value), version, tags: before?.tags ?? [], expiresAt });
  },
  function invalidate(world, store, pick) {
    const tags = [pick(TAGS)];
    store.invalidateTags(tags);
    const at = store.stamp();
    for (const tag of tags) world.invalidatedAt.set(tag, at);
    for (const [key, entry] of world.model) if (entry.tags.some((tag) => tags.includes(tag))) world.model.delete(key);
  },
  function clear(world, store, pick) {
    const path = pick(NAMESPACES);
    store.clear(path);
    const at = store.stamp();
    for (const key of KEYS) {
      if (!isWithinNamespace(namespaceOf(key), path)) continue;
      world.model.delete(key);
      world.changedAt.set(key, at);
    }
  },
  function advance(world, _, pick) {
    world.time.advance(pick([1, 20, 200, 600]));
  },
  function takeStamp(world, store) {
    world.stamp = store.stamp();
  },
  function sweep(_, store) {
    store.sweep();
  },
];
const WEIGHTS = [30, 34, 8, 6, 6, 2, 1, 8, 4, 1];

describe("a shared memory used by one thread through two caches", () => {
  const firstSeed = Number(process.env["GOCACHEX_SEED"] ?? 1);
  it.each(Array.from({ length: 8 }, (_, index) => firstSeed + index))(
    "does what the model does (seed %i)",
    async (seed) => {
      const random = createSeededRandom(seed);
      const pick: Pick = (from) => from[Math.floor(random.next() * from.length)] as never;
      const steps = STEPS.flatMap((step, index) => Array.from({ length: WEIGHTS[index] as number }, () => step));
      const world = createWorld(random);
      for (let count = 0; count < 1_500; count += 1) pick(steps)(world, pick(world.stores), pick);
      const listed: string[] = [];
      // The scan waits for turns of the event loop, which stand still until somebody moves them.
      const turning = setInterval(() => world.time.advance(0), 0);
      for await (const keys of world.stores[0]!.scan("")) listed.push(...keys);
      clearInterval(turning);
      expect(listed.sort()).toEqual([...world.model.keys()].filter((key) => live(world, key) !== undefined).sort());
      world.stores[1]!.sweep();
      expect(world.stores[0]!.usage("").keyCount).toBe(listed.length);
      for (const store of world.stores) store.close();
      expect(world.time.pendingCount()).toBe(0);
    },
  );
});
