import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { mixedRandom } from "./mixed-random.ts";
import {
  COUNTER_KEY,
  type Fault,
  type FeedKind,
  KEYS,
  type LinkWay,
  type Operation,
  type Schedule,
  type SimulationSettings,
  type Step,
} from "./schedule.ts";

const PATHS: readonly string[] = ["", "shop", "shop/eu"];
const TAGS: readonly string[] = ["red", "blue"];
const WAYS: readonly (readonly LinkWay[])[] = [
  ["request"],
  ["reply"],
  ["feed"],
  ["reply", "feed"],
  ["request", "reply", "feed"],
];

/** What fills the store, and what changes it. Each seed takes few of them, so that those come together more often ("swarm testing"). */
const SOURCES: readonly Operation["kind"][] = ["set", "set", "set", "set-multi", "load", "load", "commit"];
const CHANGES: readonly Operation["kind"][] = [
  "set",
  "set",
  "delete",
  "delete-multi",
  "expire",
  "increment",
  "tags",
  "tags",
  "clear",
  "load",
  "commit",
];
const FAULTS: readonly Fault["kind"][] = [
  "link",
  "link",
  "reset",
  "pause",
  "restart",
  "wall",
  "wipe",
  "clock",
  "failover",
  "failover",
];

const OWNED_FAULTS: readonly Fault["kind"][] = ["mesh", "mesh", "mesh", "pause", "restart"];

const FEEDS: readonly FeedKind[] = [
  ...(["ordered", "ordered", "unordered", "unordered", "unordered", "writers", "both"] as const),
  ...(["mesh", "mesh", "mesh-and-store"] as const),
];

/** How many seeds are fleets without a shared store. */
const OWNED_RATIO = 0.08;
/** How long a copy in memory lives where there is a middle tier to be read. */
const SHORT_TTL_MS = 4;

/** The schedule of a seed. */
export function drawSchedule(seed: number): Schedule {
  return new ScheduleDrawing(seed).draw();
}

class ScheduleDrawing {
  readonly #seed: number;
  readonly #next: () => number;
  readonly #isOwned: boolean;
  readonly #settings: SimulationSettings;

  constructor(seed: number) {
    this.#seed = seed;
    const random = createSeededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
    this.#next = () => random.next();
    this.#isOwned = this.#chance(OWNED_RATIO);
    this.#settings = this.#drawSettings();
  }

