/** @typedef {import("./compare-clients.mjs").Client} Client */
/** @typedef {{ host: string, port: number }} Address */
/** How each client that is compared is connected, by its name, in the order of the first round. */
/** @typedef {Record<string, (address: Address) => Promise<Omit<Client, "id">>>} Peers */

/**
 * Connects clients to a server.
 *
 * @param {Peers} peers
 * @param {Address} address
 * @param {readonly string[]} [ids] Default: all
 * @returns {Promise<Client[]>}
 */
export async function openPeers(peers, address, ids = Object.keys(peers)) {
  /** @type {Client[]} */
  const clients = [];
  // One after another: what is compiled for the next must not keep the connecting one from its deadline.
  for (const id of ids) {
    const open = peers[id];
    if (open === undefined) throw new Error(`There is no client "${id}". Known: ${Object.keys(peers).join("; ")}.`);
    clients.push({ ...(await open(address)), id });
  }
  return clients;
}

/**
 * The store alone and the whole cache, in both modes.
 *
 * @param {(address: Address, mode: "coherent" | "plain") => Promise<Omit<Client, "id">>} openStore
 * @param {(address: Address, mode: "coherent" | "plain") => Promise<Omit<Client, "id">>} openCache
 * @returns {Peers}
 */
export function ownPeers(openStore, openCache) {
  return {
    "store, coherent": (address) => openStore(address, "coherent"),
    "store, plain": (address) => openStore(address, "plain"),
    "cache, coherent": (address) => openCache(address, "coherent"),
    "cache, plain": (address) => openCache(address, "plain"),
  };
}

/**
 * The least that a client can do: a socket and the protocol.
 *
 * @param {any} client
 * @param {Address} address
 * @returns {Promise<Omit<Client, "id">>}
 */
export async function rawPeer(client, address) {
  await client.connect(address);
  const use = { client };
  return { use, get: "client.get(k)", set: "client.set(k, v)", mget: "client.mget(ks)", close: () => client.close() };
}
