import { dialRedis } from "./dial-redis.ts";
import type { RedisHost } from "./redis-host.ts";
import type { OpenRedisLine, RedisLine, RedisLineEvents } from "./redis-line.ts";
import type { RedisSettings } from "./redis-settings.ts";

/** Where a line leads to. */
export interface RedisLinePlan {
  readonly address: string;
  readonly settings: RedisSettings;
  readonly host: RedisHost;
  readonly isCurrent: () => boolean;
}

/** Opens a line to a server. See {@link OpenRedisLine}. @throws as `dialRedis` */
export async function dialLine(
  { address, settings, host, isCurrent }: RedisLinePlan,
  channel: string,
  events: RedisLineEvents,
  signal: AbortSignal,
): Promise<RedisLine> {
  const { credentials, db, tls, dialTimeoutMs } = settings;
  const plan = { address, credentials, db, tls, dialTimeoutMs, isReplica: false, host, isBackground: true };
  const { client, abort } = await dialRedis(
    { ...plan, verify: async (dialed) => void (await dialed.subscribe(channel, events.onMessage, true)) },
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
