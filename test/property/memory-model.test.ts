import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredEntry } from "../../src/backend/stored-entry.ts";
import { isWithinNamespace, namespaceOf } from "../../src/entry/namespace-path.ts";
import type { RemovalCause } from "../../src/entry/removal.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createMemoryBackend, type MemoryBackend } from "../../src/memory/memory-backend.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";

/** An entry of the model. What is over is removed when anybody looks. */
interface ModelEntry {
  readonly value: unknown;
  readonly version: number;
  /** By the monotonic clock. */
  readonly deadline: number;
  readonly slidingMs?: number | undefined;
  readonly tags: readonly string[];
}

const KEYS = ["a", "b", "@:@c", "@shop:a", "@shop:b", "@shop/eu:a", "@shop/eu/de:a", "@shopping:a"];
const TAGS = ["red", "green", "blue"];
const NAMESPACES = ["", "shop", "shop/eu", "shopping", "nobody"];
const START_MS = 1_767_225_600_000;

/** The store said in the plainest way: one Map, filtered whenever something ends. */
class Model {
  readonly entries = new Map<string, ModelEntry>();
  readonly invalidatedAt = new Map<string, number>();

  live(key: string, nowMs: number): ModelEntry | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && nowMs < entry.deadline ? entry : undefined;
  }

  endWhere(isOver: (key: string, entry: ModelEntry) => boolean): void {
    for (const [key, entry] of this.entries) if (isOver(key, entry)) this.entries.delete(key);
  }
}

interface World {
  readonly backend: MemoryBackend;
  readonly model: Model;
  readonly time: FakeTime;
  readonly left: [key: string, cause: RemovalCause][];
  /** Entries ever accepted. */
  written: number;
  /** A stamp taken some time ago. */
  stamp: number;
  lastVersion: number;
}

function createWorld(): World {
  const time = createFakeTime(START_MS);
  const left: [string, RemovalCause][] = [];
  const backend = createMemoryBackend(
    { maxSizeBytes: Infinity, maxKeys: Infinity, evictionPolicy: "w-tinylfu", cleanupIntervalMs: 70, copy: false },
    { ...time, random: createSeededRandom(3), onRemoval: (key, cause) => left.push([key, cause]) },
  );
  return { backend, model: new Model(), time, left, written: 0, stamp: backend.stamp(), lastVersion: 0 };
}

type Operation = (world: World) => void;

const key = fc.constantFrom(...KEYS);
const ttlMs = fc.constantFrom(10, 50, 100, Infinity);
const tags = fc.subarray(TAGS, { maxLength: 2 });
const nowMs = (world: World): number => world.time.clock.monotonicMs();

/** An entry as the store shows it: its end by the wall clock of now. */
function shown(world: World, entry: ModelEntry | undefined): StoredEntry | undefined {
  if (entry === undefined) return undefined;
  const { value, version, deadline, tags: names } = entry;
  const expiresAt = deadline - nowMs(world) + world.time.clock.wallMs();
  return { value, version, expiresAt, tags: names, slidingTtlMs: entry.slidingMs };
}

/** Reads a key of the model as a user does: a sliding TTL starts anew. */
function readModel(world: World, name: string): StoredEntry | undefined {
  const entry = world.model.live(name, nowMs(world));
  if (entry?.slidingMs === undefined) return shown(world, entry);
  const prolonged = { ...entry, deadline: nowMs(world) + entry.slidingMs };
  world.model.entries.set(name, prolonged);
  return shown(world, prolonged);
}

function accept(world: World, name: string, version: number, entry: Omit<ModelEntry, "version">): void {
  expect(version, "versions only grow").toBeGreaterThan(world.lastVersion);
  world.lastVersion = version;
  world.written += 1;
  world.model.entries.set(name, { ...entry, version });
}

