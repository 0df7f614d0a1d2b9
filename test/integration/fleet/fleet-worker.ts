import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { Backend } from "../../../src/backend/backend.ts";
import { redisBackend } from "../../../src/backends/redis/redis-store.ts";
import type { Cache } from "../../../src/cache/cache.ts";
import type { GetOrSetOptions } from "../../../src/cache/options.ts";
import { createCache } from "../../../src/create-cache.ts";
import { createSeededRandom } from "../../../src/foundation/random-source.ts";
import { type FleetEvent, microsSince } from "./fleet-event.ts";
import { type FleetKey, fleetKeys, prefixOf } from "./fleet-keys.ts";
import type { FleetTask, Invalidation } from "./fleet-message.ts";
import { SourceClient } from "./source-client.ts";

/** What is stored. */
interface FleetValue {
  readonly key: string;
  readonly generation: number;
}

/** Calls in flight in each process. */
const FIBER_COUNT = 4;
const LONGEST_PAUSE_MS = 20;
/** Before and after the source is read, each. */
const LONGEST_READ_MS = 12;
/** Every process asks for the same new key at the same time. */
const STORM_EVERY_MS = 250;
const STORM_READ_MS = 30;
const CHANGE_RATIO = 0.12;
const LONE: GetOrSetOptions = { distributedSingleFlight: false };

const task = JSON.parse(process.argv[2] as string) as FleetTask;
const { sabotage } = task;
const originNs = BigInt(task.originNs);
const now = (): number => microsSince(originNs);
const random = createSeededRandom(task.seed);
const keys = fleetKeys(task.keyCount);
const source = new SourceClient();

class PlannedFailure extends Error {}

const chance = (ratio: number): boolean => random.next() < ratio;
const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)] as T;
/** Some keys are much busier than others. */
const pickKey = (): FleetKey => keys[Math.floor(random.next() ** 2 * keys.length)] as FleetKey;
const log = (event: Omit<FleetEvent, "process" | "to">): void => {
  source.log({ ...event, process: task.process, to: now() });
};

function open(): Cache {
  // A machine that is busy is not what this is about.
  const deadlines = { read: "30s", write: "30s", connect: "30s" } as const;
  if (sabotage !== "plain-fill") {
    const timeouts = { dialTimeout: "30s", readTimeout: "30s", writeTimeout: "30s" } as const;
    return createCache({ backend: "redis", deadlines, redis: { addresses: [task.address], poolSize: 2, ...timeouts } });
  }
  const timeouts = { dialTimeoutMs: 30_000, readTimeoutMs: 30_000, writeTimeoutMs: 30_000 };
  const topology = { kind: "standalone", address: task.address } as const;
  const backend = redisBackend({ topology, poolSize: 2, ...timeouts });
  return createCache({ backend: withPlainFill(backend), deadlines });
}

function withPlainFill(backend: Backend): Backend {
  const tier = backend.loadTier as NonNullable<Backend["loadTier"]>;
  const loadTier: Backend["loadTier"] = {
    getOrLease: (key, request, context) => tier.getOrLease(key, request, context),
    release: (key, token, context) => tier.release(key, token, context),
    watchKey: (key, onChange) => tier.watchKey?.(key, onChange) ?? (() => undefined),
    fill: async (key, { write }, context) =>
      backend.set(key, { ...write, tagsUnchangedSince: undefined, condition: undefined }, context),
  };
  return { ...backend, loadTier };
}

const root = open();
const cache = root.namespace("data");

/** Reads the source as a loader does. */
async function load(key: FleetKey, from: number, how = "stored"): Promise<FleetValue> {
  await delay(random.next() * LONGEST_READ_MS);
  const generation = await source.read(key.name);
  await delay(random.next() * LONGEST_READ_MS);
  log({ kind: "load", how, key: key.name, generation, from });
  return { key: key.name, generation };
}

function logRead(key: string, value: FleetValue | undefined, how: string, from: number): void {
  if (value === undefined) return;
  if (value.key !== key) source.surprise(`${how}("${key}") returned the value of "${value.key}"`);
  log({ kind: "read", how, key, generation: value.generation, from });
}

async function getOrSet(key: FleetKey): Promise<void> {
  const from = now();
  const isForced = key.use === "refreshed" && chance(0.3);
  const fate = chance(0.03) ? "failed" : chance(0.03) ? "skipped" : isForced ? "forced" : "stored";
  const options: GetOrSetOptions = {
    tags: [key.tag],
    ...((key.use === "lone" || sabotage === "lone-loads") && LONE),
    ...(key.use === "refreshed" && { ttl: "300ms", refreshAhead: 0.5, forceFresh: isForced }),
  };
  const known = sabotage === "late-token" ? await load(key, from) : undefined;
  const value = await cache.getOrSet<FleetValue>(
    key.name,
    async (context) => {
      const loaded = known ?? (await load(key, from, fate));
      if (fate === "failed") throw new PlannedFailure();
      if (fate === "skipped") context.skipStore();
      return loaded;
    },
    options,
  );
  logRead(key.name, value, isForced ? "getOrSet, forced" : "getOrSet", from);
}

