import { createCache } from "gocachex";
import { openStoreGate } from "./store-gate.mjs";

const STATES = ["up", "down", "hung"];

/**
 * The cache of the service: in memory, or in a Redis behind a gate that can be shut.
 *
 * @param {string | undefined} redisUrl for example "redis://127.0.0.1:6379"
 */
export async function openStore(redisUrl) {
  if (redisUrl === undefined) {
    const cache = createCache();
    return { cache, name: "memory", change: () => undefined, close: () => cache.close() };
  }
  const url = new URL(redisUrl);
  const gate = await openStoreGate({ host: url.hostname, port: Number(url.port || 6379) });
  url.host = gate.address;
  const cache = createCache({
    backend: "redis",
    namespace: "webserver",
    redis: { url: url.href, timeout: "400ms" },
    // No request shall wait for longer than this for a store that does not answer.
    deadlines: { connect: "400ms", read: "400ms", write: "400ms" },
  });
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
