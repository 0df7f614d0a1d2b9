import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
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