  draw(): Schedule {
    const { maxStalenessMs } = this.#settings;
    const changes = [this.#pick(SOURCES), ...this.#few(CHANGES, 3)];
    const faults = this.#chance(0.3) ? [] : this.#few(this.#faults(), 2);
    const spanMs = maxStalenessMs * this.#pick([0.5, 1, 2, 3, 4]);
    const stepCount = 30 + this.#below(100);
    const readRatio = 0.4 + 0.5 * this.#next();
    const faultRatio = faults.length === 0 ? 0 : 0.02 + 0.1 * this.#next();
    const keys = KEYS.slice(0, this.#pick([1, 1, 2, KEYS.length]));
    // One process does most of what is done, or all of them do.
    const busiest = this.#chance(0.4) ? this.#node() : undefined;
    const times = this.#drawTimes(stepCount, spanMs);
    const steps = times.map((atMs, id): Step => {
      if (this.#chance(faultRatio)) return { id, atMs, action: this.#fault(faults) };
      const node = busiest !== undefined && this.#chance(0.7) ? busiest : this.#node();
      return { id, atMs, action: this.#chance(readRatio) ? this.#read(node, keys) : this.#change(node, keys, changes) };
    });
    return { seed: this.#seed, settings: this.#settings, steps };
  }

  /** In bursts, for races need company; or evenly. */
  #drawTimes(count: number, spanMs: number): readonly number[] {
    const burstMs = this.#pick([5, 25, 80, spanMs]);
    const perBurst = 2 + this.#below(10);
    const times: number[] = [];
    while (times.length < count) {
      const startMs = this.#next() * spanMs;
      for (let index = 0; index < perBurst; index += 1) times.push(Math.floor(startMs + this.#next() * burstMs));
    }
    return times.slice(0, count).sort((left, right) => left - right);
  }

  #drawSettings(): SimulationSettings {
    const nodeCount = 2 + this.#below(this.#isOwned ? 3 : 2);
    const feed = this.#pick([...FEEDS]);
    const usualDelayMs = this.#pick([1, 4, 12]);
    // Not of the row, so that it leaves the rest of a seed as it is.
    const chance = mixedRandom(this.#seed, 4_711);
    const middle = chance < 0.7 ? "none" : chance < 0.8 ? "faithful" : "hostile";
    const settings = this.#drawOthers(nodeCount, feed, usualDelayMs);
    // Reads come to it where copies here are soon over.
    return middle === "none" ? settings : { ...settings, middle, nearTtlMs: SHORT_TTL_MS };
  }

  #drawOthers(nodeCount: number, feed: SimulationSettings["feed"], usualDelayMs: number): SimulationSettings {
    return {
      nodeCount,
      isOwned: this.#isOwned,
      shardCount: this.#pick([1, 2, 3]),
      isWhole: this.#isOwned || this.#chance(0.4),
      cacheDeadlineMs: this.#pick([100, 1_000]),
      maxStalenessMs: 300,
      feed,
      isLinkOrdered: this.#chance(0.5),
      usualDelayMs,
      rareDelayMs: this.#pick([usualDelayMs, 40, 120]),
      lostRatio: this.#pick([0, 0, 0.1, 0.4, 1]),
      doubledRatio: this.#pick([0, 0.2]),
      chunkRatio: this.#pick([0, 0.6, 1]),
      maxQueuedCount: this.#pick([64, 64, 3]),
      isServerKnown: this.#chance(0.5),
      callDeadlineMs: this.#pick([150, 400]),
      nearTtlMs: this.#pick([Number.POSITIVE_INFINITY, 200]),
      nearMaxKeys: this.#pick([100, 100, 2]),
      middle: "none",
      wallLeadsMs: Array.from({ length: nodeCount }, () => this.#pick([0, 0, 5_000, -5_000])),
    };
  }

  #read(node: number, keys: readonly string[]): Operation {
    if (this.#chance(0.85)) return { kind: "get", node, key: this.#pick(keys) };
    return { kind: "get-multi", node, keys: this.#subset(keys) };
  }

  #change(node: number, keys: readonly string[], changes: readonly Operation["kind"][]): Operation {
    const key = this.#pick(keys);
    const ttlMs = this.#pick([60_000, 60_000, 60_000, 150]);
    const tags = this.#chance(changes.includes("tags") ? 0.8 : 0.1) ? this.#subset(TAGS) : [];
    const kind = this.#pick(changes);
    switch (kind) {
      case "set":
        return {
          kind,
          node,
          key,
          ttlMs,
          tags,
          condition: this.#pick([undefined, undefined, "absent", "read"] as const),
          isAcknowledged: this.#chance(0.15),
          reader: this.#chance(0.15) ? this.#node() : undefined,
        };
      case "set-multi":
        return { kind, node, keys: this.#subset(keys), ttlMs };
      case "delete":
        return { kind, node, key, isAcknowledged: this.#chance(0.2) };
      case "delete-multi":
        return { kind, node, keys: this.#subset(keys) };
      case "expire":
        return { kind, node, key, ttlMs: this.#pick([60_000, 50]) };
      case "increment":
        return { kind, node, key: COUNTER_KEY };
      case "tags":
        return { kind, node, tags: this.#subset(TAGS) };
      case "clear":
        return { kind, node, path: this.#pick(PATHS) };
      case "load": {
        if (this.#settings.isWhole && this.#chance(0.25))
          return this.#fetchMulti(node, this.#subset(keys), ttlMs, tags);
        if (this.#settings.isWhole) return this.#fetch(node, key, ttlMs, tags);
        const loaderMs = this.#pick([2, 10, 60]);
        return { kind, node, key, loaderMs, ttlMs, tags, isReleased: this.#chance(0.1) };
      }
      default:
        return { kind: "commit", node, keys: this.#subset(keys), ttlMs };
    }
  }

  #fetch(node: number, key: string, ttlMs: number, tags: readonly string[]): Operation {
    return {
      ...{ kind: "fetch", node, key, ttlMs, tags },
      outcome: this.#pick(["value", "value", "value", "value", "none", "unmodified", "error"] as const),
      ...this.#loading(),
    };
  }

  #fetchMulti(node: number, keys: readonly string[], ttlMs: number, tags: readonly string[]): Operation {
    return {
      ...{ kind: "fetch-multi", node, keys, ttlMs, tags },
      outcome: this.#pick(["value", "value", "value", "some", "error"] as const),
      ...this.#loading(),
    };
  }

  #loading(): Pick<
    Extract<Operation, { kind: "fetch" }>,
    "loaderMs" | "graceMs" | "revalidateMs" | "softTimeoutMs" | "hardTimeoutMs" | "isForced"
  > {
    const isKept = this.#chance(0.4);
    return {
      loaderMs: this.#pick([0, 2, 10, 60, 200]),
      isForced: this.#chance(0.15),
      graceMs: isKept ? this.#pick([0, 1_000]) : 0,
      revalidateMs: isKept ? this.#pick([0, 1_000]) : 0,
      softTimeoutMs: this.#pick([Number.POSITIVE_INFINITY, 30]),
      hardTimeoutMs: this.#pick([600, 150]),
    };
  }

  #fault(faults: readonly Fault["kind"][]): Fault {
    const node = this.#node();
    const { maxStalenessMs } = this.#settings;
    const forMs = this.#pick([5, 30, maxStalenessMs / 2, 2 * maxStalenessMs]);
    const kind = this.#pick(faults);
    switch (kind) {
      case "link":
        return {
          ...{ kind, node, ways: this.#pick(WAYS), effect: this.#pick(["drop", "hold", "slow"] as const), forMs },
          byMs: this.#pick([10, 40, 100]),
        };
      case "mesh":
        return {
          ...{ kind, node, other: (node + 1) % this.#settings.nodeCount, forMs },
          way: this.#pick(["there", "back", "both"] as const),
          effect: this.#pick(["cut", "hold"] as const),
        };
      case "reset":
      case "pause":
        return { kind, node, forMs };
      case "restart":
        return { kind, node, isSilent: this.#chance(0.3) };
      case "wall":
        return { kind, node, byMs: this.#pick([-60_000, -200, 200, 60_000]) };
      case "wipe":
        return { kind };
      case "clock":
        return { kind, byMs: this.#pick([-60_000, -20, 20, 60_000]) };
      default:
        return { kind: "failover", lostMs: this.#pick([0, 5, 50, 300]), clockByMs: this.#pick([0, 0, -20, 20]) };
    }
  }

  #faults(): readonly Fault["kind"][] {
    if (this.#isOwned) return OWNED_FAULTS;
    return this.#settings.feed.startsWith("mesh") ? [...FAULTS, "mesh", "mesh", "mesh", "mesh"] : FAULTS;
  }

  /** One to `most` of them. */
  #few<T>(all: readonly T[], most: number): readonly T[] {
    return Array.from({ length: 1 + this.#below(most) }, () => this.#pick(all));
  }

  #subset<T>(all: readonly T[]): readonly T[] {
    const some = all.filter(() => this.#chance(0.5));
    return some.length === 0 ? [this.#pick(all)] : some;
  }

  #node(): number {
    return this.#below(this.#settings.nodeCount);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)] as T;
  }

  #below(count: number): number {
    return Math.floor(this.#next() * count);
  }

  #chance(ratio: number): boolean {
    return this.#next() < ratio;
  }
}
