import { CoherentRevalidation } from "../../../src/backends/memcached/coherent-revalidation.ts";
import { RedisSharedTier } from "../../../src/backends/redis/redis-shared-tier.ts";
import { CoherenceNode } from "../../../src/coherence/coherence-node.ts";
import { FreshnessTable } from "../../../src/coherence/freshness-table.ts";
import { RunningWork } from "../../../src/coherence/running-work.ts";
import { StoredProofs } from "../../../src/coherence/stored-proofs.ts";
import { NearChanger } from "../../../src/tiers/near-changer.ts";
import type { TierSabotage } from "./tier-task.ts";

/** How late something is applied of which it was said that it is. */
const LATE_MS = 60;

/**
 * Spoils the classes of this process before a cache is made of them. What a worker does wrong by itself is not here.
 *
 * @returns takes it back, for caches that are made afterwards
 */
export function spoil(sabotage: TierSabotage | undefined): () => void {
  const before = SPOILT.map((prototype) => [prototype, Object.getOwnPropertyDescriptors(prototype)] as const);
  if (sabotage !== undefined) SPOILERS[sabotage]?.();
  return () => {
    for (const [prototype, descriptors] of before) Object.defineProperties(prototype, descriptors);
  };
}

const node = CoherenceNode.prototype;
const table = FreshnessTable.prototype;
const SPOILT: readonly object[] = [
  node,
  table,
  RunningWork.prototype,
  RedisSharedTier.prototype,
  CoherentRevalidation.prototype,
  StoredProofs.prototype,
  NearChanger.prototype,
];

const SPOILERS: Partial<Record<TierSabotage, () => void>> = {
  "no-probes": () => {
    table.isProven = function isProven(copy) {
      return copy.generation === this.generationOf(copy.shard);
    };
  },
  "blind-looks": () => {
    CoherentRevalidation.prototype.revalidate = async (entries) => entries.map(() => "unchanged");
  },
  "unproven-middle": () => {
    StoredProofs.prototype.provenAtMs = (_key, _shard, _copy, nowMs) => nowMs;
  },
  "late-stamp": () => {
    const { keep } = node;
    node.keep = function keepLate(ticket, stamp, found) {
      ticket.minHead = 0;
      const head = Math.max(stamp?.head ?? 0, this.table.seenOf(ticket.shard));
      return keep.call(this, ticket, stamp && { ...stamp, head }, found);
    };
  },
  "fresh-from-reply": () => {
    const { keep } = node;
    const { applyHeads, renewMembership } = table;
    node.keep = function keepFresh(ticket, stamp, found) {
      return keep.call(this, { ...ticket, sentAtMs: performance.now() }, stamp, found);
    };
    table.applyHeads = function applyFresh(stamps, seenAtSend) {
      return applyHeads.call(this, stamps, seenAtSend, performance.now());
    };
    table.renewMembership = function renewFresh() {
      renewMembership.call(this, performance.now());
    };
  },
  "no-tickets": () => {
    RunningWork.prototype.isKeepable = () => true;
  },
  "no-membership": () => {
    const { heads } = RedisSharedTier.prototype;
    RedisSharedTier.prototype.heads = function headsAlone({ shards }, context) {
      return heads.call(this, { shards, node: undefined }, context);
    };
  },
  "early-acks": () => {
    const { receive } = node;
    node.receive = function receiveLate(message) {
      setTimeout(() => receive.call(this, message), LATE_MS);
    };
  },
  "own-writes-kept": () => {
    NearChanger.prototype.tell = () => undefined;
  },
  "no-lives": () => {
    const { applyHeads } = table;
    table.admit = () => true;
    table.applyTagHead = () => "known";
    table.applyHeads = function applySame(stamps, _, sentAtMs) {
      const same = stamps.map((stamp) => ({
        ...stamp,
        epoch: "the same",
        head: Math.max(stamp.head, this.seenOf(stamp.shard)),
      }));
      return applyHeads.call(
        this,
        same,
        same.map(() => 0),
        sentAtMs,
      );
    };
  },
};
