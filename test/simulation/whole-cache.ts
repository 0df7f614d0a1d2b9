import type { Backend } from "../../src/backend/backend.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { createCacheCore } from "../../src/cache/cache-core.ts";
import { CacheView } from "../../src/cache/cache-view.ts";
import { DEFAULT_LOAD_POLICY } from "../../src/cache/load-policy.ts";
import { createViewScope } from "../../src/cache/view-scope.ts";
import { EventHub } from "../../src/events/event-hub.ts";
import type { Clock } from "../../src/foundation/clock.ts";
import type { RandomSource } from "../../src/foundation/random-source.ts";
import type { Scheduler } from "../../src/foundation/scheduler.ts";

/** What a whole cache is made of. */
export interface WholeCacheParts {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly scheduler: Scheduler;
  /** How long it waits for its store. */
  readonly deadlineMs: number;
}

/** The real cache over a store, as an application has it, and what only a test looks into. */
export class WholeCache {
  readonly cache: Cache;
  /** How often something was served whose time was over, by its events. */
  staleCount = 0;
  /** Whether it gave its store up for a while, which had not answered in time: then it gives nothing back either. */
  hasLeftStore = false;
  /** Whether it is connected. */
  isReady = false;
  readonly #running: ReadonlySet<unknown>;

  constructor({ backend, clock, random, scheduler, deadlineMs }: WholeCacheParts) {
    const events = new EventHub("");
    events.on("stale", () => {
      this.staleCount += 1;
    });
    events.on("breaker", ({ state }) => {
      if (state === "open") this.hasLeftStore = true;
    });
    const core = createCacheCore({
      ...{ backend, events, clock, random, scheduler },
      deadlines: {
        ...{ connectMs: 10_000, healthMs: 1_000, closeMs: 1_000 },
        ...{ readMs: deadlineMs, writeMs: deadlineMs },
      },
      defaultTtlMs: Number.POSITIVE_INFINITY,
      rootPath: "",
    });
    const defaults = {
      ttlMs: Number.POSITIVE_INFINITY,
      maxTtlMs: Number.POSITIVE_INFINITY,
      jitter: 0,
      tags: [],
      sliding: false,
    };
    this.cache = new CacheView(createViewScope(core, "", { ...defaults, load: DEFAULT_LOAD_POLICY }));
    this.#running = core.loads.running;
  }

  /** Loads that run. */
  get loadCount(): number {
    return this.#running.size;
  }

  async open(): Promise<void> {
    await this.cache.ready();
    this.isReady = true;
  }
}
