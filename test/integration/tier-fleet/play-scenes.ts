import type { CallBounds } from "./check-deadlines.ts";
import type { TierRule } from "./check-staleness.ts";
import { checkTiers } from "./check-tiers.ts";
import { type OrderedFleet, type OrderedWorker, openOrderedFleet } from "./ordered-fleet.ts";
import type { Scene } from "./spoilt-scenes.ts";
import type { TierHistory } from "./tier-event.ts";
import type { TierStore } from "./tier-store.ts";
import { TIER_COUNTERS, type TierSabotage } from "./tier-task.ts";

/** What scenes are played with. */
export interface PlayPlan {
  /** The bundled worker. */
  readonly file: string;
  readonly store: TierStore;
  readonly scenes: readonly Scene[];
  readonly maxStalenessMs: number;
  readonly bounds: CallBounds;
}

/** Which promises were broken in a scene. */
export interface PlayedScene {
  readonly sabotage: TierSabotage;
  /** By a process that is spoilt so. */
  readonly spoilt: readonly TierRule[];
  /** By one with which nothing is wrong. */
  readonly sound: readonly TierRule[];
}

/** How many processes play. */
export const PLAYER_COUNT = 3;
/** Once is enough on a machine at rest; on a busy one steps may come too late to show anything. */
const MAX_ATTEMPTS = 8;

/** Plays scenes one after the other, with a process that is spoilt in the way of each, and with one that is not. */
export async function playScenes(plan: PlayPlan): Promise<readonly PlayedScene[]> {
  const fleet = await openOrderedFleet(plan.file, plan.store, PLAYER_COUNT);
  try {
    const played: PlayedScene[] = [];
    for (const scene of plan.scenes) played.push(await playScene(scene, plan, fleet));
    return played;
  } finally {
    fleet.end();
  }
}

async function playScene(scene: Scene, plan: PlayPlan, fleet: OrderedFleet): Promise<PlayedScene> {
  const [writer, sound, spoilt] = fleet.workers as [OrderedWorker, OrderedWorker, OrderedWorker];
  const { sabotage, rules } = scene;
  const play = async (reader: OrderedWorker, name: string): Promise<readonly TierRule[]> => {
    const key = `${sabotage}, ${name}`;
    const counter = TIER_COUNTERS[reader === sound ? 0 : 1] as string;
    const wipe = (): Promise<void> =>
      fleet.wipe([key], async () => plan.store.deeds.find((deed) => deed.name === "store flushed")?.run(0));
    await scene.play({ reader, writer, key, counter, wipe, maxStalenessMs: plan.maxStalenessMs });
    return rulesBrokenAt(fleet.history(), [key, ...(rules.includes("counter") ? [counter] : [])], plan.bounds);
  };
  const playSpoilt = async (): Promise<readonly TierRule[]> => {
    await spoilt.do({ do: "begin", sabotage });
    for (let tried = 1; ; tried += 1) {
      const broken = await play(spoilt, `spoilt ${tried}`);
      if (tried === MAX_ATTEMPTS || rules.some((rule) => broken.includes(rule))) return broken;
    }
  };
  if (scene.isOfAll === true) {
    const broken = await playSpoilt();
    // It would be waited for.
    await spoilt.do({ do: "begin", sabotage: undefined });
    return { sabotage, spoilt: broken, sound: await play(sound, "sound") };
  }
  const [broken, ofSound] = await Promise.all([playSpoilt(), play(sound, "sound")]);
  return { sabotage, spoilt: broken, sound: ofSound };
}

function rulesBrokenAt(history: TierHistory, keys: readonly string[], bounds: CallBounds): readonly TierRule[] {
  const ofKeys: TierHistory = {
    changes: history.changes.filter((change) => change.keys.some((key) => keys.includes(key))),
    reads: history.reads.filter(({ key }) => keys.includes(key)),
    failures: [],
    stalls: history.stalls,
  };
  return [...new Set(checkTiers(ofKeys, bounds).map(({ rule }) => rule))];
}
