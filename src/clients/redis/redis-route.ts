import type { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import type { RedisCallPolicy } from "./call-policy.ts";
import type { RedisClient, RedisNodeConnections, RedisNodeFeatures } from "./redis-client.ts";
import type { RedisHost } from "./redis-host.ts";
import type { OpenRedisLine, RedisShardLines } from "./redis-line.ts";
import type { RedisFailureHandler, RedisRequest } from "./redis-request.ts";

/** A server that a request can be meant for, whatever its keys. */
export interface RedisRouteNode {
  readonly address: string;
  /** Sends a request that nobody has left yet. */
  send(request: RedisRequest): void;
}

/** What a route shares with its client. */
export interface RedisRouteParts {
  readonly host: RedisHost;
  readonly deadlines: DeadlineQueue;
  readonly policy: RedisCallPolicy;
}

/**
 * Where the requests of a client go: all that differs between one server, a primary that sentinels watch over, a cluster, and a client of
 * the user's own. Connects nothing before `connect`.
 */
export interface RedisRoute extends RedisFailureHandler {
  readonly topology: RedisClient["topology"];
  readonly resendsCommands: boolean;
  /** How long `connect` may take, in ms. Default: `Infinity`, for its parts have deadlines of their own. */
  readonly readyTimeoutMs?: number;
  /** What the message of a failed `connect` says before the reason, for example `"127.0.0.1:6379 cannot be used: "`. Default: nothing. */
  readonly failurePrefix?: string;
  /** Connects. Rejects with the reason. */
  connect(): Promise<unknown>;
  /** Called when it is connected and whoever asked for that still waits. */
  onConnected?(): void;
  /** Ends what is open and fails what is under way; the client's deadlines and pauses end behind it. */
  close(error: Error): void;
  /** Sends a request that nobody has left yet. Its failure comes back as `onFailure`. */
  send(request: RedisRequest): void;
  /** Opens a connection of its own that hears a channel. `undefined`: there is none to be had. */
  readonly listen?: OpenRedisLine | undefined;
  /** Lines for channels that are kept to their slots. `undefined`: there are no slots, or no lines to be had. */
  readonly shardLines?: RedisShardLines | undefined;
  /** The primaries now. */
  primaries(): readonly RedisRouteNode[];
  /** See {@link RedisClient.addressOfSlot}. */
  addressOfSlot(slot: number): string;
  /** See {@link RedisClient.connections}. */
  connections(): readonly RedisNodeConnections[];
  /** See {@link RedisClient.features}. */
  features(): readonly RedisNodeFeatures[];
  /** See {@link RedisClient.clockOffsetMs}. */
  clockOffsetMs(slot: number): number;
}
