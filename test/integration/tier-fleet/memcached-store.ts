import { findFreePort } from "../../../scripts/servers/free-port.ts";
import { startMemcached } from "../../../scripts/servers/start-memcached.ts";
import { openFleetLinks } from "./fleet-links.ts";
import { commonConfig, holdServer, peersConfig, type TierStore, type TierStoreOptions } from "./tier-store.ts";

/** One Memcached. All processes talk to each other, for the store tells nothing; without such links they ask it about their copies. */
export async function openMemcachedStore(options: TierStoreOptions): Promise<TierStore> {
  const { processCount, seed, deadlineMs } = options;
  let server = await startMemcached();
  const { host, port } = server;
  const { hasPeerLinks = true } = options;
  const peerPorts = await Promise.all(
    Array.from({ length: processCount }, () => (hasPeerLinks ? findFreePort() : undefined)),
  );
  const links = await openFleetLinks({ processCount, serverPorts: [port], peerPorts, seed });
  const addresses = peerPorts.map((peerPort) => `127.0.0.1:${peerPort}`);
  return {
    isRedis: false,
    configOf: (process) => ({
      ...commonConfig(options),
      tiers: [{ backend: "memory" }, { backend: "memcached" }],
      memcached: { servers: [`${host}:${port}`], timeout: deadlineMs },
      ...peersConfig(
        peerPorts[process],
        addresses.filter((_, index) => index !== process),
      ),
    }),
    links,
    deeds: [
      holdServer(() => server.process),
      {
        name: "store restarted empty",
        isWipe: true,
        run: async () => {
          await server.stop();
          server = await startMemcached({ port });
        },
      },
    ],
    stop: async () => {
      await links.stop();
      await server.stop();
    },
  };
}
