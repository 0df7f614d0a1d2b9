import type { BackendNotice } from "../../backend/backend-notice.ts";
import type { BackoffBounds } from "../../foundation/backoff.ts";
import type { GrpcTls } from "./grpc-transport-settings.ts";

/** What a gRPC transport may be told. The first ones are the configuration's section `grpc`. */
export interface GrpcTransportOptions {
  /** Address that this node listens on. Beyond loopback it needs `token`, or `tls` with `caFile`. Default: `"127.0.0.1"`. */
  readonly host?: string | undefined;
  /** Port that this node listens on, 0 to 65,535; 0: any free one. Default: 50051. */
  readonly port?: number | undefined;
  /**
   * Addresses of the other nodes: `host:port`, `[ipv6]:port`, `:port` or the path of a Unix socket. This node's own may be among them, and one node more than once. A
   * name with several addresses stands for one node; see `discovery`. Default: none.
   */
  readonly peers?: readonly string[] | undefined;
  /** A DNS name whose addresses are the other nodes: `dns:name:port`, or `dns:name` for this node's port. Default: none. */
  readonly discovery?: string | undefined;
  /**
   * Asks who is there, as the table of nodes in a shared store knows it: addresses as in `peers`, this node's own may be among them, and what is none is passed over. Is told where
   * others can dial this one, to enter it before it looks: then of two nodes one always finds the other. Asked every `lookupMs`. Default: nobody is asked.
   */
  readonly listPeers?: ((advertisedAddress: string) => Promise<readonly string[]>) | undefined;
  /** Certificates; connections are then encrypted, and both ends must show one. Default: `false`. */
  readonly tls?: GrpcTls | false | undefined;
  /** Secret that all nodes share, at least one character. Each proves to the other that it knows it. Default: none. */
  readonly token?: string | undefined;
  /** Only nodes with the same name of their cluster talk to each other. Default: `""`. */
  readonly cluster?: string | undefined;
  /** Names this life of the node; must be another after each start. Default: a random UUID. */
  readonly nodeId?: string | undefined;
  /**
   * Where other nodes can dial this one. Default: `host` with the port that was taken; where `host` is every address of the machine, its first one that is not loopback, which may be
   * the wrong one of several networks.
   */
  readonly advertisedAddress?: string | undefined;
  /**
   * Time between two signs of life, in ms, 10 to 60,000. A link over which nothing was heard for 2.5 of them is given up, at most half of one later. Default: 1,000.
   */
  readonly heartbeatMs?: number | undefined;
  /** Time between two look-ups of `discovery` and `listPeers`, in ms, 100 to 3,600,000. Default: 10,000. */
  readonly lookupMs?: number | undefined;
  /** How long a dial may take until the other node has answered, in ms, 10 to 600,000. Default: 5,000. */
  readonly dialTimeoutMs?: number | undefined;
  /** Pauses between dials of a node that does not answer; random, growing. Default: 100 ms to 5 s. */
  readonly reconnect?: BackoffBounds | undefined;
  /** How long messages of a stream of them are collected, in ms, 0 to 1,000. A message after a pause does not wait. Default: 1. */
  readonly batchMs?: number | undefined;
  /** How many bytes of messages make a batch that leaves at once, 1,024 to 1 MiB. Default: 64 KiB. */
  readonly batchBytes?: number | undefined;
  /** Longest frame, in bytes, 64 KiB to 64 MiB, and at least `batchBytes`; what would be longer says "everything may have changed". Default: 4 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** Most messages that wait for one node, 16 to 16,777,216; more collapse into one that says "everything may have changed". Default: 65,536. */
  readonly maxQueuedCount?: number | undefined;
  /** Most bytes that wait for one node, 64 KiB to 1 GiB; as `maxQueuedCount`. Default: 8 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** Is told of links that come up and go, and of nodes that refuse or are refused. Must not throw. Default: nobody. */
  readonly onNotice?: ((notice: BackendNotice) => void) | undefined;
}
