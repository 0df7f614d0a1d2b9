import type { BackendNotice } from "./backend/backend-notice.ts";
import type { BackendHost } from "./backend/registry.ts";
import type { SharedTier } from "./backend/shared-tier.ts";
import type { ResolvedGrpcConfig } from "./config/resolve-grpc.ts";
import { type GrpcTransport, grpcTransport } from "./transports/grpc/grpc-transport.ts";
import type { GrpcTransportOptions } from "./transports/grpc/grpc-transport-options.ts";

/** What a node of the mesh is made of. */
export interface PeersParts {
  readonly settings: ResolvedGrpcConfig;
  /** That of the table of nodes, so that who reads the table can ask this one. */
  readonly nodeId: string;
  /** Where nodes of one store say where they are; `undefined` where it has no place for that. */
  readonly announce: SharedTier["announce"];
  readonly onNotice: (notice: BackendNotice) => void;
  /** Told of the mesh, for those who change it later. */
  readonly onMesh?: ((mesh: GrpcTransport) => void) | undefined;
}

/** Several look-ups: nobody is forgotten because a store was away for one. */
const KEEP_MS = 60_000;

/** How an announcement says that an address is for gRPC. */
const INFO_PREFIX = "grpc=";

/** Makes a node of the mesh. Opens nothing. */
export function createPeers(
  { settings, nodeId, announce, onNotice, onMesh }: PeersParts,
  host: BackendHost,
): GrpcTransport {
  const { clock, scheduler, random } = host;
  const listPeers =
    announce &&
    (async (advertisedAddress: string) => {
      const nodes = await announce({ id: nodeId, keepMs: KEEP_MS, info: INFO_PREFIX + advertisedAddress }, {});
      return nodes.flatMap(({ info }) => (info.startsWith(INFO_PREFIX) ? [info.slice(INFO_PREFIX.length)] : []));
    });
  const mesh = grpcTransport({ ...peerOptions(settings), nodeId, onNotice, listPeers }, { clock, scheduler, random });
  onMesh?.(mesh);
  return mesh;
}

/** The settings of a configuration as options of a transport. */
export function peerOptions({ tls, ...others }: ResolvedGrpcConfig): GrpcTransportOptions {
  // Checked before: a node that encrypts has a certificate.
  const { certFile = "", keyFile = "", caFile, serverName } = tls ?? {};
  return { ...others, tls: tls && { certFile, keyFile, caFile, serverName } };
}
