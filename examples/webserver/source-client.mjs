/** The source answered, but not with data. */
export class SourceError extends Error {
  name = "SourceError";
}

/** Asks the data source. Every request can be left with a signal, which closes its connection. */
export class SourceClient {
  #url;

  /** @param {string} url where the source listens */
  constructor(url) {
    this.#url = url;
  }

  /**
   * One product, if it is another one than the caller has.
   *
   * @param {number} id
   * @param {{ etag?: string, signal?: AbortSignal }} options `etag`: of what the caller has
   * @returns {Promise<{ kind: "found" | "unchanged" | "missing", product?: object, etag?: string, maxAgeMs?: number }>}
   */
  async findProduct(id, { etag, signal } = {}) {
    const response = await this.#fetch(`/products/${id}`, { signal, headers: etag ? { "if-none-match": etag } : {} });
    const maxAgeMs = maxAgeMsOf(response.headers);
    if (response.status === 304) return { kind: "unchanged", maxAgeMs };
    if (response.status === 404) return { kind: "missing" };
    const product = await readBody(response);
    return { kind: "found", product, etag: response.headers.get("etag"), maxAgeMs };
  }

  /** Those of many products that there are. @returns {Promise<object[]>} */
  async findProducts(ids, signal) {
    return readBody(await this.#fetch(`/products?ids=${ids.join(",")}`, { signal }));
  }

  /** Changes a price. @returns {Promise<object>} the product */
  async changePrice(id, price) {
    return readBody(await this.#fetch(`/products/${id}?price=${price}`, { method: "PUT" }));
  }

  /** Makes the source slow, broken or hung, or well again. */
  async changeBehaviour(query) {
    return readBody(await this.#fetch(`/behaviour?${query}`, { method: "POST" }));
  }

  /** How often it was asked. */
  async counts() {
    return readBody(await this.#fetch("/counts"));
  }

  #fetch(path, init) {
    return fetch(this.#url + path, init);
  }
}

async function readBody(response) {
  if (!response.ok) throw new SourceError(`The source answered ${response.status}: ${(await response.text()).trim()}`);
  return response.json();
}

function maxAgeMsOf(headers) {
  const seconds = /max-age=(\d+)/.exec(headers.get("cache-control") ?? "")?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
