import { openRedisControl } from "../../../scripts/servers/redis-control.ts";
import {
  type RedisCluster,
  type RedisClusterNode,
  startRedisCluster,
} from "../../../scripts/servers/start-redis-cluster.ts";
import { waitUntil } from "../../../scripts/servers/wait-until.ts";
import { readNumber } from "../../../src/backends/redis/record.ts";
import {
  CLUSTER_KEYS,
  SHARD_COUNT,
  shardOfKey,
  slotOfShard,
  TAG_SLOT,
} from "../../../src/backends/redis/redis-key-layout.ts";
import { storedPrefix } from "../../../src/entry/namespace-path.ts";
import { openRawRedis } from "../support/raw-redis.ts";
import type { Fate } from "./failover.ts";
import { openFleetLinks } from "./fleet-links.ts";
import { machineMicros, ReplicationWatch } from "./replication-watch.ts";
import {
  commonConfig,
  everyOtherPort,
  holdServer,
  pause,
  peersConfig,
  redisTimeouts,
  type StoreDeed,
  type TierStore,
  type TierStoreOptions,
} from "./tier-store.ts";
import { COUNTER_NAMESPACE, DATA_NAMESPACE, TIER_COUNTERS } from "./tier-task.ts";

const GROUP_COUNT = 3;
const TAKEN_OVER_WITHIN_MS = 20_000;
/** Longer than a server is stopped for a while. */
const NODE_TIMEOUT_MS = 1_200;
/** A server that is killed stays away, and one of each two must be left; in one group nobody is killed. */
const KILL_COUNT = GROUP_COUNT - 1;
/** Of shards. What replicas publish says nothing: in a cluster messages go past the stream of changes. */
type Heads = ReadonlyMap<number, number>;

/** A Redis Cluster of three primaries with a replica each. */
export async function openClusterStore(options: TierStoreOptions): Promise<TierStore> {
  const cluster = await startRedisCluster({
    nodeTimeoutMs: NODE_TIMEOUT_MS,
    args: ["--repl-diskless-sync-delay", "0"],
  });
  const { processCount, seed } = options;
  const peerPorts = await everyOtherPort(options);
  const serverPorts = cluster.nodes.map(({ port }) => port);
  const links = await openFleetLinks({ processCount, serverPorts, peerPorts, seed });
  const watch = new ReplicationWatch(cluster.nodes, links.connectionsTo);
  watch.start();
  const groups = new ClusterGroups(cluster, watch);
  const redis = { addresses: cluster.addresses, cluster: { enabled: true }, ...redisTimeouts(options) };
  return {
    isRedis: true,
    configOf: (process) => ({
      ...commonConfig(options),
      tiers: [{ backend: "memory" }, { backend: "redis" }],
      redis,
      ...peersConfig(peerPorts[process]),
    }),
    links,
    deeds: clusterDeeds(cluster, groups),
    failovers: (originNs) =>
      watch.failovers(originNs, ({ newPort, from, promotedAt }) => {
        const heads = groups.headsOf(newPort, from, promotedAt);
        const isOfGroup = (slot: number): boolean => groups.ofSlot(slot) === groups.indexOf(newPort);
        return {
          concerns: (key, how) => isOfGroup(slotOf(key)) || (how === "invalidateTags" && isOfGroup(TAG_SLOT)),
          fateOf: (key, version) => fateBy(heads?.get(shardOf(key)), version),
        };
      }),
    stop: async () => {
      await watch.stop();
      await links.stop();
      await cluster.stop();
    },
  };
}

/** What was not above the shard's head was in the replica that took over. */
function fateBy(head: number | undefined, version: number): Fate {
  if (head === undefined) return "unknown";
  return version <= head ? "kept" : "lost";
}

function shardOf(key: string): number {
  return shardOfKey(storedPrefix(TIER_COUNTERS.includes(key) ? COUNTER_NAMESPACE : DATA_NAMESPACE) + key);
}

function slotOf(key: string): number {
  return slotOfShard(shardOf(key));
}

/** The primaries of a cluster with their replicas. */
class ClusterGroups {
  /** Of replicas whose primary was killed: the heads that they had then. */
  readonly #seenHeads: { readonly port: number; readonly at: number; readonly heads: Heads }[] = [];
  readonly #cluster: RedisCluster;
  readonly #watch: ReplicationWatch;
  readonly #killed = new Set<number>();
  #turn = 0;

  constructor(cluster: RedisCluster, watch: ReplicationWatch) {
    this.#cluster = cluster;
    this.#watch = watch;
  }

  get canKill(): boolean {
    return this.#killed.size < KILL_COUNT;
  }

  /** What a replica had when its primary was killed in a stretch of time, in µs; `undefined`: none was, and if the two did not agree, who knows what is missing. */
  headsOf(port: number, from: number, to: number): Heads | undefined {
    return this.#seenHeads.find((seen) => seen.port === port && seen.at >= from && seen.at <= to)?.heads;
  }

  indexOf(port: number): number {
    return this.#cluster.nodes.findIndex((node) => node.port === port) % GROUP_COUNT;
  }

