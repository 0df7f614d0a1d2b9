export type { BackendNotice } from "../../backend/backend-notice.ts";
export type {
  AckAskMessage,
  AckMessage,
  ChangeMessage,
  ClearMessage,
  CoherenceMessage,
  DirtyMessage,
  HeadedShard,
  TagsMessage,
  UnknownMessage,
} from "../../coherence/coherence-message.ts";
export type { CoherenceTransport, PeerStatus, TransportListener } from "../../coherence/transport.ts";
export type { BackoffBounds } from "../../foundation/backoff.ts";
export { type GrpcTransport, type GrpcTransportHost, grpcTransport } from "./grpc-transport.ts";
export type { GrpcTransportOptions } from "./grpc-transport-options.ts";
export type { GrpcTls } from "./grpc-transport-settings.ts";
export type { LookupAddresses } from "./look-up-peers.ts";
