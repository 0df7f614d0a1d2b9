import type { TlsSettings } from "../clients/tls-settings.ts";
import { resolveTls } from "./resolve-redis.ts";
import { GRPC_FIELDS, type GrpcConfig } from "./sections/grpc-config.ts";

/** {@link GrpcConfig} with defaults filled in. */
export interface ResolvedGrpcConfig {
  /** 0: a free one. */
  readonly port: number;
  readonly host: string;
  /** Addresses of other nodes, perhaps this one's among them. */
  readonly peers: readonly string[];
  /** `dns:name` or `dns:name:port`; `undefined`: none. */
  readonly discovery: string | undefined;
  /** `undefined`: not encrypted. */
  readonly tls: TlsSettings | undefined;
  /** `undefined`: none. */
  readonly token: string | undefined;
}

/** The settings of a grpc section whose values and combinations are allowed. */
export function resolveGrpc(grpc: GrpcConfig): ResolvedGrpcConfig {
  return Object.freeze({
    port: grpc.port ?? (GRPC_FIELDS.port.default as number),
    host: grpc.host ?? (GRPC_FIELDS.host.default as string),
    peers: Object.freeze([...(grpc.peers ?? [])]),
    discovery: grpc.discovery,
    tls: grpc.tls === true ? resolveTls(grpc) : undefined,
    token: grpc.token,
  });
}