  ofSlot(slot: number): number {
    return Math.floor((slot * GROUP_COUNT) / 16_384);
  }

  /** Kills a primary, and waits until its replica has taken over. @param cutMs so long before it the replica gets nothing more; 0: not */
  async kill(cutMs: number): Promise<void> {
    const { group, primary, replica } = await this.#next();
    if (cutMs > 0) {
      // It is refused by a primary that asks for no password, and tries again each second.
      await replica.call("CONFIG", "SET", "masterauth", "wrong");
      await replica.call("CLIENT", "KILL", "TYPE", "master");
      await pause(cutMs);
    }
    this.#killed.add(group);
    primary.signal("SIGKILL");
    this.#watch.noteKilled(primary.port);
    // What came in time is not all applied before.
    await waitUntil("the replica to see the end", TAKEN_OVER_WITHIN_MS, async () =>
      String(await replica.call("INFO", "replication")).includes("master_link_status:down"),
    );
    this.#seenHeads.push({ port: replica.port, at: machineMicros(), heads: await this.#readHeads(replica) });
    await this.#takenOver(replica);
  }

  /** Has a replica take over in agreement with its primary, which takes no writes meanwhile: nothing is lost. */
  async handOver(): Promise<void> {
    const { primary, replica } = await this.#next();
    this.#watch.noteAsked(primary.port);
    await replica.call("CLUSTER", "FAILOVER");
    await this.#takenOver(replica);
  }

  async #takenOver(replica: RedisClusterNode): Promise<void> {
    await waitUntil("the replica to take over", TAKEN_OVER_WITHIN_MS, async () =>
      String(await replica.call("INFO", "replication")).includes("role:master"),
    );
    await replica.call("CONFIG", "SET", "masterauth", "");
    await this.#cluster.waitUntilHealthy();
  }

  /** A group of which both live, and are the same. */
  async #next(): Promise<{ group: number; primary: RedisClusterNode; replica: RedisClusterNode }> {
    do this.#turn += 1;
    while (this.#killed.has(this.#turn % GROUP_COUNT));
    const group = this.#turn % GROUP_COUNT;
    const both = this.#cluster.nodes.filter((_, index) => index % GROUP_COUNT === group);
    return waitUntil("a replica that follows", TAKEN_OVER_WITHIN_MS, async () => {
      const said = await Promise.all(both.map(async (node) => String(await node.call("INFO", "replication"))));
      const replica = both[said.findIndex((text) => text.includes("master_link_status:up"))];
      const primary = both[said.findIndex((text) => text.includes("role:master"))];
      return replica !== undefined && primary !== undefined && { group, primary, replica };
    });
  }

  async #readHeads(replica: RedisClusterNode): Promise<Heads> {
    const raw = openRawRedis(replica);
    const heads = new Map<number, number>();
    try {
      await raw.send("READONLY");
      for (let shard = 0; shard < SHARD_COUNT; shard += 1) {
        const reply = await raw.send("GET", CLUSTER_KEYS.headKey(shard));
        if (!reply.startsWith("$")) continue;
        const start = reply.indexOf("\r\n") + 2;
        const isThere = !reply.startsWith("$-1");
        heads.set(shard, isThere ? readNumber(Buffer.from(reply.slice(start, start + 8), "latin1"), 0) : 0);
      }
    } finally {
      raw.close();
    }
    return heads;
  }
}

function clusterDeeds(cluster: RedisCluster, groups: ClusterGroups): readonly StoreDeed[] {
  const askAll = async (...words: readonly string[]): Promise<void> => {
    await Promise.all(cluster.nodes.filter((node) => node.isResponsive()).map((node) => node.call(...words)));
  };
  let turn = 0;
  const next = (): RedisClusterNode | undefined => {
    turn += 1;
    const living = cluster.nodes.filter((node) => node.isResponsive());
    return living[turn % living.length];
  };
  const flush = async (): Promise<void> => {
    for (const node of cluster.nodes) {
      if (!node.isResponsive() || !String(await node.call("INFO", "replication")).includes("role:master")) continue;
      const control = openRedisControl(node);
      try {
        await control.call("FLUSHALL");
        // Or a failover would bring it all back.
        await control.call("WAIT", 1, 1_000);
      } finally {
        control.close();
      }
    }
  };
  const isPossible = (): boolean => groups.canKill;
  return [
    holdServer(next),
    { name: "subscriptions closed", isWipe: false, run: () => askAll("CLIENT", "KILL", "TYPE", "pubsub") },
    {
      name: "connections closed",
      isWipe: false,
      run: () => askAll("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
    },
    { name: "store flushed", isWipe: true, run: flush },
    { name: "replica takes over, as agreed", isWipe: false, run: () => groups.handOver() },
    { name: "primary killed", isWipe: false, isPossible, run: () => groups.kill(0) },
    { name: "primary killed, its last changes lost", isWipe: false, isPossible, run: (holdMs) => groups.kill(holdMs) },
  ];
}
