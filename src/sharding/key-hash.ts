/**
 * Two hashes of one key, each of 32 bits and signed: unsigned ones would be doubles, which cost an allocation when they are kept in an object.
 * Written by {@link hashKey}, read at once.
 */
export interface KeyHash {
  high: number;
  low: number;
}

const OPEN_BRACE = 0x7b;

/**
 * The part of a key that decides where it lives: what stands between the first `{` and the next `}` if that is not empty, else the whole key.
 * So `{user:1}:name` and `{user:1}:mail` live together. The rule of Redis Cluster: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
 */
export function routingPart(key: string): string {
  const open = key.indexOf("{");
  if (open < 0) return key;
  const close = key.indexOf("}", open + 1);
  return close <= open + 1 ? key : key.slice(open + 1, close);
}

/**
 * Hashes the UTF-16 units of a text into two 32-bit numbers, by two multiplicative streams that are mixed into each other by murmur3's finalizer.
 * Stable between processes, platforms and releases: vectors in `test/compat/sharding` hold it. Not keyed: who chooses keys can choose their node.
 * O(length), about 1.5 ns a character.
 *
 * Source: FNV's xor-and-multiply (http://www.isthe.com/chongo/tech/comp/fnv/) and fmix32 of MurmurHash3.
 */
export function hashKey(text: string, into: KeyHash): void {
  let first = 0x811c9dc5;
  let second = 0x9747b28c;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit, 0x5bd1e995);
  }
  finish(first, second, text.length, into);
}

/** Crosses the two before mixing, so that they do not collide for the same pairs of keys. */
function finish(first: number, second: number, length: number, into: KeyHash): void {
  const high = mix(first ^ (second >>> 15) ^ length);
  const low = mix(second ^ high);
  into.high = high ^ (low >>> 16);
  into.low = low;
}

/** Hashes what decides where a key lives; see {@link routingPart}. Looks for a brace on the way: most keys have none. */
export function hashRoutingPart(key: string, into: KeyHash): void {
  let first = 0x811c9dc5;
  let second = 0x9747b28c;
  for (let index = 0; index < key.length; index += 1) {
    const unit = key.charCodeAt(index);
    if (unit === OPEN_BRACE) {
      hashKey(routingPart(key), into);
      return;
    }
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit, 0x5bd1e995);
  }
  finish(first, second, key.length, into);
}

/** Murmur3's finalizer, as a signed number. */
export function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
