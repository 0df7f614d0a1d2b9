import { clientTls } from "../../../scripts/servers/make-certificates.ts";
import { openRedisControl, type RedisControl } from "../../../scripts/servers/redis-control.ts";
import {
  type RedisCluster,
  type RedisClusterNode,
  startRedisCluster,
} from "../../../scripts/servers/start-redis-cluster.ts";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import type { RigKind } from "./matrix-fault.ts";
import { memoryFault, PASSWORD, passwordFault } from "./redis-rig.ts";
import { type BreakableRig, cacheDeadlines, type MatrixLimits, redisTimeouts, type ServerFault } from "./store-rig.ts";
import { makeTrustFile, type TrustFile } from "./trust-file.ts";

/**
 * A Redis Cluster. Faults of the network concern the first of three primaries, which have no replicas then, so that nobody takes over; each is
 * announced at the port of its proxy. Failover and migration are between servers that clients reach directly.
 */
export async function startClusterRig(kind: RigKind): Promise<BreakableRig> {
  const proxies: FaultProxy[] = [];
  const trust = kind === "tls" ? makeTrustFile() : undefined;
  const isReplicated = kind === "failover" || kind === "migration";
  const password = kind === "password" ? PASSWORD : undefined;
  const cluster = await startRedisCluster({
    password,
    replicaCount: isReplicated ? 1 : 0,
    ...(trust === undefined ? {} : { tls: { certificates: trust } }),
    ...(isReplicated || trust !== undefined ? {} : { announcedPort: (port) => addProxy(proxies, port) }),
  });
  const [victim] = cluster.nodes as [RedisClusterNode, ...RedisClusterNode[]];
  const tls = trust === undefined ? undefined : clientTls(trust);
  const controls = cluster.nodes.map((node) => openRedisControl(node, { tls, password }));
  await Promise.all(controls.map((control) => control.call("PING")));
  const victimProxies = proxies.filter(({ port }) => port === victim.announcedPort);
  const config = (limits: MatrixLimits, caFile: string | undefined): CacheConfig => ({
    backend: "redis",
    deadlines: cacheDeadlines(limits),
    redis: {
      ...redisTimeouts(limits),
      addresses: cluster.addresses,
      cluster: { enabled: true },
      password,
      ...(caFile === undefined ? {} : { tls: true, caFile }),
    },
  });
  return {
    config: (limits) => config(limits, trust?.trustedCaFile),
    seederConfig: (limits) => config(limits, trust?.caFile),
    proxies: victimProxies,
    allProxies: proxies,
    concernsAllKeys: false,
    countKeys: async (text) => ((await victim.call("KEYS", `*${text}*`)) as readonly string[]).length,
    settle: async () => void (isReplicated && (await victim.call("WAIT", 1, 2_000))),
    ...clusterFault(kind, { cluster, victim, controls, victimProxies, trust }),
    stop: async () => {
      for (const control of controls) control.close();
      await Promise.all([...proxies.map((proxy) => proxy.stop()), cluster.stop()]);
    },
  };
}

async function addProxy(proxies: FaultProxy[], port: number): Promise<number> {
  const proxy = await startFaultProxy({ target: { host: "127.0.0.1", port } });
  proxies.push(proxy);
  return proxy.port;
}

interface ClusterParts {
  readonly cluster: RedisCluster;
  readonly victim: RedisClusterNode;
  readonly controls: readonly RedisControl[];
  readonly victimProxies: readonly FaultProxy[];
  readonly trust: TrustFile | undefined;
}

function clusterFault(kind: RigKind, parts: ClusterParts): ServerFault {
  const { cluster, victim, controls, victimProxies, trust } = parts;
  switch (kind) {
    case "password":
      return passwordFault(controls);
    case "memory":
      return memoryFault(controls);
    case "tls":
      return { breakServer: async () => trust?.trustStranger(), mendServer: async () => trust?.trustOwn() };
    case "failover":
      return {
        freezeServer: () => victim.signal("SIGSTOP"),
        breakServer: async () => victim.signal("SIGKILL"),
        mendServer: () => cluster.waitUntilHealthy(),
      };
    case "migration":
      return migrationFault(cluster, victim);
    default:
      return cutOff(victimProxies);
  }
}

/** What a crash looks like to clients of a server that loses nothing: connections are reset, and nobody is at the port. */
export function cutOff(proxies: readonly FaultProxy[]): ServerFault {
  return {
    breakServer: async () => {
      for (const proxy of proxies) proxy.resetAll();
      await Promise.all(proxies.map((proxy) => proxy.goDown()));
    },
    mendServer: async () => {
      for (const proxy of proxies) proxy.heal();
      await Promise.all(proxies.map((proxy) => proxy.comeUp()));
    },
  };
}

/** Moves every slot in which the victim has keys to the next primary and back, until it is mended. */
function migrationFault(cluster: RedisCluster, victim: RedisClusterNode): ServerFault {
  let isOver = false;
  let moving: Promise<void> = Promise.resolve();
  const other = cluster.nodes[1] as RedisClusterNode;
  const move = async (): Promise<void> => {
    const keys = (await victim.call("KEYS", "*")) as readonly string[];
    const slots = new Set(
      await Promise.all(keys.map(async (key) => Number(await victim.call("CLUSTER", "KEYSLOT", key)))),
    );
    for (let round = 0; !isOver; round += 1) {
      const [from, to] = round % 2 === 0 ? [victim, other] : [other, victim];
      for (const slot of slots) await moveInSteps(cluster, slot, from, to);
    }
  };
  return {
    breakServer: async () => {
      isOver = false;
      moving = move();
    },
    mendServer: async () => {
      isOver = true;
      await moving;
    },
  };
}

/** Key by key, so that many commands meet a slot of which some keys have moved. */
async function moveInSteps(
  cluster: RedisCluster,
  slot: number,
  from: RedisClusterNode,
  to: RedisClusterNode,
): Promise<void> {
  const migration = await cluster.beginMigration(slot, from, to);
  while ((await migration.moveKeys(1)) > 0);
  await migration.finish();
}
