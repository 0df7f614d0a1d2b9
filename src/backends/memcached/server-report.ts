import type { NodeReport } from "../../backend/backend-report.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { Clock } from "../../foundation/clock.ts";
import { GocachexError } from "../../foundation/errors.ts";
import { maxItemBytesOf } from "./entry-limits.ts";
import { isAbandoned, type ServerCall } from "./server-call.ts";

/** Clocks that differ by more make TTLs visibly wrong. The server's own is told in whole seconds. */
const MAX_CLOCK_SKEW_MS = 2_500;

/** What was seen of a server's evictions at the last report. */
export interface SeenEvictions {
  /** `evicted_unfetched`; `undefined` before the first report. */
  unfetchedCount: number | undefined;
}

/**
 * Asks a server how it is. Rejects only with the signal's reason: a server that does not answer is in the report.
 *
 * @param seen is changed: evictions are a warning only when there were some since the last report
 */
export async function reportServer(
  client: MemcachedClient,
  clock: Pick<Clock, "monotonicMs" | "wallMs">,
  seen: SeenEvictions,
  call: ServerCall,
): Promise<NodeReport> {
  const askedAt = clock.monotonicMs();
  const connections = client.connections();
  try {
    const stats = await client.stats(undefined, call.read);
    const latencyMs = clock.monotonicMs() - askedAt;
    const settings = await client.stats("settings", call.read);
    const warnings = warningsOf(client, stats, settings, seen, clock.wallMs());
    return {
      node: client.address,
      status: warnings.length > 0 ? "degraded" : "up",
      latencyMs,
      server: `memcached ${stats.get("version") ?? client.version ?? "of an unknown version"}`,
      memoryUsedBytes: numberOf(stats, "bytes"),
      memoryLimitBytes: numberOf(stats, "limit_maxbytes"),
      evictionPolicy: settings.get("evictions") === "off" ? "none" : "lru",
      evictions: numberOf(stats, "evictions"),
      connections,
      features: client.features,
      warnings,
    };
  } catch (error) {
    if (isAbandoned(call.context) && error === call.context.signal?.reason) throw error;
    const latencyMs = clock.monotonicMs() - askedAt;
    const message = error instanceof GocachexError ? error.message : "It answered with an error.";
    return { node: client.address, status: "down", latencyMs, connections, warnings: [], message };
  }
}

type Stats = ReadonlyMap<string, string>;

function warningsOf(
  client: MemcachedClient,
  stats: Stats,
  settings: Stats,
  seen: SeenEvictions,
  nowMs: number,
): readonly string[] {
  const warnings: string[] = [];
  if (settings.get("evictions") === "off") {
    warnings.push("It does not evict (-M): once its memory is full, writes fail. Start it without -M.");
  }
  const unfetchedCount = numberOf(stats, "evicted_unfetched") ?? 0;
  if (seen.unfetchedCount !== undefined && unfetchedCount > seen.unfetchedCount) {
    warnings.push(
      "It evicts entries that nobody has read yet: its memory is too small. Raise its -m, or shorten TTLs.",
    );
  }
  seen.unfetchedCount = unfetchedCount;
  if (maxItemBytesOf(client) < 1_048_576) {
    warnings.push(`It takes no values over ${maxItemBytesOf(client)} bytes. Start it with a larger -I.`);
  }
  const serverMs = (numberOf(stats, "time") ?? Number.NaN) * 1_000;
  if (Math.abs(serverMs - nowMs) > MAX_CLOCK_SKEW_MS) {
    warnings.push(
      "Its clock and this machine's differ by more than two seconds. Synchronize them, for entries expire by the clocks.",
    );
  }
  return warnings;
}

function numberOf(stats: Stats, name: string): number | undefined {
  const text = stats.get(name);
  const value = Number(text);
  return text === undefined || !Number.isFinite(value) ? undefined : value;
}
