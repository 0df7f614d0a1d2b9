import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import type { GrpcConfig } from "../sections/grpc-config.ts";
import { findStoreName, isOwnedByPeers, listActiveTiers } from "./active-sections.ts";
import { refuse } from "./rule.ts";
import { checkTransportSecurity } from "./transport-security-rules.ts";

/** Names of this machine that only it reaches. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Nodes that should talk must know of each other. */
export function checkDistribution(config: CacheConfig): readonly Problem[] {
  const { distributed, grpc } = config;
  const problems: Problem[] = [...checkTransport(config)];
  if (distributed === false) return problems;
  if (distributed === undefined && grpc !== undefined) {
    problems.push(
      refuse(
        "grpc",
        "grpc has no effect without distributed. Set distributed to true, or to false to keep grpc for later.",
      ),
    );
  }
  const hasPeers = (grpc?.peers?.length ?? 0) > 0 || grpc?.discovery !== undefined;
  // The table of nodes in Redis says who is there.
  const isTold = findStoreName(config) === "redis" && config.sharding?.enabled !== true;
  if (distributed === true && !hasPeers && !isTold) {
    problems.push(
      refuse(
        "grpc.peers",
        "distributed needs other nodes: set grpc.peers or grpc.discovery, or set distributed to false.",
      ),
    );
  }
  if (grpc !== undefined) {
    problems.push(...checkTransportSecurity("grpc", grpc, grpc.tls === true));
    problems.push(...checkReach(grpc));
  }
  return problems;
}

/** A transport of the configuration is for copies of a store that caches share. */
function checkTransport(config: CacheConfig): readonly Problem[] {
  if (config.transport === undefined) return [];
  if (isOwnedByPeers(config)) {
    const message =
      "transport has no effect where the nodes keep the keys themselves: all that they do goes over gRPC. Remove transport, or set backend to a store that they share.";
    return [refuse("transport", message)];
  }
  if (listActiveTiers(config).length > 1) return [];
  const message =
    "transport tells caches which of their copies of a shared store are outdated, and this one has no copies. Name tiers by hierarchical or tiers, or a shared store by backend.";
  return [refuse("transport", message)];
}

/** Whoever reaches a node that asks for nothing can end everybody's copies. */
function checkReach({ host, token, tls, caFile }: GrpcConfig): readonly Problem[] {
  if (host === undefined || LOOPBACK.test(host) || token !== undefined || (tls === true && caFile !== undefined))
    return [];
  const message =
    "grpc.host is reachable from other machines, so nodes must show who they are. Set grpc.token, or grpc.tls with grpc.caFile, or leave grpc.host at loopback.";
  return [refuse("grpc.host", message)];
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
