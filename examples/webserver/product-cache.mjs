/** How products are loaded when a request says nothing else. Each of these can be changed by a request: `?grace=1m`. */
export const DEFAULT_OPTIONS = {
  ttl: "5s",
  grace: "1h",
  softTimeout: "250ms",
  hardTimeout: "2s",
  negativeTtl: "2s",
  errorTtl: "1s",
};

/**
 * All that the caching of this service is: two calls of `getOrSet`, and what is done after a change.
 *
 * What is stored is the product with its ETag and when it was read, so that an answer can say how old it is.
 */
export class ProductCache {
  #products;
  #source;

  /**
   * @param {import("gocachex").Cache} cache
   * @param {import("./source-client.mjs").SourceClient} source
   */
  constructor(cache, source) {
    this.#products = cache.namespace("products", { tags: ["products"], ...DEFAULT_OPTIONS });
    this.#source = source;
  }

  /**
   * A product. `null` or `undefined`: there is none.
   *
   * @param {number} id
   * @param {import("gocachex").GetOrSetOptions} options
   * @param {() => void} onLoad told when this very call asks the source
   */
  find(id, options, onLoad) {
    return this.#products.getOrSet(
      String(id),
      async ({ signal, stale, setTtl, addTags, notModified }) => {
        onLoad();
        const answer = await this.#source.findProduct(id, { signal, etag: stale?.value?.etag });
        if (answer.kind === "missing") return undefined;
        if (answer.maxAgeMs !== undefined) setTtl(answer.maxAgeMs);
        const { product, etag } = answer.kind === "unchanged" ? stale.value : answer;
        addTags(`category:${product.category}`);
        // The source has nothing newer: the value that is there lives for another TTL.
        if (answer.kind === "unchanged") return notModified();
        return { product, etag, readAt: Date.now() };
      },
      options,
    );
  }

  /**
   * Many products in one call, by their ids; those that are missing there do not exist.
   *
   * @param {readonly number[]} ids
   * @param {import("gocachex").GetOrSetOptions} options
   * @param {(ids: readonly number[]) => void} onLoad told which ones this very call asks the source for
   */
  findMany(ids, options, onLoad) {
    return this.#products.getOrSetMulti(
      ids.map(String),
      async (keys, { signal }) => {
        onLoad(keys.map(Number));
        const readAt = Date.now();
        const products = await this.#source.findProducts(keys, signal);
        return new Map(products.map((product) => [String(product.id), { product, etag: undefined, readAt }]));
      },
      options,
    );
  }

  /** Changes a price where it is kept; then nobody may see the old one any more. */
  async changePrice(id, price) {
    const product = await this.#source.changePrice(id, price);
    await this.#products.delete(String(id));
    return product;
  }

  /** Ends everything with a tag: `products`, `category:kitchen`. */
  async invalidate(tag) {
    await this.#products.invalidateTags([tag]);
  }
}
