import { describe, expect, it } from "vitest";
import { BackendError } from "../../src/foundation/errors.ts";
import { createSeededRandom, type RandomSource } from "../../src/foundation/random-source.ts";
import type { ShardedBackendOptions } from "../../src/sharding/sharding-options.ts";
import {
  createShardedWorld,
  NO_CONTEXT,
  readText,
  type ShardedWorld,
  textWrite,
  type WorldProcess,
} from "../support/sharded-world.ts";

/**
 * Random operations of several processes, one after the other, with nodes that come, go, die and return, against one plain map.
 *
 * What is checked: a read gives the last value that was written, or nothing; never an older one, and nothing at all after a delete. A miss is
 * always allowed, since nodes that are emptied lose what they held, but where nothing fails none may happen. A write that fails with an error
 * of a store may have happened or not, so both are allowed afterwards.
 */
interface Model {
  /** By key: the values that a read may give. `undefined` is in all. */
  readonly allowed: Map<string, Set<string | undefined>>;
}

interface Run {
  readonly world: ShardedWorld;
  readonly processes: WorldProcess[];
  readonly random: RandomSource;
  readonly model: Model;
  readonly trace: string[];
  written: number;
  /** The nodes that all processes are to have. */
  target: readonly string[];
}

const NODE_LISTS = ["abcd", "abc", "abcde", "bcde"].map((names) => [...names]);
const KEYS = [
  ...Array.from({ length: 24 }, (_, index) => `k${index}`),
  ...Array.from({ length: 8 }, (_, index) => `@shop:k${index}`),
  ...["@:@x", "{t}1", "{t}2"],
];
const TAGS = ["red", "blue"];

function pickOf<T>(random: RandomSource, items: readonly T[]): T {
  return items[Math.floor(random.next() * items.length)] as T;
}

function allowOnly(run: Run, key: string, ...values: (string | undefined)[]): void {
  run.model.allowed.set(key, new Set([undefined, ...values]));
}

function allowAlso(run: Run, key: string, value: string): void {
  const allowed = run.model.allowed.get(key) ?? new Set([undefined]);
  run.model.allowed.set(key, allowed.add(value));
}

/** Runs a call that may fail as stores do. @returns whether it succeeded */
async function attempt(run: Run, what: string, call: () => Promise<unknown> | unknown): Promise<boolean> {
  try {
    await call();
    run.trace.push(what);
    return true;
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    run.trace.push(`${what} failed: ${error.code}`);
    return false;
  }
}

async function checkRead(run: Run, { store }: WorldProcess, key: string): Promise<void> {
  let read: string | undefined;
  const isDone = await attempt(run, `read ${key}`, async () => {
    read = await readText(store, key);
  });
  if (!isDone) return;
  const allowed = run.model.allowed.get(key) ?? new Set([undefined]);
  expect(allowed.has(read), `${key} was ${read}; allowed: ${[...allowed]}\n${run.trace.slice(-60).join("\n")}`).toBe(
    true,
  );
}

type Step = (run: Run, process: WorldProcess) => Promise<void>;

const STEPS: readonly Step[] = [
  async (run, process) => checkRead(run, process, pickOf(run.random, KEYS)),
  async (run, process) => {
    for (const key of KEYS) await checkRead(run, process, key);
  },
  async (run, { store }) => {
    const key = pickOf(run.random, KEYS);
    run.written += 1;
    const value = `v${run.written}`;
    const tags = run.random.next() < 0.3 ? [pickOf(run.random, TAGS)] : [];
    const isDone = await attempt(run, `set ${key} ${value}`, () =>
      store.set(key, textWrite(value, { tags }), NO_CONTEXT),
    );
    if (isDone) allowOnly(run, key, value);
    else allowAlso(run, key, value);
  },
  async (run, { store }) => {
    const keys = KEYS.filter(() => run.random.next() < 0.3);
    run.written += 1;
    const value = `v${run.written}`;
    const items = keys.map((key) => [key, textWrite(value)] as const);
    const isDone = await attempt(run, `setMulti ${keys} ${value}`, () => store.setMulti(items, NO_CONTEXT));
    for (const key of keys) {
      if (isDone) allowOnly(run, key, value);
      else allowAlso(run, key, value);
    }
  },
  async (run, { store }) => {
    const key = pickOf(run.random, KEYS);
    if (await attempt(run, `delete ${key}`, () => store.delete(key, NO_CONTEXT))) allowOnly(run, key);
  },
  async (run, { store }) => {
    const keys = KEYS.filter(() => run.random.next() < 0.2);
    if (!(await attempt(run, `deleteMulti ${keys}`, () => store.deleteMulti(keys, NO_CONTEXT)))) return;
    for (const key of keys) allowOnly(run, key);
  },
  async (run, { store }) => {
    if (!(await attempt(run, "clear shop", () => store.clear?.("shop", NO_CONTEXT)))) return;
    for (const key of KEYS) if (key.startsWith("@shop")) allowOnly(run, key);
  },
  async (run) => run.world.time.advanceAsync(run.random.next() * 700),
];

