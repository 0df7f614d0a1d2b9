import type { CacheConfig } from "../cache-config.ts";
import { findUsedBackends } from "../plugin-names.ts";
import type { Problem } from "../problem.ts";
import { listRedisSections } from "./active-sections.ts";
import { refuse } from "./rule.ts";
import { checkTransportSecurity } from "./transport-security-rules.ts";

/** Nodes that should talk must know of each other. */
export function checkDistribution(config: CacheConfig): readonly Problem[] {
  const { distributed, grpc } = config;
  if (distributed === false) return [];
  const problems: Problem[] = [];
  if (distributed === undefined && grpc !== undefined) {
    problems.push(
      refuse(
        "grpc",
        "grpc has no effect without distributed. Set distributed to true, or to false to keep grpc for later.",
      ),
    );
  }
  const hasPeers = (grpc?.peers?.length ?? 0) > 0 || grpc?.discovery !== undefined;
  if (distributed === true && !hasPeers) {
    problems.push(
      refuse(
        "grpc.peers",
        "distributed needs other nodes: set grpc.peers or grpc.discovery, or set distributed to false.",
      ),
    );
  }
  if (grpc !== undefined) problems.push(...checkTransportSecurity("grpc", grpc, grpc.tls === true));
  return problems;
}

/** Keys can be spread only over servers, and only once. */
export function checkSharding(config: CacheConfig): readonly Problem[] {
  const sharding = config.sharding;
  if (sharding?.enabled !== true) return [];
  const problems: Problem[] = [];
  const cluster = listRedisSections(config).find(({ section }) => section.cluster?.enabled === true);
  if (cluster !== undefined) {
    problems.push(
      refuse(
        "sharding.enabled",
        `sharding and ${cluster.path}.cluster exclude each other: a Redis Cluster spreads keys itself. Set sharding.enabled to false.`,
      ),
    );
  }
  const used = findUsedBackends(config);
  if (!used.has("redis") && !used.has("memcached")) {
    problems.push(
      refuse(
        "sharding.enabled",
        'sharding spreads keys over Redis or Memcached servers, and no backend is "redis" or "memcached". Set sharding.enabled to false.',
      ),
    );
  }
  const nodeCount = sharding.nodes?.length ?? 0;
  if (sharding.shards !== undefined && sharding.shards < nodeCount) {
    problems.push(
      refuse(
        "sharding.shards",
        `sharding.shards is ${sharding.shards}, less than the ${nodeCount} servers in sharding.nodes: some would stay empty. Raise it or remove it.`,
      ),
    );
  }
  return problems;
}

/** A logger of one's own has its own format. */
export function checkLogging(config: CacheConfig): readonly Problem[] {
  if (config.logging?.logger === undefined || config.logging.format === undefined) return [];
  return [
    refuse(
      "logging.format",
      "logging.logger has a format of its own. Remove logging.format, or remove logging.logger.",
    ),
  ];
}
