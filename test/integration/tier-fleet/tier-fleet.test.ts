import process from "node:process";
import { beforeAll, describe, expect, it } from "vitest";
import { settledAfterMs } from "../../../src/coherence/ack-waits.ts";
import { bundleScript } from "../support/script-bundle.ts";
import type { TierViolation } from "./check-staleness.ts";
import { checkTiers } from "./check-tiers.ts";
import { openClusterStore } from "./cluster-store.ts";
import { KeyFailovers } from "./failover.ts";
import { openMemcachedStore } from "./memcached-store.ts";
import { openMiddleStore } from "./middle-store.ts";
import { PLAYER_COUNT, type PlayedScene, playScenes } from "./play-scenes.ts";
import { openRedisStore } from "./redis-store.ts";
import { runTierFleet, type TierFleetRecord } from "./run-tier-fleet.ts";
import { openSentinelStore } from "./sentinel-store.ts";
import { SCENES, type Scene } from "./spoilt-scenes.ts";
import type { ChangeEvent, TierHistory } from "./tier-event.ts";
import type { TierStore, TierStoreOptions } from "./tier-store.ts";

/** Printed by every failure. What the processes do to each other is not repeated by it, but what they try is. */
const seed = Number(process.env["GOCACHEX_SEED"] ?? Date.now() % 1_000_000);
/** Minutes by hand: `GOCACHEX_FLEET_SECONDS=600`, in rounds of `ROUND_MS` with a seed each. */
const DURATION_MS = Number(process.env["GOCACHEX_FLEET_SECONDS"] ?? 5) * 1_000;
const ROUND_MS = 60_000;
/** `redis`, `sentinel`, `cluster`, `memcached`, or `middle`: a Redis between memory and another one; several by commas. */
const STORES = process.env["GOCACHEX_FLEET_STORE"]?.split(",") ?? ["redis", "middle"];
const PROCESS_COUNT = 5;
const KEY_COUNT = 12;
/** Names of the only disturbances, by commas. */
const ONLY = process.env["GOCACHEX_FLEET_ONLY"]?.split(",");
const MAX_STALENESS_MS = 300;
const DEADLINE_MS = 1_000;
const SLACK_MS = 400;
const BOUNDS = { deadlineMs: DEADLINE_MS, boundMs: settledAfterMs(MAX_STALENESS_MS), slackMs: SLACK_MS } as const;
const SCENES_WITHIN_MS = 120_000;

const OPENERS: Readonly<Record<string, (options: TierStoreOptions) => Promise<TierStore>>> = {
  redis: openRedisStore,
  sentinel: openSentinelStore,
  cluster: openClusterStore,
  memcached: openMemcachedStore,
  middle: openMiddleStore,
};

let script: string;
beforeAll(async () => {
  script = await bundleScript("test/integration/tier-fleet/tier-worker.ts");
});

async function openStore(name: string, ownSeed: number, more: Partial<TierStoreOptions>): Promise<TierStore> {
  const open = OPENERS[name] as (options: TierStoreOptions) => Promise<TierStore>;
  const own = { processCount: PROCESS_COUNT, seed: ownSeed, maxStalenessMs: MAX_STALENESS_MS, deadlineMs: DEADLINE_MS };
  return open({ ...own, ...more });
}

async function run(name: string, ownSeed: number, durationMs: number): Promise<TierFleetRecord> {
  const store = await openStore(name, ownSeed, {});
  const plan = { durationMs, processCount: PROCESS_COUNT, keyCount: KEY_COUNT, seed: ownSeed, only: ONLY };
  try {
    return await runTierFleet({ file: script, store, ...plan });
  } finally {
    await store.stop();
  }
}

