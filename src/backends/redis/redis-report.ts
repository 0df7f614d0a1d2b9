import type { OperationContext } from "../../backend/backend.ts";
import type { BackendReport, NodeReport } from "../../backend/backend-report.ts";
import type { RedisNode } from "../../clients/redis/redis-client.ts";
import { waitUnlessAborted } from "../../foundation/deadline.ts";
import { parseServerInfo } from "./server-info.ts";
import { type ServerFacts, serverWarnings } from "./server-warnings.ts";
import type { StoreParts } from "./store-parts.ts";

/** Features that this store or its users can make use of, and the versions of Redis that brought them. */
const FEATURES: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  functions: [7, 0],
  "sharded-pubsub": [7, 0],
  "client-tracking": [6, 0],
  "client-no-evict": [7, 0],
};

/** Asks every primary how it is. Never rejects: a server that does not answer, or not before the signal is aborted, is in the report as down. */
export async function reportServers(parts: StoreParts, { signal }: OperationContext): Promise<BackendReport> {
  return { nodes: await Promise.all(parts.client.primaries().map((node) => reportServer(parts, node, signal))) };
}

async function reportServer(parts: StoreParts, node: RedisNode, signal: AbortSignal | undefined): Promise<NodeReport> {
  const { client, clock } = parts;
  const connections = client.connections().find(({ address }) => address === node.address);
  const counts =
    connections === undefined
      ? {}
      : { connections: { open: connections.open, inFlight: connections.inFlight, waiting: connections.waiting } };
  const startedAtMs = clock.monotonicMs();
  try {
    const options = { operation: "report", kind: "read" } as const;
    // The time of the first is what an answer takes; INFO takes the server longer.
    const answers = Promise.all([
      node.call(["PING"], options).then(() => clock.monotonicMs() - startedAtMs),
      node.call(["INFO"], options),
    ]);
    const [latencyMs, info] = await waitUnlessAborted(answers, signal);
    return { node: node.address, latencyMs, ...describe(String(info)), ...counts };
  } catch (error) {
    return {
      node: node.address,
      status: "down",
      latencyMs: clock.monotonicMs() - startedAtMs,
      warnings: [],
      message: error instanceof Error ? error.message : String(error),
      ...counts,
    };
  }
}

function describe(info: string): Omit<NodeReport, "node" | "latencyMs"> {
  const fields = parseServerInfo(info);
  const product = fields.get("valkey_version") === undefined ? "redis" : "valkey";
  const version = fields.get("valkey_version") ?? fields.get("redis_version") ?? "0";
  const memoryLimitBytes = Number(fields.get("maxmemory") ?? 0) || Number.POSITIVE_INFINITY;
  const facts: ServerFacts = {
    compatibleVersion: fields.get("redis_version") ?? version,
    role: fields.get("role") === "slave" ? "replica" : "primary",
    memoryUsedBytes: Number(fields.get("used_memory") ?? 0),
    memoryLimitBytes,
    evictionPolicy: fields.get("maxmemory_policy") ?? "unknown",
    evictions: Number(fields.get("evicted_keys") ?? 0),
    replicationLags: replicationLags(fields),
    isLoading: fields.get("loading") === "1",
    isSaveFailing: fields.get("rdb_last_bgsave_status") === "err" || fields.get("aof_last_write_status") === "err",
  };
  const warnings = serverWarnings(facts);
  return {
    status: warnings.some(({ isDegrading }) => isDegrading) ? "degraded" : "up",
    server: `${product} ${version}`,
    role: facts.role,
    memoryUsedBytes: facts.memoryUsedBytes,
    memoryLimitBytes,
    evictionPolicy: facts.evictionPolicy,
    evictions: facts.evictions,
    features: featuresOf(facts.compatibleVersion),
    warnings: warnings.map(({ message }) => message),
  };
}

/** Bytes that each replica is behind. */
function replicationLags(fields: ReadonlyMap<string, string>): readonly number[] {
  const offset = Number(fields.get("master_repl_offset") ?? 0);
  const lags: number[] = [];
  for (const [name, value] of fields) {
    const replica = /^slave\d+$/.test(name) ? /offset=(\d+)/.exec(value) : null;
    if (replica !== null) lags.push(Math.max(0, offset - Number(replica[1])));
  }
  return lags;
}

function featuresOf(version: string): Readonly<Record<string, boolean>> {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const has = ([fromMajor, fromMinor]: readonly [number, number]): boolean =>
    major > fromMajor || (major === fromMajor && minor >= fromMinor);
  return Object.fromEntries(Object.entries(FEATURES).map(([name, from]) => [name, has(from)]));
}
