import { dialRedis } from "./dial-redis.ts";
import type { NodeRedisClient } from "./node-redis-library.ts";
import type { RedisHost } from "./redis-host.ts";
import type { OpenRedisLine, RedisLine, RedisLineEvents } from "./redis-line.ts";
import type { RedisSettings } from "./redis-settings.ts";

/** Where a line leads to. */
export interface RedisLinePlan {
  readonly address: string;
  readonly settings: RedisSettings;
  readonly host: RedisHost;
  readonly isCurrent: () => boolean;
  /** Whether the channels are kept to their slots, all of which the server has. Default: false. */
  readonly isSharded?: boolean | undefined;
}

/** Opens a line to a server. See {@link OpenRedisLine}. @throws as `dialRedis` */
export async function dialLine(
  { address, settings, host, isCurrent, isSharded }: RedisLinePlan,
  channels: readonly string[],
  events: RedisLineEvents,
  signal: AbortSignal,
): Promise<RedisLine> {
  const { credentials, db, tls, dialTimeoutMs } = settings;
  const plan = { address, credentials, db, tls, dialTimeoutMs, isReplica: false, host, isBackground: true };
  const { client, abort } = await dialRedis(
    { ...plan, verify: (dialed) => (isSharded === true ? subscribeShards : subscribe)(dialed, channels, events) },
    signal,
  );
  const close = (): void => {
    client.destroy();
    abort.abort();
  };
  // Bytes that are no replies come as an error too: what follows them may be anything.
  client.on("error", (error) => {
    close();
    events.onLost(error);
  });
  if (!client.isReady) throw new Error("the connection was closed at once");
  return { isCurrent, ping: () => client.sendCommand(["PING"]), close };
}

async function subscribe(client: NodeRedisClient, channels: readonly string[], events: RedisLineEvents): Promise<void> {
  await client.subscribe(channels, events.onMessage, true);
}

/** A command for each, in one write: a command of several channels may have those of one slot only. */
async function subscribeShards(
  client: NodeRedisClient,
  channels: readonly string[],
  events: RedisLineEvents,
): Promise<void> {
  client.on("sharded-channel-moved", (channel) => events.onMoved?.(channel));
  await Promise.all(channels.map((channel) => client.sSubscribe(channel, events.onMessage, true)));
}