const FAULTS: readonly Step[] = [
  async (run, process) => {
    const [name, link] = pickOf(run.random, [...process.links]);
    link.isUp = run.random.next() < 0.6;
    run.trace.push(`link to ${name} is ${link.isUp ? "up" : "down"}`);
  },
  async (run) => {
    const [name] = pickOf(run.random, [...(run.processes[0] as WorldProcess).links]);
    const isUp = run.random.next() < 0.6;
    for (const link of run.processes.map(({ links }) => links.get(name))) if (link !== undefined) link.isUp = isUp;
    run.trace.push(`server ${name} is ${isUp ? "up" : "down"}`);
  },
];

/** Every process makes the same change before anything else happens. */
async function changeNodes(run: Run): Promise<void> {
  const [first] = run.processes as [WorldProcess];
  const names = first.store.nodes().map(({ name }) => name);
  const absent = ["a", "b", "c", "d", "e"].filter((name) => !names.includes(name));
  const removed =
    names.length > 3 && (absent.length === 0 || run.random.next() < 0.5) ? pickOf(run.random, names) : undefined;
  const added = removed === undefined ? pickOf(run.random, absent) : undefined;
  const migrates = run.random.next() < 0.5;
  run.trace.push(
    `nodes: ${names} ${removed === undefined ? `+ ${added}` : `- ${removed}`} ${migrates ? "migrating" : ""}`,
  );
  for (const { store, link } of run.processes) {
    if (removed !== undefined) await store.removeNode(removed, { migrates });
    else await store.addNode({ name: added as string, backend: link(added as string).backend }, { migrates });
  }
  if (!migrates) return;
  // Other processes go on while entries move.
  const migrating = first.store.migrate({ entriesPerSecond: Number.POSITIVE_INFINITY });
  for (let step = 0; step < 10; step += 1) {
    await pickOf(run.random, STEPS.slice(0, -1))(run, pickOf(run.random, run.processes));
  }
  await migrating;
  for (const { store } of run.processes) await store.endMove();
}

/** One process gets nearer to the nodes that all are to have; those that are behind are kept from harm by the views. */
async function adoptNodes(run: Run, { store, link, links }: WorldProcess): Promise<void> {
  const names = store.nodes().map(({ name }) => name);
  const added = run.target.find((name) => !names.includes(name));
  const removed = names.find((name) => !run.target.includes(name));
  const change = async (): Promise<void> => {
    if (added !== undefined) {
      const isUp = links.get(added)?.isUp ?? true;
      const created = link(added);
      created.isUp = isUp;
      await store.addNode({ name: added, backend: created.backend });
    } else if (removed !== undefined) await store.removeNode(removed);
  };
  await attempt(run, `nodes: ${names} → ${run.target}`, change);
}

async function play(
  seed: number,
  options: Partial<ShardedBackendOptions>,
  kinds: { faults: boolean; changes: boolean },
) {
  const world = createShardedWorld(["a", "b", "c", "d"], seed % 3 === 0 && !kinds.changes ? { scan: false } : {});
  const processes = [await world.start(options), await world.start(options), await world.start(options)];
  const run: Run = {
    world,
    processes,
    random: createSeededRandom(seed),
    model: { allowed: new Map() },
    trace: [`seed ${seed}`],
    written: 0,
    target: NODE_LISTS[0] as string[],
  };
  for (let step = 0; step < 150; step += 1) {
    const drawn = run.random.next();
    if (kinds.changes && kinds.faults) {
      if (drawn < 0.02) run.target = pickOf(run.random, NODE_LISTS);
      if (drawn < 0.1) await adoptNodes(run, pickOf(run.random, processes));
    }
    if (kinds.changes && !kinds.faults && drawn < 0.05) await changeNodes(run);
    else if (kinds.faults && drawn < 0.15) await pickOf(run.random, FAULTS)(run, pickOf(run.random, processes));
    else await pickOf(run.random, STEPS)(run, pickOf(run.random, processes));
  }
  for (const key of KEYS) await checkRead(run, pickOf(run.random, processes), key);
  if (!kinds.faults) expect(run.trace.filter((line) => line.includes("failed"))).toEqual([]);
}

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

describe("several processes over sharded nodes never read what was replaced or deleted", () => {
  it.each(SEEDS)("when nothing fails (seed %i)", (seed) => play(seed, {}, { faults: false, changes: false }));

  it.each(SEEDS)("when nodes come and go, with and without migration (seed %i)", (seed) =>
    play(seed, { algorithm: seed % 2 === 0 ? "rendezvous" : "consistent" }, { faults: false, changes: true }),
  );

  it.each(SEEDS)("when nodes and links fail, and calls with them (seed %i)", (seed) =>
    play(seed, {}, { faults: true, changes: false }),
  );

  it.each(SEEDS)("when others stand in for nodes that fail (seed %i)", (seed) =>
    play(seed, { failover: "next", viewMs: 500, returnAfterMs: 1_000 }, { faults: true, changes: false }),
  );

  it.each(SEEDS)("when nodes fail while they come and go, in one process before another (seed %i)", (seed) =>
    play(seed, { failover: "next", viewMs: 500, returnAfterMs: 1_000 }, { faults: true, changes: true }),
  );
});

it("loses nothing where nothing fails", async () => {
  const world = createShardedWorld(["a", "b", "c"]);
  const process = await world.start();
  for (const key of KEYS) await process.store.set(key, textWrite(key), NO_CONTEXT);
  for (const key of KEYS) expect(await readText(process.store, key)).toBe(key);
});
