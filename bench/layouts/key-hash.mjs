/** Keys up to this length are hashed whole; of longer ones the last eight characters and four before. */
const WHOLE_LENGTH = 16;

/**
 * The sampled hash of `src/memory/index/key-hash.ts`, in one lane.
 *
 * @param {string} key
 * @param {number} seed
 */
export function keyHash(key, seed) {
  const length = key.length;
  let hash = seed ^ length;
  let index = 0;
  if (length > WHOLE_LENGTH) {
    index = length - 8;
    const step = index >>> 2;
    for (let at = step >>> 1; at < step * 4; at += step) hash = Math.imul(hash ^ key.charCodeAt(at), 0x9e3779b1);
  }
  for (; index < length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
