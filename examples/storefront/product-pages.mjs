/** How long a product may be served from the cache when nothing changes it. */
const PRODUCT_TTL = "1m";

const keyOf = (id) => `product:${id}`;

/**
 * The page models of the shop, read through the cache. All that caching takes is in `readThrough` and `changePrice`.
 *
 * @param {{ cache: import("gocachex").Cache, catalogue: ReturnType<typeof import("./catalogue.mjs").openCatalogue> }} parts
 */
export function createProductPages({ cache, catalogue }) {
  /** Ids that are being loaded, so that a caller who joins a running load is not taken for a hit. */
  const loadingIds = new Set();
  let overtakenLoadCount = 0;
  cache.on("load", ({ outcome }) => {
    if (outcome === "detached") overtakenLoadCount += 1;
  });

  /** A product, or `null`, which is cached as well: a known absence costs no second search. */
  function readThrough(id, visit) {
    if (loadingIds.has(id)) visit.waited = true;
    return cache.getOrSet(
      keyOf(id),
      async ({ signal }) => {
        visit.waited = true;
        loadingIds.add(id);
        try {
          return await catalogue.findProduct(id, signal);
        } finally {
          loadingIds.delete(id);
        }
      },
      { ttl: PRODUCT_TTL, tags: ["products"], signal: visit.signal },
    );
  }

  async function buildPage(id, read) {
    const product = await read(id);
    if (product === null) return undefined;
    const related = await Promise.all(product.relatedIds.map(read));
    return { product, related: related.filter((row) => row !== null).map(toTeaser) };
  }

  return {
    /**
     * A product's page, through the cache. `waited` tells whether anything had to come from the catalogue.
     *
     * @param {number} id
     * @param {AbortSignal} signal aborted when the visitor leaves
     * @returns {Promise<{ page: object | undefined, waited: boolean }>} `page` is undefined for an unknown product
     */
    cachedPage: async (id, signal) => {
      const visit = { signal, waited: false };
      const page = await buildPage(id, (wanted) => readThrough(wanted, visit));
      return { page, waited: visit.waited };
    },

    /** The same page without the cache: every row comes from the catalogue. */
    uncachedPage: (id, signal) => buildPage(id, (wanted) => catalogue.findProduct(wanted, signal)),

    /**
     * Teasers of several products, through the cache. `waited` tells whether any had to come from the catalogue.
     *
     * @param {readonly number[]} ids
     * @param {AbortSignal} signal
     */
    teasers: async (ids, signal) => {
      const visit = { signal, waited: false };
      const products = await Promise.all(ids.map((id) => readThrough(id, visit)));
      return { teasers: products.filter((product) => product !== null).map(toTeaser), waited: visit.waited };
    },

    /**
     * Changes a price: first in the catalogue, then out of the cache. When this resolves no reader can get the old
     * price any more, not even from a load that was already running: the delete detaches it.
     *
     * @returns {Promise<boolean>} whether the product exists
     */
    changePrice: async (id, price) => {
      const isKnown = await catalogue.setPrice(id, price);
      if (isKnown) await cache.delete(keyOf(id));
      return isKnown;
    },

    /** How many loads were overtaken by a price change; each would have been a stale entry in a simpler cache. */
    overtakenLoadCount: () => overtakenLoadCount,
  };
}

function toTeaser({ id, name, price, currency }) {
  return { id, name, price, currency };
}
