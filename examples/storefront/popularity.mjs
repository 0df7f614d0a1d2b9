import { createSeededRandom, shuffledIds } from "./seeded-random.mjs";
import { createZipfSampler } from "./zipf.mjs";

/** How many products the shop has; their ids are 1 to this. */
export const PRODUCT_COUNT = 8_000;

/** How strongly visitors prefer popular products; 1 is the classic shape of web traffic. */
const ZIPF_EXPONENT = 1;

const POPULARITY_SEED = 2_009;

/**
 * Ids by popularity, most popular first. Shuffled, so that popular rows lie anywhere in the catalogue's file and a
 * search from its start has no advantage.
 */
const idsByRank = shuffledIds(PRODUCT_COUNT, createSeededRandom(POPULARITY_SEED));

/**
 * The ids of the most popular products.
 *
 * @param {number} count how many
 * @returns {number[]}
 */
export function popularProductIds(count) {
  return Array.from(idsByRank.subarray(0, count));
}

/**
 * Draws product ids as visitors do: few products get most of the visits.
 *
 * @param {() => number} random a source of numbers in 0 ≤ x < 1
 * @returns {() => number} draws an id
 */
export function createVisitedProductSampler(random) {
  const drawRank = createZipfSampler({ count: PRODUCT_COUNT, exponent: ZIPF_EXPONENT, random });
  return () => idsByRank[drawRank()];
}
