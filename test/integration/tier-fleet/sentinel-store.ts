import { openRedisControl } from "../../../scripts/servers/redis-control.ts";
import { type SentinelDataServer, startRedisSentinel } from "../../../scripts/servers/start-redis-sentinel.ts";
import { waitUntil } from "../../../scripts/servers/wait-until.ts";
import { openFleetLinks } from "./fleet-links.ts";
import { ReplicationWatch } from "./replication-watch.ts";
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

const SYNCED_WITHIN_MS = 20_000;
/** Longer than a server is stopped for a while, so that most failovers are those that were asked for. */
const DOWN_AFTER_MS = 1_500;
const LEFT_WITHIN_MS = 15_000;

/** A primary with two replicas and three sentinels. Servers keep nothing over a crash but what a replica has. */
export async function openSentinelStore(options: TierStoreOptions): Promise<TierStore> {
  const setup = await startRedisSentinel({
    replicaCount: 2,
    downAfterMs: DOWN_AFTER_MS,
    args: ["--repl-diskless-sync-delay", "0"],
  });
  const { processCount, seed } = options;
  const peerPorts = await everyOtherPort(options);
  const serverPorts = [...setup.servers, ...setup.sentinels].map(({ port }) => port);
  const links = await openFleetLinks({ processCount, serverPorts, peerPorts, seed });
  const watch = new ReplicationWatch(setup.servers, links.connectionsTo);
  watch.start();
  const synced = async (): Promise<SentinelDataServer> => {
    const primary = await setup.primary();
    const others = setup.servers.filter(({ port }) => port !== primary.port);
    await waitUntil("the replicas to follow", SYNCED_WITHIN_MS, async () => {
      const said = await Promise.all(others.map((server) => setup.call(server, "INFO", "replication")));
      return said.every(
        (text) =>
          String(text).includes(`master_port:${primary.port}`) && String(text).includes("master_link_status:up"),
      );
    });
    return primary;
  };
  const kill = async (primary: SentinelDataServer): Promise<void> => {
    primary.signal("SIGKILL");
    watch.noteKilled(primary.port);
    await setup.waitForNewPrimary(primary);
    await setup.restart(primary);
    await synced();
  };
  /** Replicas get nothing more, as when their links are down. */
  const cutReplication = async (isCut: boolean): Promise<void> => {
    const primary = isCut ? await synced() : undefined;
    for (const server of setup.servers) {
      if (server.port === primary?.port) continue;
      // It is refused by a primary that asks for no password, and tries again each second.
      await setup.call(server, "CONFIG", "SET", "masterauth", isCut ? "wrong" : "").catch(() => undefined);
      if (isCut) await setup.call(server, "CLIENT", "KILL", "TYPE", "master");
    }
  };
  const flush = async (): Promise<void> => {
    const primary = await synced();
    const control = openRedisControl(primary);
    try {
      await control.call("FLUSHALL");
      // Or a failover would bring it all back.
      await control.call("WAIT", 2, 2_000);
    } finally {
      control.close();
    }
  };
  const deeds: readonly StoreDeed[] = [
    holdServer(() => setup.servers[Math.floor(performance.now()) % setup.servers.length]),
    { name: "primary killed", isWipe: false, run: async () => kill(await synced()) },
    {
      name: "primary killed, its last changes lost",
      isWipe: false,
      async run(holdMs) {
        const primary = await synced();
        await cutReplication(true);
        await pause(holdMs);
        primary.signal("SIGKILL");
        watch.noteKilled(primary.port);
        await cutReplication(false);
        await kill(primary);
      },
    },
    {
      name: "failover asked for",
      isWipe: false,
      async run() {
        const primary = await synced();
        const [sentinel] = setup.sentinels;
        if (sentinel === undefined) return;
        watch.noteAsked(primary.port);
        await setup.call(sentinel, "SENTINEL", "FAILOVER", setup.name);
        const next = await setup.waitForNewPrimary(primary);
        // Sentinels leave the old one as it is for ten seconds; clients ask them each second.
        await waitUntil("the clients to leave", LEFT_WITHIN_MS, async () => links.connectionsTo(primary.port) === 0);
        await setup.call(primary, "REPLICAOF", next.host, next.port);
        await synced();
      },
    },
    { name: "store flushed", isWipe: true, run: flush },
  ];
  return {
    isRedis: true,
    configOf: (process) => ({
      ...commonConfig(options),
      tiers: [{ backend: "memory" }, { backend: "redis" }],
      redis: { sentinel: { name: setup.name, addresses: setup.sentinelAddresses }, ...redisTimeouts(options) },
      ...peersConfig(peerPorts[process]),
    }),
    links,
    deeds,
    failovers: (originNs) =>
      watch.failovers(originNs, ({ newPort }) => ({
        concerns: () => true,
        fateOf: (_, version) => watch.fateBySound(newPort, version),
      })),
    stop: async () => {
      await watch.stop();
      await links.stop();
      await setup.stop();
    },
  };
}