const operations: Record<string, fc.Arbitrary<Operation>> = {
  get: key.map((name) => (world) => {
    const entry = world.backend.get(name);
    expect(entry).toEqual(readModel(world, name));
    expect(world.backend.peek(name)).toEqual(entry?.value);
  }),
  set: fc
    .record({
      name: key,
      value: fc.nat(),
      ttlMs,
      tags,
      sliding: fc.boolean(),
      isStamped: fc.boolean(),
      condition: fc.constantFrom("none", "absent", "version", "stale"),
    })
    .map(({ name, value, isStamped, condition, ...rest }) => (world) => {
      const before = world.model.live(name, nowMs(world));
      const slidingTtlMs = rest.sliding && rest.ttlMs !== Infinity ? rest.ttlMs : undefined;
      const conditions = {
        none: undefined,
        absent: { kind: "absent" },
        version: { kind: "version", version: before?.version ?? 1 },
        stale: { kind: "version", version: 5 },
      } as const;
      const result = world.backend.set(name, {
        value,
        ttlMs: rest.ttlMs,
        tags: rest.tags,
        slidingTtlMs,
        condition: conditions[condition as keyof typeof conditions],
        returnPrevious: true,
        tagsUnchangedSince: isStamped ? world.stamp : undefined,
      });
      const isTagged = isStamped && rest.tags.some((tag) => (world.model.invalidatedAt.get(tag) ?? 0) > world.stamp);
      const holds = { none: true, absent: before === undefined, version: before !== undefined, stale: false };
      expect(result.stored).toBe(holds[condition as keyof typeof holds] && !isTagged);
      expect(result.previous).toEqual(shown(world, before));
      if (!result.stored) expect(result.version).toBe(before?.version ?? 0);
      else {
        const entry = { value, deadline: nowMs(world) + rest.ttlMs, slidingMs: slidingTtlMs, tags: rest.tags };
        accept(world, name, result.version, entry);
      }
    }),
  delete: key.map((name) => (world) => {
    expect(world.backend.delete(name)).toBe(world.model.live(name, nowMs(world)) !== undefined);
    world.model.entries.delete(name);
  }),
  expire: fc.tuple(key, fc.constantFrom(0, 20, 80, Infinity)).map(([name, ttl]) => (world) => {
    const before = world.model.live(name, nowMs(world));
    expect(world.backend.expire(name, ttl)).toBe(before !== undefined);
    const deadline = nowMs(world) + ttl;
    if (before !== undefined) world.model.entries.set(name, { ...before, deadline, slidingMs: undefined });
  }),
  increment: fc.tuple(key, fc.bigInt(-9n, 9n), ttlMs).map(([name, delta, ttl]) => (world) => {
    const before = world.model.live(name, nowMs(world));
    const request = { delta, initial: 5n, ttlMs: ttl, minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n };
    const result = world.backend.increment(name, request);
    const value = (before === undefined ? 5 : (before.value as number)) + Number(delta);
    expect(result.value).toBe(BigInt(value));
    const { deadline = nowMs(world) + ttl, slidingMs, tags: names = [] } = before ?? {};
    accept(world, name, result.version, { value, deadline, slidingMs, tags: names });
  }),
  commit: fc.tuple(key, key, fc.nat(), fc.boolean()).map(([checked, written, value, isRight]) => (world) => {
    const version = world.model.live(checked, nowMs(world))?.version ?? 0;
    const result = world.backend.commit(
      [{ key: checked, version: isRight ? version : version + 1 }],
      [
        { key: checked, write: undefined },
        { key: written, write: { value, ttlMs: 60, tags: ["red"] } },
      ],
    );
    expect(result.committed).toBe(isRight);
    if (!isRight) return;
    expect(result.versions[0]).toBe(0);
    world.model.entries.delete(checked);
    accept(world, written, result.versions[1] as number, { value, deadline: nowMs(world) + 60, tags: ["red"] });
  }),
  invalidateTags: tags.map((names) => (world) => {
    world.backend.invalidateTags(names);
    world.model.endWhere((_, entry) => entry.tags.some((tag) => names.includes(tag)));
    for (const tag of names) world.model.invalidatedAt.set(tag, world.backend.stamp());
  }),
  stamp: fc.constant((world) => {
    world.stamp = world.backend.stamp();
  }),
  clear: fc.constantFrom(...NAMESPACES).map((path) => (world) => {
    world.backend.clear(path);
    world.model.endWhere((name) => isWithinNamespace(namespaceOf(name), path));
    expect(world.backend.usage(path)).toMatchObject({ keyCount: 0, memoryUsageBytes: 0 });
  }),
  advance: fc.constantFrom(0, 1, 10, 50, 100).map((ms) => (world) => world.time.advance(ms)),
  setWallClock: fc.constantFrom(-1e9, -30, 1, 30, 1e9).map((ms) => (world) => {
    world.time.setWall(world.time.clock.wallMs() + ms);
  }),
};

function checkWorld(world: World): void {
  const { backend, model, left } = world;
  backend.checkInvariants();
  for (const name of KEYS) expect(backend.get(name)).toEqual(readModel(world, name));
  model.endWhere((_, entry) => entry.deadline <= nowMs(world));
  // Everything that is over was met by the reads above or is waiting for the sweeper; let it finish and count.
  world.time.advance(0);
  for (const path of NAMESPACES) {
    const inside = [...model.entries.keys()].filter((name) => isWithinNamespace(namespaceOf(name), path));
    expect(backend.usage(path).keyCount).toBe(inside.length);
  }
  expect(left.length, "each accepted entry is there or was reported once").toBe(world.written - model.entries.size);
  expect(left.some(([, cause]) => cause === "evicted")).toBe(false);
}

describe("memory store without bounds", () => {
  it("answers as the plainest model does, whatever the order of operations", () => {
    const anyOperation = fc.oneof(
      { weight: 6, arbitrary: operations["set"] as fc.Arbitrary<Operation> },
      ...Object.values(operations).map((arbitrary) => ({ weight: 2, arbitrary })),
    );
    fc.assert(
      fc.property(fc.array(anyOperation, { maxLength: 120, size: "max" }), (list) => {
        const world = createWorld();
        for (const operation of list) {
          operation(world);
          world.backend.checkInvariants();
        }
        checkWorld(world);
        world.backend.close();
        expect(world.time.pendingCount(), "no timer survives close").toBeLessThanOrEqual(1);
      }),
      { numRuns: 150 },
    );
  });
});
