import { clientTls } from "../../../scripts/servers/make-certificates.ts";
import type { RedisServerOptions } from "../../../scripts/servers/redis-arguments.ts";
import { openRedisControl, type RedisControl } from "../../../scripts/servers/redis-control.ts";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import type { RigKind } from "./matrix-fault.ts";
import { type BreakableRig, cacheDeadlines, type MatrixLimits, redisTimeouts } from "./store-rig.ts";
import { makeTrustFile } from "./trust-file.ts";

export const PASSWORD = "the-configured-one";
export const OTHER_PASSWORD = "the-servers-own-one";

/** A single Redis behind a proxy. */
export async function startRedisRig(kind: RigKind): Promise<BreakableRig> {
  const trust = kind === "tls" ? makeTrustFile() : undefined;
  const password = kind === "password" ? PASSWORD : undefined;
  const options: RedisServerOptions = { password, ...(trust === undefined ? {} : { tls: { certificates: trust } }) };
  let server: TestServer = await startRedis(options);
  const proxy = await startFaultProxy({ target: server });
  const control = openRedisControl(server, { password, tls: trust && clientTls(trust) });
  await control.call("PING");
  const faults: Record<string, Pick<BreakableRig, "breakServer" | "mendServer">> = {
    crash: {
      breakServer: () => server.stop(),
      mendServer: async () => {
        server = await startRedis({ ...options, port: server.port });
      },
    },
    password: passwordFault([control]),
    memory: memoryFault([control]),
    tls: { breakServer: async () => trust?.trustStranger(), mendServer: async () => trust?.trustOwn() },
  };
  const config = (limits: MatrixLimits, port: number, caFile: string | undefined): CacheConfig => ({
    backend: "redis",
    deadlines: cacheDeadlines(limits),
    redis: {
      ...redisTimeouts(limits),
      addresses: [`127.0.0.1:${port}`],
      password,
      ...(caFile === undefined ? {} : { tls: true, caFile }),
    },
  });
  return {
    config: (limits) => config(limits, proxy.port, trust?.trustedCaFile),
    seederConfig: (limits) => config(limits, server.port, trust?.caFile),
    proxies: [proxy],
    allProxies: [proxy],
    concernsAllKeys: true,
    countKeys: async () => 1,
    ...(faults[kind] ?? { breakServer: async () => undefined, mendServer: async () => undefined }),
    stop: async () => {
      control.close();
      await Promise.all([proxy.stop(), server.stop()]);
    },
  };
}

/** The servers ask for another password than the one that is configured, until they are told the right one. */
export function passwordFault(open: readonly RedisControl[]): Pick<BreakableRig, "breakServer" | "mendServer"> {
  const setPassword = (password: string) => async (): Promise<void> => {
    // Connections that are open already stay as they are: these too.
    await Promise.all(open.map((control) => control.call("CONFIG", "SET", "requirepass", password)));
  };
  return { breakServer: setPassword(OTHER_PASSWORD), mendServer: setPassword(PASSWORD) };
}

/** The servers have no room and may evict nothing. */
export function memoryFault(open: readonly RedisControl[]): Pick<BreakableRig, "breakServer" | "mendServer"> {
  const setLimit = (limit: string) => async (): Promise<void> => {
    await Promise.all(open.map((control) => control.call("CONFIG", "SET", "maxmemory", limit)));
  };
  return { breakServer: setLimit("1"), mendServer: setLimit("0") };
}