/** Of one tag, for a batch has the same tags for all. */
function pickBatch(): readonly FleetKey[] {
  const { tag } = pickKey();
  return keys.filter((key) => key.tag === tag && key.use === "shared" && chance(0.5));
}

async function getOrSetMulti(): Promise<void> {
  const batch = pickBatch();
  if (batch.length === 0) return;
  const from = now();
  const byName = new Map(batch.map((key) => [key.name, key]));
  const loader = async (names: readonly string[]): Promise<Map<string, FleetValue>> => {
    const loaded = await Promise.all(names.map((name) => load(byName.get(name) as FleetKey, from)));
    return new Map(loaded.map((value) => [value.key, value]));
  };
  const options = { tags: [(batch[0] as FleetKey).tag], ...(sabotage === "lone-loads" && LONE) };
  const values = await cache.getOrSetMulti<FleetValue>(byName.keys(), loader, options);
  for (const name of byName.keys()) logRead(name, values.get(name), "getOrSetMulti", from);
}

async function get(): Promise<void> {
  const from = now();
  if (chance(0.7)) {
    const { name } = pickKey();
    logRead(name, await cache.get<FleetValue>(name), "get", from);
    return;
  }
  const names = pickBatch().map(({ name }) => name);
  const values = await cache.getMulti<FleetValue>(names);
  for (const name of names) logRead(name, values.get(name), "getMulti", from);
}

/** Which keys a change is about. */
function keysOf(how: Invalidation, key: FleetKey): readonly FleetKey[] {
  switch (how) {
    case "delete":
    case "set":
      return [key];
    case "deleteMulti":
      return [...new Set([key, pickKey(), pickKey()])];
    case "invalidateTags":
      return keys.filter(({ tag }) => tag === key.tag);
    case "deleteByPrefix":
      return keys.filter((other) => prefixOf(other) === prefixOf(key));
    case "clear":
      return keys;
  }
}

function invalidate(how: Invalidation, changed: readonly FleetKey[], generation: number): Promise<unknown> {
  const [key] = changed as readonly [FleetKey];
  switch (how) {
    case "delete":
      return cache.delete(key.name);
    case "set":
      return cache.set<FleetValue>(key.name, { key: key.name, generation }, { tags: [key.tag] });
    case "deleteMulti":
      return cache.deleteMulti(changed.map(({ name }) => name));
    case "invalidateTags":
      return cache.invalidateTags([key.tag]);
    case "deleteByPrefix":
      return cache.deleteByPrefix(prefixOf(key));
    case "clear":
      return cache.clear();
  }
}

async function change(): Promise<void> {
  const isRare = chance(0.1);
  const how = pick(task.invalidations.filter((kind) => isRare || (kind !== "clear" && kind !== "deleteByPrefix"))) as
    | Invalidation
    | undefined;
  if (how === undefined) return;
  const changed = keysOf(how, pickKey());
  if (sabotage === "early-invalidation" && how !== "set") {
    await invalidate(how, changed, 0);
    await delay(LONGEST_READ_MS);
  }
  const changing = await source.begin(
    changed.map(({ name }) => name),
    how === "set",
  );
  const [first] = changing.generations as readonly [number];
  if (sabotage !== "early-invalidation" || how === "set") await invalidate(how, changed, first);
  for (const [index, { name }] of changed.entries()) {
    const generation = changing.generations[index] as number;
    log({ kind: "change", how, key: name, generation, from: changing.at });
  }
  changing.end();
}

function act(): Promise<void> {
  if (chance(CHANGE_RATIO)) return change();
  if (chance(0.12)) return getOrSetMulti();
  return chance(0.15) ? get() : getOrSet(pickKey());
}

let startAt = 0;
const isOver = (): boolean => now() >= startAt + task.durationMs * 1_000;

async function runFiber(): Promise<void> {
  while (!isOver()) {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof PlannedFailure)) source.surprise(String((error as Error).stack));
    }
    await delay(random.next() * LONGEST_PAUSE_MS);
  }
}

/** Keys that nobody has and everybody wants at the same moment. */
async function runStorms(): Promise<void> {
  const storms = root.namespace("storm");
  const options = sabotage === "lone-loads" ? LONE : undefined;
  for (let storm = 1; storm * STORM_EVERY_MS < task.durationMs; storm += 1) {
    await delay(Math.max(0, storm * STORM_EVERY_MS - (now() - startAt) / 1_000));
    const key = `storm:${storm}`;
    const from = now();
    const loader = async (): Promise<FleetValue> => {
      await delay(STORM_READ_MS);
      log({ kind: "load", how: "stored", key, generation: 1, from });
      return { key, generation: 1 };
    };
    logRead(key, await storms.getOrSet<FleetValue>(key, loader, options), "getOrSet", from);
  }
}

await root.ready();
startAt = await source.open();
await delay(Math.max(0, (startAt - now()) / 1_000));
await Promise.all([runStorms(), ...Array.from({ length: FIBER_COUNT }, runFiber)]);
await root.close();
source.close();
