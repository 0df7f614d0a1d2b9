import type { RedisArgument, RedisCallKind } from "../redis-client.ts";
import type { OpenRedisLine, RedisShardLines } from "../redis-line.ts";

/** A server of a client that is the user's own. */
export interface ForeignNode {
  readonly address: string;
  /** Sends a command to it. Its reply is as the library gives it, with bytes for texts. */
  send(args: readonly RedisArgument[]): Promise<unknown>;
}

/** A client that is the user's own, as far as we use it. */
export interface ForeignRedis {
  /** What it is, for messages, for example `"ioredis"`. */
  readonly library: string;
  readonly topology: "single" | "cluster";
  /** Whether it may send a command again after its reply was lost. */
  readonly resendsCommands: boolean;
  /** What works with less than it should, each a sentence with its remedy. */
  readonly warnings: readonly string[];
  /** Waits until it is ready; begins to connect where nobody did. */
  connect(): Promise<void>;
  /** Sends a command to whoever has the slot. */
  send(slot: number, args: readonly RedisArgument[], kind: RedisCallKind): Promise<unknown>;
  /** Opens a connection like its own that hears a channel; ours to close. `undefined` where the library makes none. */
  readonly listen?: OpenRedisLine | undefined;
  /** The same for channels that are kept to slots of a cluster. */
  readonly shardLines?: RedisShardLines | undefined;
  /** Its primaries now. */
  primaries(): readonly ForeignNode[];
  /** Address of a slot's primary; the empty text when it does not say. */
  addressOfSlot(slot: number): string;
}
