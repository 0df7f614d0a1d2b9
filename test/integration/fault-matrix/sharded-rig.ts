import { clientTls } from "../../../scripts/servers/make-certificates.ts";
import { openRedisControl } from "../../../scripts/servers/redis-control.ts";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { cutOff } from "./cluster-rig.ts";
import type { RigKind } from "./matrix-fault.ts";
import { memoryFault, PASSWORD, passwordFault } from "./redis-rig.ts";
import { type BreakableRig, cacheDeadlines, type MatrixLimits, redisTimeouts, type ServerFault } from "./store-rig.ts";
import { makeTrustFile } from "./trust-file.ts";

const SERVER_COUNT = 3;

/** Three independent Redis servers behind proxies; faults concern the first. */
export async function startShardedRig(kind: RigKind): Promise<BreakableRig> {
  const password = kind === "password" ? PASSWORD : undefined;
  const trust = kind === "tls" ? makeTrustFile() : undefined;
  const tls = trust === undefined ? {} : { tls: { certificates: trust } };
  const servers = await Promise.all(Array.from({ length: SERVER_COUNT }, () => startRedis({ password, ...tls })));
  const proxies = await Promise.all(servers.map((target) => startFaultProxy({ target })));
  const controls = servers.map((server) => openRedisControl(server, { password, tls: trust && clientTls(trust) }));
  const [victim] = controls as [(typeof controls)[number]];
  await Promise.all(controls.map((control) => control.call("PING")));
  const config = (limits: MatrixLimits, caFile: string | undefined): CacheConfig => ({
    backend: "redis",
    deadlines: cacheDeadlines(limits),
    // The seeder goes through the proxies too: a server's place among the others depends on its address.
    redis: {
      ...redisTimeouts(limits),
      addresses: proxies.map(({ port }) => `127.0.0.1:${port}`),
      password,
      ...(caFile === undefined ? {} : { tls: true, caFile }),
    },
    sharding: { enabled: true, failover: kind === "failover" ? "next" : "error" },
  });
  const faults: Partial<Record<RigKind, ServerFault>> = {
    password: passwordFault(controls),
    memory: memoryFault([victim]),
    tls: { breakServer: async () => trust?.trustStranger(), mendServer: async () => trust?.trustOwn() },
  };
  return {
    config: (limits) => config(limits, trust?.trustedCaFile),
    seederConfig: (limits) => config(limits, trust?.caFile),
    proxies: proxies.slice(0, 1),
    allProxies: proxies,
    concernsAllKeys: false,
    countKeys: async (text) => ((await victim.call("KEYS", `*${text}*`)) as readonly string[]).length,
    ...(faults[kind] ?? cutOff(proxies.slice(0, 1))),
    freezeServer: () => proxies[0]?.set({ blackHolesReplies: true }),
    stop: async () => {
      for (const control of controls) control.close();
      await Promise.all([...proxies, ...servers].map((part) => part.stop()));
    },
  };
}
