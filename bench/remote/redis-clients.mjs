// The Redis clients that are compared, each connected as its users do it. All hand out bytes: a cache cannot take values for text.

import { openPeers, ownPeers, rawPeer } from "./open-peers.mjs";
import { cacheClient, openHost, storeClient } from "./store-client.mjs";

/** @typedef {import("./open-peers.mjs").Address} Address */
/** @typedef {Omit<import("./compare-clients.mjs").Client, "id">} OpenClient */

/** How long values live, in ms; for good as far as a job is concerned. */
export const TTL_MS = 60_000_000;

/** @type {import("./open-peers.mjs").Peers} */
const peers = {
  ...ownPeers(openStore, openCache),
  client: async (address) => {
    const { engine, host } = await openHost("redis-client");
    const client = engine["createRedisClient"](settingsFor(address), host);
    await client.connect();
    const reads = { operation: "get", kind: "read" };
    const writes = { operation: "set", kind: "write" };
    return {
      use: { client, ttl: String(TTL_MS), reads, writes },
      get: 'client.call(0, ["GET", k], reads)',
      set: 'client.call(0, ["SET", k, v, "PX", ttl], writes)',
      mget: 'client.call(0, ["MGET", ...ks], reads)',
      close: () => client.close(),
    };
  },
  "raw socket": async (address) => {
    const { RawRedis } = await import("./raw-redis.mjs");
    return rawPeer(new RawRedis(), address);
  },
  "node-redis sendCommand": async (address) => {
    const { client, typed } = await openNodeRedis(address, { commandOptions: { timeout: undefined } });
    return {
      use: { client: typed, ttl: String(TTL_MS) },
      get: 'client.sendCommand(["GET", k])',
      set: 'client.sendCommand(["SET", k, v, "PX", ttl])',
      mget: 'client.sendCommand(["MGET", ...ks])',
      close: () => client.destroy(),
    };
  },
  "node-redis, no timeout": async (address) => nodeRedis(address, { commandOptions: { timeout: undefined } }),
  "node-redis": async (address) => nodeRedis(address, {}),
  "ioredis, pipelining": async (address) => ioredis((await import("ioredis")).Redis, address),
  "iovalkey, pipelining": async (address) => ioredis((await import("iovalkey")).Redis, address),
};

/**
 * @param {Address} address
 * @param {object} options
 */
async function openNodeRedis({ host, port }, options) {
  const { createClient, RESP_TYPES } = await import("@redis/client");
  const client = createClient({ socket: { host, port }, ...options });
  client.on("error", () => undefined);
  await client.connect();
  return { client, typed: client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }) };
}

/**
 * @param {Address} address
 * @param {object} options
 * @returns {Promise<OpenClient>}
 */
async function nodeRedis(address, options) {
  const { client, typed } = await openNodeRedis(address, options);
  return {
    use: { client: typed, ttl: TTL_MS },
    get: "client.get(k)",
    set: "client.set(k, v, { expiration: { type: 'PX', value: ttl } })",
    mget: "client.mGet(ks)",
    close: () => client.destroy(),
  };
}

/**
 * @param {any} Redis
 * @param {Address} address
 * @returns {Promise<OpenClient>}
 */
async function ioredis(Redis, { host, port }) {
  const client = new Redis({ host, port, enableAutoPipelining: true, lazyConnect: true });
  client.on("error", () => undefined);
  await client.connect();
  return {
    use: { client, ttl: TTL_MS },
    get: "client.getBuffer(k)",
    set: 'client.set(k, v, "PX", ttl)',
    mget: "client.mgetBuffer(ks)",
    close: () => client.disconnect(),
  };
}

/** @param {Address} address */
function settingsFor({ host, port }) {
  return {
    ...{ name: "redis", topology: { kind: "standalone", address: `${host}:${port}` }, db: 0, tls: undefined },
    ...{ credentials: { username: undefined, password: undefined }, poolSize: 10, dialTimeoutMs: 5_000 },
    ...{
      readTimeoutMs: 3_000,
      writeTimeoutMs: 3_000,
      poolTimeoutMs: 4_000,
      idleTimeoutMs: 300_000,
      idleCheckMs: 60_000,
    },
    ...{ maxRetries: 3, retryBackoff: { minMs: 8, maxMs: 512 } },
  };
}

/**
 * @param {Address} address
 * @param {"coherent" | "plain"} mode
 */
async function openStore(address, mode) {
  const { engine, host } = await openHost(`redis-${mode}`);
  return storeClient(engine["createRedisBackend"]({ ...settingsFor(address), mode }, host), TTL_MS);
}

/**
 * @param {Address} address
 * @param {"coherent" | "plain"} mode
 */
function openCache({ host, port }, mode) {
  const redis = { addresses: [`${host}:${port}`] };
  return cacheClient({ backend: "redis", redis, defaultTtl: TTL_MS, consistency: { mode } }, `redis-cache-${mode}`);
}

/**
 * Connects clients to a server; see {@link openPeers}.
 *
 * @param {Address} address
 * @param {readonly string[]} [ids] Default: all
 */
export function openRedisClients(address, ids) {
  return openPeers(peers, address, ids);
}
