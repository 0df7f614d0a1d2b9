import type { NodeReport } from "../../backend/backend-report.ts";
import { systemHost } from "../../backend/system-host.ts";
import type { RedisTopologySettings } from "../../clients/redis/redis-settings.ts";
import type { ResolvedConfig } from "../../config/resolve-config.ts";
import type { ResolvedTier } from "../../config/resolve-tiers.ts";
import { createStore } from "../../create-store.ts";
import { formatByteSize } from "../../foundation/byte-size.ts";
import { latency } from "../bench/bench-report.ts";
import { checkRedis } from "./check-redis.ts";
import { type Finding, fail, failWith, ok, warn } from "./finding.ts";

/** An answer that takes longer makes a cache of little use. */
const SLOW_MS = 50;

/** Each store of a configuration: whether it can be reached, how fast it answers, and what its operator should know. */
export async function checkStores(config: ResolvedConfig): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [index, tier] of config.tiers.entries()) {
    const isLast = index === config.tiers.length - 1;
    if (config.isOwnedByPeers && isLast) continue;
    findings.push(...(await checkStore(config, tier, isLast)));
  }
  return findings;
}

async function checkStore(config: ResolvedConfig, tier: ResolvedTier, isLast: boolean): Promise<readonly Finding[]> {
  const name = typeof tier.backend === "string" ? tier.backend : tier.backend.name;
  if (tier.backend === "memory") return [describeMemory(tier)];
  // Only the last tier is spread over servers.
  const store = createStore({ ...config, ...tier, sharding: isLast ? config.sharding : undefined }, systemHost);
  try {
    await store.connect?.({ signal: AbortSignal.timeout(config.deadlines.connectMs) });
    const context = { signal: AbortSignal.timeout(config.deadlines.healthMs) };
    await store.ping?.(context);
    const report = await store.report?.(context);
    const nodes = report?.nodes ?? [];
    const redis =
      tier.backend === "redis" && tier.redis.client === undefined ? await checkRedisOf(config, tier, isLast) : [];
    return nodes.length === 0
      ? [ok(name, "answers")]
      : [...nodes.flatMap((node) => describeNode(name, node)), ...redis];
  } catch (error) {
    return [failWith(name, error, "connection")];
  } finally {
    await store.close();
  }
}

function describeMemory({ memory }: ResolvedTier): Finding {
  const keys = memory.maxKeys === Number.POSITIVE_INFINITY ? "" : ` and ${memory.maxKeys} keys`;
  const words = `up to ${formatByteSize(memory.maxSizeBytes)}${keys}, ${memory.evictionPolicy}`;
  return memory.maxSizeBytes === Number.POSITIVE_INFINITY && memory.maxKeys === Number.POSITIVE_INFINITY
    ? warn("memory", `${words}: it has no bound, and grows until the process ends. Set memory.maxSize.`)
    : ok("memory", words);
}

/** The servers themselves, one by one where keys are spread over them. */
async function checkRedisOf(config: ResolvedConfig, tier: ResolvedTier, isLast: boolean): Promise<readonly Finding[]> {
  const { settings, addresses } = tier.redis;
  const sharding = isLast ? config.sharding : undefined;
  if (sharding === undefined) return checkRedis(settings);
  const servers = sharding.nodes?.map(({ address }) => address) ?? addresses;
  const topologies = servers.map((address): RedisTopologySettings => ({ kind: "standalone", address }));
  const findings = await Promise.all(topologies.map((topology) => checkRedis({ ...settings, topology })));
  return findings.flat();
}

/** What a server said of itself: one line, and one for each warning. */
export function describeNode(store: string, report: NodeReport): readonly Finding[] {
  const { node, status, latencyMs, server, role, memoryUsedBytes, memoryLimitBytes, evictionPolicy } = report;
  const subject = `${store}/${node}`;
  if (status === "down")
    return [fail(subject, `does not answer: ${report.message ?? "no reason given"}`, "connection")];
  const facts = [
    server ?? "answers",
    role,
    `answers in ${latency(latencyMs)}`,
    memoryUsedBytes === undefined
      ? undefined
      : `${formatByteSize(memoryUsedBytes)} of ${formatByteSize(memoryLimitBytes ?? Number.POSITIVE_INFINITY)}`,
    evictionPolicy,
    report.evictions === undefined ? undefined : `${report.evictions} evictions`,
  ].filter((fact) => fact !== undefined);
  const slow =
    latencyMs > SLOW_MS
      ? [warn(subject, `its answer takes ${latency(latencyMs)}. Look at its load and at the network between.`)]
      : [];
  return [ok(subject, facts.join(", ")), ...slow, ...report.warnings.map((message) => warn(subject, message))];
}