function figuresOf({ history, deeds, figures }: TierFleetRecord): object {
  const count = (items: readonly { readonly how: string }[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { how } of items) counts[how] = (counts[how] ?? 0) + 1;
    return counts;
  };
  const { reads, changes, failures, failovers = [] } = history;
  return {
    reads: reads.length,
    ofCopies: reads.filter(({ isFar }) => isFar === false).length,
    withReceipt: reads.filter(({ after }) => after !== undefined).length,
    coherent: changes.filter(({ isCoherent }) => isCoherent).length,
    unknown: changes.filter(({ how, to }) => how !== "load" && to === Number.POSITIVE_INFINITY).length,
    changes: count(changes),
    failures: count(failures.map(({ code }) => ({ how: code }))),
    failovers: failovers.length,
    lost: countLost(history),
    deeds,
    ...figures,
  };
}

/** Writes of which the checker knows that a failover lost them. */
function countLost({ changes, failovers = [] }: TierHistory): number {
  const isLost = ({ keys, version }: ChangeEvent): boolean =>
    keys.some((key) => new KeyFailovers(key, failovers).loserOf(version) !== undefined);
  return changes.filter(isLost).length;
}

function tell(violations: readonly TierViolation[], ownSeed: number, { failovers = [] }: TierHistory): string {
  const tales = violations.slice(0, 12).map(({ rule, key, text }) => `${rule}: ${key}\n  ${text}`);
  const takeovers = failovers.map(({ from, promotedAt, to }) =>
    [from, promotedAt, to].map((micros) => (micros / 1_000).toFixed(3)).join(" … "),
  );
  return `seed ${ownSeed}: ${violations.length} violations\n${tales.join("\n")}\nfailovers: ${takeovers.join(", ")}`;
}

describe.each(STORES)(
  `${PROCESS_COUNT} processes with memory in front of one store, whose links, processes and server break: %s`,
  (store) => {
    const rounds = Math.max(1, Math.round(DURATION_MS / ROUND_MS));
    const durationMs = Math.min(DURATION_MS, ROUND_MS);
    it.each(Array.from({ length: rounds }, (_, round) => seed + round))(
      "keep every promise, seed %d",
      async (ownSeed) => {
        const record = await run(store, ownSeed, durationMs);
        process.stdout.write(`${JSON.stringify({ store, seed: ownSeed, ...figuresOf(record) })}\n`);
        const violations = checkTiers(record.history, BOUNDS);
        expect(violations.length, tell(violations, ownSeed, record.history)).toBe(0);
        expect(record.crashes, `seed ${ownSeed}`).toEqual([]);
      },
      durationMs + 150_000,
    );
  },
);

describe("the checker of such histories", () => {
  let played: readonly PlayedScene[] = [];
  beforeAll(async () => {
    const scenesOf = (name: string): readonly Scene[] => SCENES.filter(({ store = "redis" }) => store === name);
    // They wait most of the time, and those over one Redis are most of them: two fleets play them.
    const [some, others] = [0, 1].map((part) => scenesOf("redis").filter((_, index) => index % 2 === part));
    const playOver = async (
      name: string,
      scenes: readonly Scene[] = scenesOf(name),
    ): Promise<readonly PlayedScene[]> => {
      const store = await openStore(name, seed, { processCount: PLAYER_COUNT, hasPeerLinks: false });
      try {
        const plan = { file: script, store, scenes, maxStalenessMs: MAX_STALENESS_MS, bounds: BOUNDS };
        return await playScenes(plan);
      } finally {
        await store.stop();
      }
    };
    const plays = [playOver("redis", some), playOver("redis", others), playOver("middle"), playOver("memcached")];
    played = (await Promise.all(plays)).flat();
  }, SCENES_WITHIN_MS);

  it.each(SCENES)("finds what is wrong with a process: $sabotage", ({ sabotage, rules }) => {
    const { spoilt = [] } = played.find((scene) => scene.sabotage === sabotage) ?? {};
    expect(
      rules.some((rule) => spoilt.includes(rule)),
      `${rules} is not among ${spoilt}`,
    ).toBe(true);
  });

  it("finds nothing wrong with a process that does the same and is as it should be", () => {
    expect(played.filter(({ sound }) => sound.length > 0)).toEqual([]);
  });
});
