import { createCache } from "gocachex";
import { openStoreGate } from "./store-gate.mjs";

const STATES = ["up", "down", "hung"];

/**
 * The cache of the service: in memory, or in a Redis behind a gate that can be shut.
 *
 * @param {string} redisUrl for example "redis://127.0.0.1:6379"; empty: in memory
 */
export async function openStore(redisUrl) {
  if (redisUrl === "") {
    const cache = createCache();
    return { cache, name: "memory", change: () => undefined, close: () => cache.close() };
  }
  const url = new URL(redisUrl);
  const gate = await openStoreGate({ host: url.hostname, port: Number(url.port || 6379) });
  url.host = gate.address;
  const cache = createCache({
    backend: "redis",
    namespace: "webserver",
    redis: { url: url.href, dialTimeout: "1s" },
    // No request shall wait for longer than this until the store is connected to; for its answers `softTimeout` is shorter.
    deadlines: { connect: "1s", read: "1s", write: "1s" },
  });
  // Connected before the first request. A server that is away now is asked again with each of them.
  await cache.ready().catch((error) => console.log(`The store is away: ${error.message}`));
  return {
    cache,
    name: "redis",
    /** @returns {string | undefined} the new state; `undefined`: there is no such one */
    change: (wanted) => {
      if (!STATES.includes(wanted)) return undefined;
      gate.change(wanted);
      return gate.state();
    },
    close: async () => {
      await cache.close();
      gate.close();
    },
  };
}
