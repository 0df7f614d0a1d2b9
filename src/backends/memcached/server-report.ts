import type { NodeReport } from "../../backend/backend-report.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { Clock } from "../../foundation/clock.ts";
import { GocachexError } from "../../foundation/errors.ts";
import { maxItemBytesOf } from "./entry-limits.ts";
import type { ServerCall } from "./server-call.ts";

/** Share of its memory from which a server that does not evict is about to refuse writes. */
const NEARLY_FULL_RATIO = 0.9;
/** Clocks that differ by more make TTLs visibly wrong. The server's own is told in whole seconds. */
const MAX_CLOCK_SKEW_MS = 2_500;

/** Asks a server how it is. Rejects only with the signal's reason: a server that does not answer is in the report. */
export async function reportServer(
  client: MemcachedClient,
  clock: Pick<Clock, "monotonicMs" | "wallMs">,
  call: ServerCall,
): Promise<NodeReport> {
  const askedAt = clock.monotonicMs();
  const connections = client.connections();
  try {
    const stats = await client.stats(undefined, call.read);
    const latencyMs = clock.monotonicMs() - askedAt;
    const settings = await client.stats("settings", call.read);
    const warnings = warningsOf(client, stats, settings, clock.wallMs());
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
    if (call.read.signal?.aborted && error === call.read.signal.reason) throw error;
    const latencyMs = clock.monotonicMs() - askedAt;
    const message = error instanceof GocachexError ? error.message : "It answered with an error.";
    return { node: client.address, status: "down", latencyMs, connections, warnings: [], message };
  }
}

type Stats = ReadonlyMap<string, string>;

function warningsOf(client: MemcachedClient, stats: Stats, settings: Stats, nowMs: number): readonly string[] {
  const warnings: string[] = [];
  const used = numberOf(stats, "bytes") ?? 0;
  const limit = numberOf(stats, "limit_maxbytes") ?? Number.POSITIVE_INFINITY;
  if (settings.get("evictions") === "off" && used > limit * NEARLY_FULL_RATIO) {
    warnings.push(
      "It does not evict (-M) and its memory is nearly full: writes are about to fail. Raise its -m, or start it without -M.",
    );
  }
  if ((numberOf(stats, "evicted_unfetched") ?? 0) > 0) {
    warnings.push(
      "It evicted entries that nobody had read yet: its memory is too small. Raise its -m, or shorten TTLs.",
    );
  }
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
