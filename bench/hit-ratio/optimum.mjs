const WORD_BITS = 5;

/**
 * A set of instants (request numbers) that knows its latest: a tree of bitmaps, each word of a level says which words of
 * the level below are not empty. Every operation is a few words.
 */
class InstantSet {
  #levels = [];

  constructor(limit) {
    let length = limit;
    do {
      length = (length + 31) >>> WORD_BITS;
      this.#levels.push(new Uint32Array(length));
    } while (length > 1);
  }

  add(instant) {
    let position = instant;
    for (const level of this.#levels) {
      level[position >>> WORD_BITS] |= 1 << (position & 31);
      position >>>= WORD_BITS;
    }
  }

  delete(instant) {
    let position = instant;
    for (const level of this.#levels) {
      const word = position >>> WORD_BITS;
      level[word] &= ~(1 << (position & 31));
      if (level[word] !== 0) return;
      position = word;
    }
  }

  /** The latest instant; the set must not be empty. */
  latest() {
    let position = 0;
    for (let index = this.#levels.length - 1; index >= 0; index -= 1) {
      position = (position << WORD_BITS) | (31 - Math.clz32(this.#levels[index][position]));
    }
    return position;
  }
}

/** For each request the number of the next one for the same key, or the number of requests when there is none. */
function nextUses(keys, keyLimit) {
  const next = new Uint32Array(keys.length);
  const seenAt = new Uint32Array(keyLimit).fill(keys.length);
  for (let index = keys.length - 1; index >= 0; index -= 1) {
    next[index] = seenAt[keys[index]];
    seenAt[keys[index]] = index;
  }
  return next;
}

/**
 * Hits of Belady's optimum, which knows the future: what is asked for last leaves, and a new key that would be asked for later
 * than all others is not let in. A cached key stands for the instant of its next use, so the victim is the latest of a set.
 *
 * @param {Uint32Array} keys
 * @param {number} keyLimit above all keys
 * @param {number} capacityCount
 * @returns {number} hits
 */
export function optimalHitCount(keys, keyLimit, capacityCount) {
  const next = nextUses(keys, keyLimit);
  const never = keys.length;
  const uses = new InstantSet(keys.length);
  const isCached = new Uint8Array(keyLimit);
  let cachedCount = 0;
  let hitCount = 0;
  for (let now = 0; now < keys.length; now += 1) {
    const key = keys[now];
    if (isCached[key] === 1) {
      hitCount += 1;
      isCached[key] = 0;
      uses.delete(now);
      cachedCount -= 1;
    }
    if (next[now] === never) continue;
    if (cachedCount === capacityCount) {
      const latest = uses.latest();
      if (latest < next[now]) continue;
      uses.delete(latest);
      isCached[keys[latest]] = 0;
      cachedCount -= 1;
    }
    isCached[key] = 1;
    uses.add(next[now]);
    cachedCount += 1;
  }
  return hitCount;
}
