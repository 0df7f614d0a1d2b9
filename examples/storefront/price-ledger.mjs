/**
 * Remembers every price change the generator made, and judges whether a read was stale: it began after a change was
 * confirmed and yet shows an older price. A change that is still under way may or may not be visible.
 */
export class PriceLedger {
  /** Changes that the shop has confirmed. */
  changeCount = 0;
  /** Reads of changed products that were judged. */
  checkedReadCount = 0;
  /** Reads that showed a price older than they should have. Must stay 0. */
  staleReadCount = 0;
  /** @type {Map<number, { lastVersion: number, confirmedVersion: number }>} */
  #products = new Map();

  /** Begins a change. @returns {{ version: number, price: number }} what to send; each version has a price of its own */
  begin(id) {
    const product = this.#products.get(id) ?? { lastVersion: 0, confirmedVersion: 0 };
    this.#products.set(id, product);
    product.lastVersion += 1;
    return { version: product.lastVersion, price: priceOfVersion(product.lastVersion) };
  }

  /** The shop has confirmed a change. */
  confirm(id, version) {
    const product = this.#products.get(id);
    product.confirmedVersion = Math.max(product.confirmedVersion, version);
    this.changeCount += 1;
  }

  /** To be asked before a read: the oldest version it may show, or undefined when the product was never changed. */
  requiredVersion(id) {
    return this.#products.get(id)?.confirmedVersion;
  }

  /** Judges a read. @returns {boolean} whether it was stale */
  check(requiredVersion, price) {
    this.checkedReadCount += 1;
    const isStale = versionOfPrice(price) < requiredVersion;
    if (isStale) this.staleReadCount += 1;
    return isStale;
  }
}

/** Above every price of the catalogue, so that a changed price is told from an original one. */
const PRICE_BASE = 1_000;

function priceOfVersion(version) {
  return (PRICE_BASE * 100 + version) / 100;
}

/** 0 for a price from the catalogue's file. */
function versionOfPrice(price) {
  return Math.max(0, Math.round(price * 100) - PRICE_BASE * 100);
}
