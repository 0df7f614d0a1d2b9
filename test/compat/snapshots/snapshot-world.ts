import { createSeededRandom } from "../../../src/foundation/random-source.ts";
import type { Scheduler } from "../../../src/foundation/scheduler.ts";
import { createMemoryBackend, type MemoryBackend } from "../../../src/memory/memory-backend.ts";
import type { SnapshotSource } from "../../../src/memory/snapshot/byte-source.ts";
import { ChangeWatch } from "../../../src/memory/snapshot/change-watch.ts";
import { type DumpResult, dumpSnapshot } from "../../../src/memory/snapshot/dump-snapshot.ts";
import { type LoadResult, loadSnapshot } from "../../../src/memory/snapshot/load-snapshot.ts";
import { type SnapshotStore, snapshotStoreOf } from "../../../src/memory/snapshot/snapshot-store.ts";
import { createFakeTime, type FakeTime } from "../../../src/testing/fake-clock.ts";

/** 2026-01-01T00:00:00Z, as the fake clock has it. */
const START_AT = 1_767_225_600_000;

/** A memory store in fake time that can be dumped and loaded. Its turns of the event loop are real ones. */
export interface SnapshotWorld {
  readonly time: FakeTime;
  readonly backend: MemoryBackend;
  readonly store: SnapshotStore;
  /** Is told of changes by the test, as a cache would. */
  readonly changes: ChangeWatch;
  readonly scheduler: Scheduler;
  set(key: string, value: unknown, options?: { ttlMs?: number; tags?: readonly string[] }): void;
  /** Dumps a namespace into bytes. */
  dump(namespace?: string): Promise<Uint8Array & DumpResult>;
  load(source: SnapshotSource, namespace?: string, signal?: AbortSignal): Promise<LoadResult>;
  /** The live stored keys, sorted. */
  keys(): Promise<string[]>;
}

/** Makes an empty store. */
export function openSnapshotWorld(options: { maxKeys?: number; maxSizeBytes?: number } = {}): SnapshotWorld {
  const time = createFakeTime(START_AT);
  const scheduler: Scheduler = { after: time.scheduler.after, soon: (task) => void setImmediate(task) };
  const host = { clock: time.clock, scheduler, random: createSeededRandom(1), onRemoval: () => undefined };
  const backend = createMemoryBackend(
    {
      maxSizeBytes: options.maxSizeBytes ?? Number.POSITIVE_INFINITY,
      maxKeys: options.maxKeys ?? Number.POSITIVE_INFINITY,
      evictionPolicy: "lru",
      cleanupIntervalMs: Number.POSITIVE_INFINITY,
      copy: false,
    },
    host,
  );
  const store = snapshotStoreOf(backend);
  const changes = new ChangeWatch();
  return {
    time,
    backend,
    store,
    changes,
    scheduler,
    set: (key, value, { ttlMs = Number.POSITIVE_INFINITY, tags = [] } = {}) =>
      void backend.set(key, { value, ttlMs, tags }),
    async dump(namespace = "") {
      const chunks: Uint8Array[] = [];
      const target = { write: (chunk: Uint8Array) => chunks.push(chunk) };
      const result = await dumpSnapshot(target, { store, namespace, clock: time.clock, scheduler });
      return Object.assign(new Uint8Array(Buffer.concat(chunks)), result);
    },
    load: (source, namespace = "", signal = undefined) =>
      loadSnapshot(source, { store, namespace, clock: time.clock, scheduler, signal, changes }),
    async keys() {
      const all: string[] = [];
      for await (const slice of backend.scan("")) all.push(...slice);
      return all.sort();
    },
  };
}
