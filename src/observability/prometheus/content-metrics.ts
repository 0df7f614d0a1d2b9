import type { MetricRow } from "./metric-row.ts";

/** What the cache holds and how reads go. */
export const CONTENT_METRICS: readonly MetricRow[] = [
  {
    name: "cache_hits_total",
    type: "counter",
    help: "Reads that found a live entry, by the tier that had it; every key of a batch counts.",
    labels: ["tier"],
    unit: "none",
    source: "plain counts of the cache",
    read: ({ observation: { nearTier, reads } }, add) => {
      if (nearTier !== undefined) add(reads.directHits, nearTier);
      // Of the nearest tier as well, where it was asked through promises: values of one label are added up.
      for (const [tier, hits] of reads.hitsByTier) add(hits, tier);
    },
  },
  {
    name: "cache_misses_total",
    type: "counter",
    help: "Reads that found no live entry in any tier; every key of a batch counts.",
    labels: [],
    unit: "none",
    source: "`stats().misses`",
    read: ({ stats }, add) => add(stats.misses),
  },
  {
    name: "sets_total",
    type: "counter",
    help: "Writes that were accepted.",
    labels: [],
    unit: "none",
    source: "`stats().sets`",
    read: ({ stats }, add) => add(stats.sets),
  },
  {
    name: "deletes_total",
    type: "counter",
    help: "Deletes that removed a live entry.",
    labels: [],
    unit: "none",
    source: "`stats().deletes`",
    read: ({ stats }, add) => add(stats.deletes),
  },
  {
    name: "cache_size_bytes",
    type: "gauge",
    help: "Bytes in use, of the tiers that know.",
    labels: ["tier"],
    unit: "bytes",
    source: "`stats().tiers[].memoryUsage`",
    read: ({ stats }, add) => {
      for (const { name, memoryUsage } of stats.tiers) add(memoryUsage, name);
    },
  },
  {
    name: "key_count",
    type: "gauge",
    help: "Keys, of the tiers that know; an expired entry counts until it is met or swept.",
    labels: ["tier"],
    unit: "none",
    source: "`stats().tiers[].keyCount`",
    read: ({ stats }, add) => {
      for (const { name, keyCount } of stats.tiers) add(keyCount, name);
    },
  },
  {
    name: "evictions_total",
    type: "counter",
    help: "Entries that were removed to make room.",
    labels: ["tier"],
    unit: "none",
    source: "`stats().tiers[].evictions`",
    read: ({ stats }, add) => {
      for (const { name, evictions } of stats.tiers) add(evictions, name);
    },
  },
  {
    name: "refused_entries_total",
    type: "counter",
    help: "Values that were not stored because one alone is larger than the store may be.",
    labels: [],
    unit: "none",
    source: "event `refuse`",
    read: ({ tally }, add) => add(tally.refusedEntryCount),
  },
  {
    name: "unreadable_values_total",
    type: "counter",
    help: "Stored bytes that could not be turned into a value.",
    labels: ["reason"],
    unit: "none",
    source: "event `unreadable`",
    read: ({ tally }, add) => {
      for (const [reason, { value }] of tally.unreadableValues.entries()) add(value, reason);
    },
  },
  {
    name: "tier_copy_reads_total",
    type: "counter",
    help: "Reads of a tier between the nearest and the last, by what became of them.",
    labels: ["tier", "outcome"],
    unit: "none",
    source: "`stats().tiers[].copies`",
    read: ({ stats }, add) => {
      for (const { name, copies } of stats.tiers) {
        if (copies === undefined) continue;
        add(copies.hits, name, "hit");
        add(copies.misses, name, "miss");
        add(copies.unproven, name, "unproven");
        add(copies.failures, name, "failed");
      }
    },
  },
  {
    name: "tier_copy_writes_total",
    type: "counter",
    help: "Copies that were put into a tier between the nearest and the last.",
    labels: ["tier"],
    unit: "none",
    source: "`stats().tiers[].copies`",
    read: ({ stats }, add) => {
      for (const { name, copies } of stats.tiers) add(copies?.writes, name);
    },
  },
  {
    name: "pending_writes",
    type: "gauge",
    help: "Writes that wait in this process to reach a tier that is written behind.",
    labels: [],
    unit: "none",
    source: "`stats().pendingWrites`",
    read: ({ stats }, add) => add(stats.pendingWrites),
  },
  {
    name: "lost_writes_total",
    type: "counter",
    help: "Accepted writes that never reached the tier that is written behind.",
    labels: ["reason"],
    unit: "none",
    source: "event `unwritten`",
    read: ({ stats, tally }, add) => {
      // From the start where writes can be lost: `increase()` does not see a series begin, so the first loss would be missed.
      if (stats.pendingWrites !== undefined) for (const reason of ["refused", "closed"]) add(0, reason);
      for (const [reason, { value }] of tally.lostWrites.entries()) add(value, reason);
    },
  },
  {
    name: "uptime_seconds",
    type: "gauge",
    aggregator: "max",
    help: "Time since the cache was created.",
    labels: [],
    unit: "seconds",
    source: "`stats().uptime`",
    read: ({ stats }, add) => add(stats.uptime / 1_000),
  },
];
