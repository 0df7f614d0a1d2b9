import type { GrpcTransportSettings } from "./grpc-transport-settings.ts";

/** The method of `coherence.proto`. */
export const LINK_PATH = "/gocachex.coherence.v1.Coherence/Link";

/** Heartbeats between two pings of a connection, and those in which one must be answered. */
const PING_HEARTBEATS = 5;
const PING_TIMEOUT_HEARTBEATS = 3;
/** A connection without a link is ended after this time, in ms. */
const MAX_IDLE_MS = 30_000;
/** A connection has one link, and for a moment a second one. */
const MAX_LINKS_PER_CONNECTION = 4;

/** Options of both ends. */
function sharedOptions({ maxMessageBytes }: GrpcTransportSettings): Record<string, number> {
  return {
    // A frame has a head before its messages.
    "grpc.max_receive_message_length": maxMessageBytes + 64,
    "grpc.max_send_message_length": maxMessageBytes + 64,
  };
}

/**
 * Options of the library for who listens. Silence of a link is found by heartbeats; pings of the connection, much rarer, find what has no link, and free what a dead link left
 * behind. Who dials knows its sockets itself; see `DialedSockets`.
 */
export function serverOptions(settings: GrpcTransportSettings): Record<string, number> {
  return {
    ...sharedOptions(settings),
    "grpc.keepalive_time_ms": PING_HEARTBEATS * settings.heartbeatMs,
    "grpc.keepalive_timeout_ms": PING_TIMEOUT_HEARTBEATS * settings.heartbeatMs,
    "grpc.max_connection_idle_ms": MAX_IDLE_MS,
    "grpc.max_concurrent_streams": MAX_LINKS_PER_CONNECTION,
  };
}

/** Options of the library for who dials. @param serverName that the other end's certificate must carry; `undefined`: the host that is dialed */
export function clientOptions(
  settings: GrpcTransportSettings,
  serverName: string | undefined,
): Record<string, number | string> {
  return {
    ...sharedOptions(settings),
    // One connection for each dial: the library's own pool would keep pauses of failed ones.
    "grpc.use_local_subchannel_pool": 1,
    // A message that was resent would come twice.
    "grpc.enable_retries": 0,
    // Peers are in the same network; a proxy of the environment is for others.
    "grpc.enable_http_proxy": 0,
    "grpc.service_config_disable_resolution": 1,
    ...(serverName === undefined
      ? {}
      : { "grpc.ssl_target_name_override": serverName, "grpc.default_authority": serverName }),
  };
}
