import type { RedisReply } from "./redis-reply.ts";
import type { RedisScript } from "./redis-script.ts";

/** One word of a command. Texts go as UTF-8; numbers are written as decimal texts by the caller. */
export type RedisArgument = string | Buffer;

/**
 * What may be done with a call when something goes wrong.
 *
 * - `read`: may be sent again after a failure, and may go to a replica where the settings say so.
 * - `write`: never sent again once its bytes may have left, unless the server said that it did not execute it.
 * - `idempotent-write`: sent to a primary, and may be sent again: doing it twice is doing it once.
 */
export type RedisCallKind = "read" | "write" | "idempotent-write";

/** How a call is made. Share one object among calls that are made alike. */
export interface RedisCallOptions {
  /** What the call is, for messages, for example `"get"`. */
  readonly operation: string;
  readonly kind: RedisCallKind;
  /** Aborted when nobody waits any more: rejects at once with the reason. A command that was not sent yet is not sent. */
  readonly signal?: AbortSignal | undefined;
}

/** A server as a client sees it. */
export interface RedisNode {
  /** Its address, for example `"127.0.0.1:6379"`. */
  readonly address: string;
  /** A command for this server, whatever its keys. */
  call(args: readonly RedisArgument[], options: RedisCallOptions): Promise<RedisReply>;
}

/** Connections of a client to one server, now. */
export interface RedisNodeConnections {
  readonly address: string;
  readonly role: "primary" | "replica";
  readonly open: number;
  readonly inFlight: number;
  readonly waiting: number;
}

/** Told of what is published on a channel. */
export interface RedisChannelListener {
  /** A message. Must not throw. */
  onMessage(message: Buffer): void;
  /** Messages may have been missed: the subscription has just come up (`isHearing`), or was lost. Must not throw. */
  onGap(isHearing: boolean): void;
}

/** A channel of a cluster that is kept to the servers of its slot. */
export interface ShardChannel {
  /** Its name. */
  readonly name: string;
  /** The slot of its name. */
  readonly slot: number;
}

/** Hears a channel until it is closed. */
export interface RedisSubscription {
  /** Ends it; nothing is told afterwards. */
  close(): void;
}

/** What a server said of itself when it was connected to. */
export interface RedisNodeFeatures {
  readonly address: string;
  /** Product and version, for example `"redis 7.0.15"` or `"valkey 8.1.0"`; `undefined` when the account may not ask. */
  readonly server: string | undefined;
  /** `"standalone"`, `"sentinel"` or `"cluster"`, as it says; `undefined` when the account may not ask. */
  readonly mode: string | undefined;
  /** Its version as numbers, for comparing; empty when it was not told. */
  readonly version: readonly number[];
}

/**
 * Redis as the backend needs it, whatever the library and the topology underneath. Replies are bytes and numbers, never texts.
 *
 * Every promise settles within the client's deadlines:
 * - `BackendUnavailableError`: nothing was sent.
 * - `BackendOverloadedError`: nothing was sent; too much waits already.
 * - `BackendTimeoutError`: a read had no answer in time.
 * - `OutcomeUnknownError`: a write was sent, or may have been, and has no answer.
 * - `RedisServerError`: the server answered with an error.
 *
 * A reply that comes after its deadline is dropped; it is never given to another call.
 */
export interface RedisClient {
  /** `"cluster"`: every key of a call must be in the call's slot. `"single"`: one primary has all keys; slots are not looked at. */
  readonly topology: "single" | "cluster";
  /**
   * Whether the library underneath may send a write again by itself after its reply was lost. Only clients of the user's own do; a
   * counter is then safe only with an op id.
   */
  readonly resendsCommands: boolean;
  /** Connects to what the settings name. @throws BackendUnavailableError, DependencyError */
  connect(signal?: AbortSignal): Promise<void>;
  /** Ends every connection and timer. Calls in flight reject. */
  close(): Promise<void>;
  /** A command for the primary (or, for reads, a replica) of a slot. Calls of one turn leave in one write, in their order. */
  call(slot: number, args: readonly RedisArgument[], options: RedisCallOptions): Promise<RedisReply>;
  /** A script by its SHA; loaded by itself where a server does not know it. */
  runScript(
    slot: number,
    script: RedisScript,
    keys: readonly RedisArgument[],
    args: readonly RedisArgument[],
    options: RedisCallOptions,
  ): Promise<RedisReply>;
  /**
   * Hears channels over a connection of its own, which is opened in the background, comes back by itself when it is lost, and keeps no process alive. What is
   * published while it is away is missed. `undefined` where the client cannot open one: some of the user's own.
   */
  readonly subscribe?: ((channels: readonly string[], listener: RedisChannelListener) => RedisSubscription) | undefined;
  /**
   * Hears channels that are kept to the servers of their slots (sharded pub/sub, Redis 7), over one connection to each primary that has some of them. Follows slots that move and primaries
   * that are replaced. Where the server or the account does not allow it, it is told of as heard, for nothing is said there. `undefined` where there are no slots, and where the client
   * cannot open connections.
   */
  readonly subscribeShards?:
    | ((channels: readonly ShardChannel[], listener: RedisChannelListener) => RedisSubscription)
    | undefined;
  /** The primaries now: one, or those of the cluster. */
  primaries(): readonly RedisNode[];
  /** Address of the primary that owns a slot now, for grouping. The empty text when nobody knows. */
  addressOfSlot(slot: number): string;
  /** Connections now. */
  connections(): readonly RedisNodeConnections[];
  /** What the servers that were connected to said of themselves. */
  features(): readonly RedisNodeFeatures[];
  /** Milliseconds that a server's wall clock is ahead of this process's, as last measured; 0 before. */
  clockOffsetMs(slot: number): number;
}
