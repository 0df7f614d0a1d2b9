/** What the services agree on: the keys under which they keep what they make, in the one cache that all of them share. */
export const LANGUAGES = ["en", "de", "pt"];

export const priceKey = (id) => `price:${id}`;
export const productKey = (id) => `product:${id}`;
export const pageKey = (id, language) => `page:${id}:${language}`;

/** All that is made of a price, from the bottom up: what stands in a later line is made of what stands in the one before. */
export const madeOfPrice = (id) => [[productKey(id)], LANGUAGES.map((language) => pageKey(id, language))];
