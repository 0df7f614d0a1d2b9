import { clientTls } from "../../../scripts/servers/make-certificates.ts";
import { openRedisControl } from "../../../scripts/servers/redis-control.ts";
import { startRedisSentinel } from "../../../scripts/servers/start-redis-sentinel.ts";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { cutOff } from "./cluster-rig.ts";
import type { RigKind } from "./matrix-fault.ts";
import { memoryFault, PASSWORD, passwordFault } from "./redis-rig.ts";
import { type BreakableRig, cacheDeadlines, type MatrixLimits, redisTimeouts, type ServerFault } from "./store-rig.ts";
import { makeTrustFile } from "./trust-file.ts";

/** So long that no fault of the network makes the sentinels act. */
const NEVER_DOWN_MS = 3_600_000;

/** A primary with a replica and three sentinels. But for failover and TLS, clients and sentinels reach the data servers through proxies. */
export async function startSentinelRig(kind: RigKind): Promise<BreakableRig> {
  const isDirect = kind === "failover" || kind === "tls";
  const isFailover = kind === "failover";
  const proxies: FaultProxy[] = [];
  const trust = kind === "tls" ? makeTrustFile() : undefined;
  const password = kind === "password" ? PASSWORD : undefined;
  const setup = await startRedisSentinel({
    password,
    // What goes to a replica would go through the proxy too, byte by byte where that is the fault.
    replicaCount: isFailover ? 1 : 0,
    ...(trust === undefined ? {} : { tls: { certificates: trust } }),
    ...(isFailover ? {} : { downAfterMs: NEVER_DOWN_MS }),
    announcedPort: async (port) => {
      if (isDirect) return port;
      const proxy = await startFaultProxy({ target: { host: "127.0.0.1", port } });
      proxies.push(proxy);
      return proxy.port;
    },
  });
  const primary = await setup.primary();
  const control = openRedisControl(primary, { password, tls: trust && clientTls(trust) });
  await control.call("PING");
  const victimProxies = proxies.filter(({ port }) => port === primary.announcedPort);
  const config = (limits: MatrixLimits, caFile: string | undefined): CacheConfig => ({
    backend: "redis",
    deadlines: cacheDeadlines(limits),
    redis: {
      ...redisTimeouts(limits),
      sentinel: { name: setup.name, addresses: setup.sentinelAddresses },
      password,
      ...(caFile === undefined ? {} : { tls: true, caFile }),
    },
  });
  const faults: Partial<Record<RigKind, ServerFault>> = {
    password: passwordFault([control]),
    memory: memoryFault([control]),
    tls: { breakServer: async () => trust?.trustStranger(), mendServer: async () => trust?.trustOwn() },
    failover: {
      freezeServer: () => primary.signal("SIGSTOP"),
      breakServer: async () => primary.signal("SIGKILL"),
      mendServer: async () => void (await setup.waitForNewPrimary(primary)),
    },
  };
  return {
    config: (limits) => config(limits, trust?.trustedCaFile),
    seederConfig: (limits) => config(limits, trust?.caFile),
    proxies: victimProxies,
    allProxies: victimProxies,
    concernsAllKeys: true,
    countKeys: async () => 1,
    settle: async () => void (isFailover && (await control.call("WAIT", 1, 2_000))),
    ...(faults[kind] ?? cutOff(victimProxies)),
    stop: async () => {
      control.close();
      await Promise.all([...proxies.map((proxy) => proxy.stop()), setup.stop()]);
    },
  };
}
