import type { ChangeListener, StoreChange } from "../../../src/backend/change-feed.ts";
import type { SharedTier } from "../../../src/backend/shared-tier.ts";
import { CoherenceNode } from "../../../src/coherence/coherence-node.ts";
import type { FreshnessTable } from "../../../src/coherence/freshness-table.ts";
import { systemClock } from "../../../src/foundation/clock.ts";
import { systemScheduler } from "../../../src/foundation/scheduler.ts";

/** A node that hears what a store tells of changes, and keeps nothing. */
export interface HeardChanges {
  readonly changes: readonly StoreChange[];
  readonly table: FreshnessTable;
  /** Gaps so far, and whether changes were heard after each. */
  readonly gaps: readonly boolean[];
  /** Asks for all heads. Returns the shards with changes that were not heard of; the clock of tags is `shardCount`. Shards that are of another life are negative. */
  owed(): Promise<readonly number[]>;
  /** Changes for which this says true are lost on the way. */
  withhold(isLost: (change: StoreChange) => boolean): void;
  stop(): void;
}

/** Begins to hear, and takes the heads as they are. */
export async function hearStore(tier: SharedTier): Promise<HeardChanges> {
  const changes: StoreChange[] = [];
  const gaps: boolean[] = [];
  let isLost: (change: StoreChange) => boolean = () => false;
  const node = new CoherenceNode({
    shardCount: tier.shardCount,
    shardOf: (key) => tier.shardOf(key),
    isWithin: () => true,
    maxStalenessMs: 1_000,
    clock: systemClock,
    scheduler: systemScheduler,
    sink: {
      dropOlder: () => undefined,
      holdsCopy: () => false,
      dropCopy: () => undefined,
      dropTags: () => undefined,
      dropNamespace: () => undefined,
      dropAll: () => undefined,
    },
    // Asked for by `owed` itself; without heads a node would follow no chains.
    tier: { heads: () => new Promise(() => undefined), join: async () => undefined },
  });
  const { table } = node;
  const shards = Array.from({ length: tier.shardCount }, (_, shard) => shard);
  const owed = async (): Promise<readonly number[]> => {
    const seen = shards.map((shard) => table.seenOf(shard));
    const seenTags = table.seenOf(tier.shardCount);
    const sentAtMs = systemClock.monotonicMs();
    const { stamps, tagHead, tagEpoch } = await tier.heads({ shards }, {});
    const found = table.applyHeads(stamps, seen, sentAtMs);
    const tags = table.applyTagHead(tagHead, seenTags, sentAtMs, tagEpoch);
    return [...found.owed, ...found.renewed.map((shard) => -1 - shard), ...(tags === "known" ? [] : [tier.shardCount])];
  };
  let stop: () => void = () => undefined;
  await new Promise<void>((resolve) => {
    const listener: ChangeListener = {
      onChange(change) {
        if (isLost(change)) return;
        changes.push(change);
        node.receive(change);
      },
      onGap(isHearing) {
        gaps.push(isHearing);
        if (isHearing) resolve();
      },
    };
    stop = tier.watchChanges?.(listener) ?? stop;
  });
  await owed();
  return {
    changes,
    table,
    gaps,
    owed,
    withhold(judge) {
      isLost = judge;
    },
    stop: () => stop(),
  };
}
