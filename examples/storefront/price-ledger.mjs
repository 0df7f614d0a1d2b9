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
  /**
   * `versions`: the last version of each price in cents that a change has set; other prices are the original one.
   *
   * @type {Map<number, { originalCents: number, lastVersion: number, confirmedVersion: number, versions: Map<number, number> }>}
   */
  #products = new Map();

  /** Whether the product was ever changed, so that its original price is known. */
  knows(id) {
    return this.#products.has(id);
  }

  /**
   * Begins a change.
   *
   * @param {number} id
   * @param {number} originalPrice the price before the first change; ignored for a product that the ledger knows
   * @returns {{ version: number, price: number }} what to send; a price never comes twice within 100 changes
   */
  begin(id, originalPrice) {
    let product = this.#products.get(id);
    if (product === undefined) {
      const originalCents = toCents(originalPrice);
      product = { originalCents, lastVersion: 0, confirmedVersion: 0, versions: new Map() };
      this.#products.set(id, product);
    }
    product.lastVersion += 1;
    const cents = centsOfVersion(product.originalCents, product.lastVersion);
    product.versions.set(cents, product.lastVersion);
    return { version: product.lastVersion, price: cents / 100 };
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
  check(id, requiredVersion, price) {
    this.checkedReadCount += 1;
    const version = this.#products.get(id).versions.get(toCents(price)) ?? 0;
    const isStale = version < requiredVersion;
    if (isStale) this.staleReadCount += 1;
    return isStale;
  }
}

/** Prices move within a fifth of the original one, up and down. */
const SPREAD_RATIO = 0.2;
/** Fewest prices of a product. An entry's TTL ends long before that many changes. */
const LEAST_PRICE_COUNT = 101;
/** The golden section spreads what follows each other far apart. */
const STRIDE_RATIO = 0.618;

/** The prices of a product in turn: one after the other no two alike, and never the original one. */
function centsOfVersion(originalCents, version) {
  const count = Math.max(LEAST_PRICE_COUNT, Math.round(originalCents * SPREAD_RATIO * 2));
  const lowest = Math.max(1, originalCents - Math.floor(count / 2));
  const cents = lowest + ((version * strideFor(count)) % count);
  return cents === originalCents ? lowest + count : cents;
}

/** A step that visits all of `count` places before it comes to one again. */
function strideFor(count) {
  let stride = Math.round(count * STRIDE_RATIO);
  while (greatestCommonDivisor(stride, count) !== 1) stride += 1;
  return stride;
}

function greatestCommonDivisor(left, right) {
  return right === 0 ? left : greatestCommonDivisor(right, left % right);
}

function toCents(price) {
  return Math.round(price * 100);
}
