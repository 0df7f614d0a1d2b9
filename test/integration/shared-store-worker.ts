import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import type { SharedSlabHandle } from "../../src/backend/shared-slab-handle.ts";
import { systemClock } from "../../src/foundation/clock.ts";
import { hashString } from "../../src/foundation/hash.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { systemScheduler } from "../../src/foundation/scheduler.ts";
import { systemThreadExits } from "../../src/foundation/thread-exits.ts";
import { createSharedMemoryBackend, type SharedMemoryBackend } from "../../src/memory/shared/shared-memory-backend.ts";
import { type Chaos, startChaos } from "./shared-store-chaos.ts";

/** What the test tells a worker. */
export interface WorkerTask {
  readonly mode: "history" | "hammer";
  readonly slab: SharedSlabHandle;
  readonly seed: number;
  readonly workerIndex: number;
  readonly workerCount: number;
  /** Words: 0 the logical clock of histories, 1 stop, 2 torn values, 3 barrier; from 8 on a progress counter for each worker. */
  readonly board: Int32Array;
  readonly rounds: number;
  readonly chaos: Chaos | undefined;
}

/** One operation of a history, with the logical instants between which it happened. */
export interface HistoryEvent {
  readonly key: string;
  readonly kind: "get" | "set" | "add" | "delete" | "increment" | "swap" | "clear" | "clearAll";
  readonly argument: number;
  /** Value and version found or written; 0 for none. */
  readonly value: number;
  readonly version: number;
  readonly done: boolean;
  readonly from: number;
  readonly to: number;
}

const KEYS_PER_ROUND = 2;
const OPERATIONS_PER_ROUND = 10;
const task = workerData as WorkerTask;
const random = createSeededRandom(task.seed);
const backend = createSharedMemoryBackend(
  { slab: task.slab, cleanupIntervalMs: Number.POSITIVE_INFINITY, threads: systemThreadExits },
  { clock: systemClock, scheduler: systemScheduler, random, onRemoval: () => undefined, wantsRemovals: () => false },
);
const { board } = task;
// Taken before chaos begins: the board is not what is tested.
const { load, add, wait, notify } = Atomics;
const tick = (): number => add(board, 0, 1);
if (task.chaos !== undefined) startChaos(createSeededRandom(task.seed + 1), task.chaos);

const pick = (count: number): number => Math.floor(random.next() * count);

/** Waits until all workers have come as far. */
function meet(round: number): void {
  const wanted = (round + 1) * task.workerCount;
  if (add(board, 3, 1) + 1 === wanted) notify(board, 3);
  for (let met = load(board, 3); met < wanted; met = load(board, 3)) wait(board, 3, met, 50);
}

let unique = task.workerIndex * 1_000_000;
const versions = new Map<string, number>();

function perform(store: SharedMemoryBackend, key: string): HistoryEvent {
  unique += 1;
  const chance = pick(100);
  const from = tick();
  const event = (kind: HistoryEvent["kind"], argument: number, found: Partial<HistoryEvent>): HistoryEvent => ({
    ...{ key, kind, argument, value: 0, version: 0, done: false, from, to: tick() },
    ...found,
  });
  const write = { value: unique, ttlMs: Number.POSITIVE_INFINITY, tags: [] };
  if (chance < 35) {
    const entry = store.get(key);
    if (entry !== undefined) versions.set(key, entry.version);
    return event("get", 0, { value: (entry?.value as number | undefined) ?? 0, version: entry?.version ?? 0 });
  }
  if (chance < 50) return event("set", unique, { version: store.set(key, write).version });
  if (chance < 60) {
    const result = store.set(key, { ...write, condition: { kind: "absent" } });
    return event("add", unique, { version: result.version, done: result.stored });
  }
  if (chance < 75) {
    const version = versions.get(key) ?? 1;
    const result = store.set(key, { ...write, condition: { kind: "version", version } });
    return { ...event("swap", version, { version: result.version, done: result.stored }), value: unique };
  }
  if (chance < 85) {
    const request = { delta: 1n, initial: 0n, ttlMs: Number.POSITIVE_INFINITY, minimum: 0n, maximum: 2n ** 50n };
    const result = store.increment(key, request);
    return event("increment", 1, { value: Number(result.value), version: result.version });
  }
  if (chance < 94) return event("delete", 0, { done: store.delete(key) });
  store.clear(chance < 97 ? "round" : "");
  return event(chance < 97 ? "clear" : "clearAll", 0, {});
}

function runHistories(): void {
  const events: HistoryEvent[] = [];
  for (let round = 0; round < task.rounds; round += 1) {
    meet(round);
    for (let count = 0; count < OPERATIONS_PER_ROUND; count += 1) {
      events.push(perform(backend, `@round:${round}:${pick(KEYS_PER_ROUND)}`));
    }
  }
  parentPort?.postMessage(events);
}

/** A value that says whether it is whole and whose it is. */
function makeValue(key: string): string {
  const body = `${key}|${pick(1e9)}|${"x".repeat(pick(600))}${pick(4) === 0 ? "ž" : ""}`;
  return `${body}|${hashString(body)}`;
}

function isWhole(key: string, value: unknown): boolean {
  if (typeof value !== "string") return false;
  const at = value.lastIndexOf("|");
  return value.startsWith(`${key}|`) && hashString(value.slice(0, at)) === Number(value.slice(at + 1));
}

function hammerOnce(tags: readonly string[]): void {
  const key = pick(10) === 0 ? `clé ✓ ${pick(500)}` : `key:${pick(6_000)}`;
  const chance = pick(1_000);
  const ttlMs = pick(20) === 0 ? 5 : Number.POSITIVE_INFINITY;
  if (chance < 500) {
    const value = backend.peek(key);
    if (value !== undefined && !isWhole(key, value)) add(board, 2, 1);
  } else if (chance < 900) backend.set(key, { value: makeValue(key), ttlMs, tags: pick(8) === 0 ? tags : [] });
  else if (chance < 950) backend.delete(key);
  else if (chance < 980) {
    const request = { delta: 1n, initial: 0n, ttlMs, minimum: 0n, maximum: 2n ** 50n };
    backend.increment(`counter:${pick(20)}`, request);
  } else if (chance < 998) backend.expire(key, pick(2) * 1_000);
  else if (chance < 999) backend.invalidateTags(tags.slice(0, 1));
  else backend.clear("nobody");
}

function hammer(): void {
  const progress = 8 + task.workerIndex;
  for (let count = 0; load(board, 1) === 0; count += 1) {
    hammerOnce([`tag ${pick(10)}`, `tag ${pick(10)}`].slice(0, 1 + (count % 2)));
    add(board, progress, 1);
  }
  backend.close();
  process.exit(0);
}

if (task.mode === "history") runHistories();
else hammer();
