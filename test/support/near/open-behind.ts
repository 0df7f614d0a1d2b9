import type { Backend } from "../../../src/backend/backend.ts";
import type { UnwrittenNotice } from "../../../src/backend/unwritten-notice.ts";
import { assembleCache } from "../../../src/cache/assemble-cache.ts";
import type { Cache } from "../../../src/cache/cache.ts";
import { tellNotice } from "../../../src/cache/tell-notice.ts";
import type { CodecSettings } from "../../../src/codec/codec-settings.ts";
import { resolveConfig } from "../../../src/config/resolve-config.ts";
import type { TierConfig, TierWrite } from "../../../src/config/sections/tier-config.ts";
import { createTiers } from "../../../src/create-tiers.ts";
import { EventHub } from "../../../src/events/event-hub.ts";
import { createSeededRandom } from "../../../src/foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../../../src/testing/fake-clock.ts";
import { createMapBackend, type MapBackend } from "../../../src/testing/map-backend/map-backend.ts";
import { createCodedBackend } from "../../../src/tiers/coded-backend.ts";
import { StoredValues } from "../../../src/tiers/stored-values.ts";
import { openCodec } from "../codec/codec-settings.ts";
import { createFleetStore, type FleetStore } from "../map-fleet.ts";

/** A cache whose last tier is written behind, and what a test looks into. */
export interface BehindTest {
  readonly cache: Cache;
  readonly backend: Backend;
  readonly time: FakeTime;
  /** The shared store of this process. */
  readonly store: FleetStore;
  /** Another client of the shared store, without copies. */
  readonly elsewhere: MapBackend;
  /** What the cache told of lost writes. */
  readonly unwritten: readonly Omit<UnwrittenNotice, "kind">[];
  /** Another process on the same store, in the same time. */
  openOther(): Promise<BehindTest>;
}

/** What a test chooses. */
export interface BehindOptions {
  readonly maxPendingWrites?: number;
  readonly maxPendingSize?: number;
  /** How what is written reaches the shared store, or passes by memory. Default: behind. */
  readonly write?: TierWrite;
  readonly storage?: "values" | "bytes";
  /** How values become bytes. */
  readonly codec?: Partial<CodecSettings>;
  /** As of a memory tier. */
  readonly copy?: boolean;
}

/** A cache of memory in front of a plain store that is written behind, in fake time. Deadlines: 1 s for a write, 10 s to close. */
export function openBehind(options: BehindOptions = {}): Promise<BehindTest> {
  const time = createFakeTime();
  const map = createMapBackend({ async: true, clock: time.clock, storage: options.storage ?? "values" });
  return openOn(createFleetStore(map, time.clock), time, options);
}

async function openOn(store: FleetStore, time: FakeTime, options: BehindOptions): Promise<BehindTest> {
  const { storage = "values", codec: settings = {} } = options;
  const random = createSeededRandom(1);
  const host = { ...time, random, onRemoval: () => undefined };
  const codec = storage === "bytes" ? await openCodec(settings) : undefined;
  const values = codec && new StoredValues(codec, { throws: false, onUnreadable: () => undefined });
  const { tiers, maxStalenessMs, deadlines } = resolveConfig({
    tiers: toTiers(options),
    deadlines: { write: 1_000, read: 1_000, close: 10_000 },
  });
  const events = new EventHub("");
  const unwritten: Omit<UnwrittenNotice, "kind">[] = [];
  events.on("unwritten", (event) => unwritten.push(event));
  const backend = createTiers(
    {
      near: tiers[0],
      far: codec && values ? createCodedBackend({ backend: store, codec, values }) : store,
      encode: codec && ((value, key) => codec.encode(value, key)),
      write: (tiers.at(-1) ?? tiers[0]).write,
      ...{ maxStalenessMs, deadlines, grpc: undefined },
      onNotice: (notice) => tellNotice(events, "map", notice),
    },
    host,
  );
  const { clock, scheduler } = time;
  const defaultTtlMs = Number.POSITIVE_INFINITY;
  const cache = assembleCache({ backend, events, clock, scheduler, random, deadlines, defaultTtlMs, rootPath: "" });
  await cache.ready();
  const openOther = (): Promise<BehindTest> => openOn(store.openOther(), time, options);
  return { cache, backend, time, store, elsewhere: store.openSecond(), unwritten, openOther };
}

function toTiers({ copy = false, write = "behind", ...bounds }: BehindOptions): TierConfig[] {
  const { maxPendingWrites = 100, maxPendingSize } = bounds;
  const near: TierConfig = { backend: "memory", memory: { copy } };
  if (write === "around") return [{ ...near, write }, { backend: "redis" }];
  return [
    near,
    write === "behind" ? { backend: "redis", write, maxPendingWrites, maxPendingSize } : { backend: "redis" },
  ];
}
