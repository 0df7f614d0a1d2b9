import { startRedis } from "../../../scripts/servers/start-redis.ts";
import { type FleetLinks, openFleetLinks } from "./fleet-links.ts";
import { openRedisStore } from "./redis-store.ts";
import { holdServer, redisTimeouts, type TierStore, type TierStoreOptions } from "./tier-store.ts";

/** Reads come to the middle where copies in memory are soon over. */
const SHORT_TTL_MS = 60;

/** A Redis with copies between memory and the Redis that is the store; every way to either breaks, and both servers. */
export async function openMiddleStore(options: TierStoreOptions): Promise<TierStore> {
  const last = await openRedisStore(options);
  let server = await startRedis();
  const { host, port } = server;
  const { processCount, seed } = options;
  const own = await openFleetLinks({ processCount, serverPorts: [port], peerPorts: [], seed: seed + 1_000 });
  const redis = { addresses: [`${host}:${port}`], ...redisTimeouts(options) };
  return {
    ...last,
    configOf: (process) => ({
      ...last.configOf(process),
      tiers: [
        { backend: "memory", ttl: SHORT_TTL_MS },
        { backend: "redis", redis, timeout: 100 },
        { backend: "redis" },
      ],
    }),
    links: joinLinks(last.links, own),
    deeds: [
      ...last.deeds,
      { ...holdServer(() => server.process), name: "middle stopped" },
      {
        name: "middle restarted empty",
        isWipe: false,
        run: async () => {
          await server.stop();
          server = await startRedis({ port });
        },
      },
    ],
    stop: async () => {
      await own.stop();
      await server.stop();
      await last.stop();
    },
  };
}

/** The ways to two servers, which break by themselves. */
function joinLinks(first: FleetLinks, second: FleetLinks): FleetLinks {
  return {
    routesOf: (process) => ({ ...first.routesOf(process), ...second.routesOf(process) }),
    groupsOf: (process) => {
      const [toSecond] = second.groupsOf(process);
      return first
        .groupsOf(process)
        .map((group) =>
          group.name === "" && toSecond !== undefined
            ? { ...group, links: [...group.links, ...toSecond.links] }
            : group,
        );
    },
    connectionsTo: (port) => first.connectionsTo(port) + second.connectionsTo(port),
    stop: async () => {
      await Promise.all([first.stop(), second.stop()]);
    },
  };
}
