import { join } from "node:path";
import { ensureServers, type ServerSource } from "./ensure-servers.ts";
import { clientTls } from "./make-certificates.ts";
import { REDIS_UNIX_SOCKET, type RedisServerOptions, redisArguments } from "./redis-arguments.ts";
import { type ServerProbe, startServerProcess } from "./server-process.ts";
import { ownServer, sharedServer, type TestServer } from "./test-server.ts";

/**
 * Starts an empty Redis that keeps nothing on disk, on a free loopback port, and waits until it answers.
 *
 * @example
 * ```ts
 * const redis = await startRedis({ args: ["--maxmemory", "10mb"] });
 * try { … } finally { await redis.stop(); }
 * ```
 */
export function startRedis(options: RedisServerOptions = {}): Promise<TestServer> {
  return startRedisFrom(ensureServers().redis, options, "redis-server");
}

/** The same with Valkey, where the machine has one; see {@link ensureServers}. `undefined` where it has none. */
export async function startValkey(options: RedisServerOptions = {}): Promise<TestServer | undefined> {
  const source = ensureServers().valkey;
  return source === undefined ? undefined : await startRedisFrom(source, options, "valkey-server");
}

/** How to know that a Redis is ready: an error is an answer too, for one that asks for a password. */
export function redisProbe(options: RedisServerOptions): ServerProbe {
  return {
    question: "PING\r\n",
    answer: /^(\+PONG|-NOAUTH|-DENIED|-NOPERM)/,
    tls: options.tls === undefined ? undefined : clientTls(options.tls.certificates),
  };
}

async function startRedisFrom(source: ServerSource, options: RedisServerOptions, name: string): Promise<TestServer> {
  if (source.kind === "running") return sharedServer(source.address, options, name);
  const process = await startServerProcess({
    program: source.path,
    port: options.port,
    arguments: (port, folder) => redisArguments(port, folder, options),
    probe: redisProbe(options),
  });
  return ownServer(process, options.hasUnixSocket === true ? join(process.folder, REDIS_UNIX_SOCKET) : undefined);
}
