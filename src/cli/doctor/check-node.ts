import type { CacheStats } from "../../cache/stats.ts";
import { formatDuration } from "../../foundation/duration.ts";
import { latency } from "../bench/bench-report.ts";
import type { CacheTarget } from "../cache-target.ts";
import { EXIT_CODES, reportOf } from "../exit-code.ts";
import { type Finding, fail, failWith, ok, warn } from "./finding.ts";

const PROBE_COUNT = 5;
const SLOW_MS = 50;
/** With more evictions than this a set, entries hardly live. */
const MANY_EVICTIONS_RATIO = 0.5;
const MIN_JUDGED_COUNT = 1_000;

/** A running node: whether it answers, how fast, and what it says of itself and its stores. */
export async function checkNode(target: CacheTarget, address: string): Promise<readonly Finding[]> {
  const subject = `node ${address}`;
  try {
    const latencies: number[] = [];
    let stats = await target.stats();
    for (let index = 0; index < PROBE_COUNT; index += 1) {
      const askedAt = performance.now();
      stats = await target.stats();
      latencies.push(performance.now() - askedAt);
    }
    latencies.sort((a, b) => a - b);
    const medianMs = latencies[PROBE_COUNT >> 1] as number;
    const uptime = formatDuration(Math.floor(stats.uptime / 1_000) * 1_000);
    const words = `answers in ${latency(medianMs)}, up for ${uptime}, ${stats.keyCount} keys`;
    const answer =
      medianMs > SLOW_MS ? warn(subject, `${words}. Look at its load and at the network between.`) : ok(subject, words);
    return [answer, ...(await describeHealth(target)), ...describeStats(stats)];
  } catch (error) {
    // A node that refuses is there.
    const isAway = reportOf(error).exitCode === EXIT_CODES.unreachable;
    return [failWith(subject, error, isAway ? "connection" : undefined)];
  }
}

async function describeHealth(target: CacheTarget): Promise<readonly Finding[]> {
  const { checks } = await target.health();
  return checks.map(({ name, status, latencyMs, message = "no reason given" }) => {
    if (status === "up") return ok(name, `up, answers in ${latency(latencyMs)}`);
    return status === "down" ? fail(name, `down: ${message}`, "connection") : warn(name, message);
  });
}

/** What counters tell of a cache that is too small, of loads that fail, and of peers that are lost. */
export function describeStats(stats: CacheStats): readonly Finding[] {
  const findings: Finding[] = [];
  const { evictions, sets, loads, loadFailures, coherence, pendingWrites = 0 } = stats;
  if (sets >= MIN_JUDGED_COUNT && evictions > sets * MANY_EVICTIONS_RATIO)
    findings.push(
      warn(
        "evictions",
        `${evictions} of ${sets} writes made another entry leave. Make memory.maxSize larger; gocachex replay tells how large.`,
      ),
    );
  if (loadFailures > 0 && loadFailures * 10 > loads)
    findings.push(
      warn(
        "loads",
        `${loadFailures} of ${loads} loads failed. Look at the source behind the cache, and at the node's log.`,
      ),
    );
  if (pendingWrites > 0) findings.push(ok("pending writes", `${pendingWrites} wait to be written behind`));
  if (coherence !== undefined) findings.push(describeCoherence(coherence));
  return findings;
}

function describeCoherence({ peers, gaps, maxStalenessMs, isProvable }: NonNullable<CacheStats["coherence"]>): Finding {
  const connected = peers.filter(({ state }) => state === "connected").length;
  const words = `${connected} of ${peers.length} peers connected, ${gaps} gaps, nothing older than ${latency(maxStalenessMs)} is served`;
  if (isProvable && connected === peers.length) return ok("coherence", words);
  return warn("coherence", `${words}. Look at the peers that are missing: gocachex top shows them.`);
}
