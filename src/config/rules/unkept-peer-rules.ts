import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import { listActiveTiers } from "./active-sections.ts";
import { refuse, refuseUnsupported } from "./rule.ts";

/** Nodes that could tell each other nothing, or could not show who they are. */
export function checkUnkeptPeers(config: CacheConfig): readonly Problem[] {
  if (config.distributed !== true) return [];
  return [...checkCopies(config), ...checkCertificate(config)];
}

/** What nodes tell each other is which of their copies are outdated. */
function checkCopies(config: CacheConfig): readonly Problem[] {
  if (listActiveTiers(config).length > 1) return [];
  const message = `distributed tells nodes which of their copies in memory are outdated, and a store that is an object has none in front. Give it a name by registerBackend, or set distributed to false.`;
  return [refuseUnsupported("distributed", message)];
}

/** Each node is a server to the others. */
function checkCertificate({ grpc }: CacheConfig): readonly Problem[] {
  if (grpc?.tls !== true || grpc.certFile !== undefined || grpc.keyFile !== undefined) return [];
  const message =
    "grpc.tls needs grpc.certFile and grpc.keyFile: other nodes connect to this one, which shows its certificate. Add them, or set grpc.tls to false.";
  return [refuse("grpc.certFile", message)];
}
