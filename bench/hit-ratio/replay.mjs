/** Murmur3's finalizer: a good 32-bit hash of a small number. */
function mix(number) {
  let mixed = number;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * The 32-bit hash of each key, as the engine would give it to the policy.
 *
 * @param {number} keyLimit above all keys
 * @param {number} seed
 */
export function hashesOf(keyLimit, seed) {
  const hashes = new Uint32Array(keyLimit);
  const start = mix(seed ^ 0x9e3779b9);
  for (let key = 0; key < keyLimit; key += 1) hashes[key] = mix(mix(key) ^ start);
  return hashes;
}

/**
 * Drives an eviction policy over a trace as the memory engine does: a hit touches; a miss, when all slots are taken, asks for
 * the victim, removes it, and inserts into the slot that got free.
 *
 * @param {import("../../src/memory/eviction/eviction-policy.ts").EvictionPolicy} policy
 * @param {Uint32Array} keys
 * @param {Uint32Array} hashes the hash of each key
 * @param {number} capacityCount
 * @returns {number} hits
 */
export function replay(policy, keys, hashes, capacityCount) {
  const slotOf = new Int32Array(hashes.length).fill(-1);
  const keyOf = new Uint32Array(capacityCount);
  let takenCount = 0;
  let hitCount = 0;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    let slot = slotOf[key];
    if (slot >= 0) {
      hitCount += 1;
      policy.touched(slot, hashes[key]);
      continue;
    }
    if (takenCount < capacityCount) {
      slot = takenCount;
      takenCount += 1;
    } else {
      slot = policy.victim();
      const victimKey = keyOf[slot];
      if (!(slot >= 0 && slotOf[victimKey] === slot))
        throw new Error(`${policy.name} chose slot ${slot}, which is free`);
      policy.replaced(slot, hashes[victimKey], hashes[key]);
      slotOf[victimKey] = -1;
      slotOf[key] = slot;
      keyOf[slot] = key;
      continue;
    }
    slotOf[key] = slot;
    keyOf[slot] = key;
    policy.inserted(slot, hashes[key]);
  }
  policy.checkInvariants();
  return hitCount;
}
