import type { BackoffBounds } from "../../foundation/backoff.ts";
import type { QueueBounds } from "./message-queue.ts";

/** Certificates of a node: it shows them to others, and others must show theirs. */
export interface GrpcTls {
  /** PEM file with this node's certificate, for both directions. Read at each dial, and every minute for who dials in. */
  readonly certFile: string;
  /** PEM file with this node's private key. */
  readonly keyFile: string;
  /** PEM file with the authorities that peers are checked against, in both directions. Default: the platform's. */
  readonly caFile?: string | undefined;
  /** Name that peers' certificates must carry, in both directions. Default: the host that is dialed; who dials in is checked for its authority alone. */
  readonly serverName?: string | undefined;
}

/** A DNS name whose addresses are peers. */
export interface DnsName {
  readonly name: string;
  readonly port: number;
}

/** What a gRPC transport is made of, with every default filled in. */
export interface GrpcTransportSettings {
  readonly host: string;
  readonly port: number;
  readonly peers: readonly string[];
  readonly discovery: DnsName | undefined;
  readonly tls: GrpcTls | undefined;
  readonly token: string | undefined;
  readonly cluster: string;
  readonly nodeId: string;
  readonly advertisedAddress: string | undefined;
  readonly heartbeatMs: number;
  readonly lookupMs: number;
  readonly dialTimeoutMs: number;
  readonly reconnect: BackoffBounds;
  readonly batchMs: number;
  readonly batchBytes: number;
  readonly maxMessageBytes: number;
  readonly queue: QueueBounds;
}
