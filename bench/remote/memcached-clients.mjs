// The Memcached clients that are compared, each connected as its users do it. See redis-clients.mjs.

import { openPeers, ownPeers, rawPeer } from "./open-peers.mjs";
import { cacheClient, openHost, storeClient } from "./store-client.mjs";

/** @typedef {import("./open-peers.mjs").Address} Address */

/** How long values live, in seconds. */
const TTL_SECONDS = 60_000;
const WRITE_FLAGS = `T${TTL_SECONDS}`;

/** @type {import("./open-peers.mjs").Peers} */
const peers = {
  ...ownPeers(openStore, openCache),
  client: async (address) => {
    const { engine, host } = await openHost("memcached-client");
    const { createMemcachedClient, encodeMemcachedKey } = engine;
    const client = createMemcachedClient(settingsFor(address), host);
    await client.connect();
    const read = (/** @type {string} */ text) => ({ kind: "get", key: encodeMemcachedKey(text), flags: "v" });
    const reads = { operation: "get", kind: "read" };
    const writes = { operation: "set", kind: "write" };
    return {
      use: {
        readOne: (/** @type {string} */ key) => client.send(read(key), reads),
        write: (/** @type {string} */ key, /** @type {Buffer} */ value) =>
          client.send({ kind: "set", key: encodeMemcachedKey(key), value, flags: WRITE_FLAGS }, writes),
        readMany: async (/** @type {readonly string[]} */ keys) =>
          (await client.sendBatch(keys.map(read), reads)).replies.map((/** @type {any} */ reply) => ({ reply })),
      },
      get: "readOne(k)",
      set: "write(k, v)",
      mget: "readMany(ks)",
      unwrap: "a.reply.value",
      close: () => client.close(),
    };
  },
  "raw meta pipeline": async (address) => {
    const { RawMemcached } = await import("./raw-memcached.mjs");
    return rawPeer(new RawMemcached(), address);
  },
  memjs: async ({ host, port }) => {
    const { default: memjs } = await import("memjs");
    const client = memjs.Client.create(`${host}:${port}`);
    return {
      use: { client, options: { expires: TTL_SECONDS }, readValue: (/** @type {any} */ { value }) => value },
      get: "client.get(k).then(readValue)",
      set: "client.set(k, v, options)",
      // It has no reads of many keys.
      mget: "Promise.all(ks.map((k) => client.get(k).then(readValue)))",
      close: () => client.close(),
    };
  },
  memcache: async ({ host, port }) => {
    const { Memcache } = await import("memcache");
    const client = new Memcache(`${host}:${port}`);
    await client.connect();
    return {
      // Bytes do not come back as they were.
      isText: true,
      use: { client, ttl: TTL_SECONDS },
      get: "client.get(k)",
      set: "client.set(k, v, ttl)",
      mget: "client.gets(ks).then((found) => ks.map((k) => found.get(k)))",
      close: () => client.disconnect(),
    };
  },
  memcached: async ({ host, port }) => {
    const { default: Memcached } = await import("memcached");
    const client = new Memcached(`${host}:${port}`);
    const promised = (/** @type {(callback: (error: unknown, answer: any) => void) => void} */ start) =>
      new Promise((resolve, reject) => start((error, answer) => (error ? reject(error) : resolve(answer))));
    return {
      use: {
        read: (/** @type {string} */ key) => promised((callback) => client.get(key, callback)),
        write: (/** @type {string} */ key, /** @type {Buffer} */ value) =>
          promised((callback) => client.set(key, value, TTL_SECONDS, callback)),
        readMany: async (/** @type {string[]} */ keys) => {
          const found = await promised((callback) => client.getMulti(keys, callback));
          return keys.map((key) => found[key]);
        },
      },
      get: "read(k)",
      set: "write(k, v)",
      mget: "readMany(ks)",
      close: () => client.end(),
    };
  },
  "memcache-client": async ({ host, port }) => {
    const { MemcacheClient } = await import("memcache-client");
    const client = new MemcacheClient({ server: `${host}:${port}` });
    return {
      use: { client, options: { lifetime: TTL_SECONDS } },
      get: "client.get(k).then((found) => found.value)",
      set: "client.set(k, v, options)",
      mget: "client.get(ks).then((found) => ks.map((k) => found[k].value))",
      close: () => client.shutdown(),
    };
  },
};

/** @param {Address} address */
function settingsFor({ host, port }) {
  return {
    ...{ name: "memcached", address: `${host}:${port}`, timeoutMs: 3_000, maxIdleConnections: 2 },
    ...{ credentials: undefined, tls: undefined },
  };
}

/**
 * @param {Address} address
 * @param {"coherent" | "plain"} mode
 */
async function openStore(address, mode) {
  const { engine, host } = await openHost(`memcached-${mode}`);
  return storeClient(engine["createMemcachedBackend"]({ ...settingsFor(address), mode }, host), TTL_SECONDS * 1_000);
}

/**
 * @param {Address} address
 * @param {"coherent" | "plain"} mode
 */
function openCache({ host, port }, mode) {
  const memcached = { servers: [`${host}:${port}`], timeout: "3s" };
  const config = { backend: "memcached", memcached, defaultTtl: TTL_SECONDS * 1_000, consistency: { mode } };
  return cacheClient(config, `memcached-cache-${mode}`);
}

/**
 * Connects clients to a server; see {@link openPeers}.
 *
 * @param {Address} address
 * @param {readonly string[]} [ids] Default: all
 */
export function openMemcachedClients(address, ids) {
  return openPeers(peers, address, ids);
}
