// Compares layouts of a store, each with a CLOCK bit as its policy, with lru-cache and a bare Map: what
// docs/decisions/0011-memory-engine-layout.md was decided by.
//
// Usage: node bench/layouts/run.mjs [capacity] [operations a round]
import { LRUCache } from "lru-cache";
import { LinearHashing } from "./linear-hashing.mjs";
import { MapToObject } from "./map-to-object.mjs";
import { MapToSlot } from "./map-to-slot.mjs";
import { OpenAddressing } from "./open-addressing.mjs";

const capacity = Number(process.argv[2] ?? 100_000);
const operationCount = Number(process.argv[3] ?? 200_000);
const ROUND_COUNT = 9;

const layouts = {
  "lru-cache": new LRUCache({ max: capacity }),
  Map: new Map(),
  "map-to-slot": new MapToSlot(capacity),
  "map-to-object": new MapToObject(capacity),
  "open-addressing": new OpenAddressing(capacity),
  "linear-hashing": new LinearHashing(capacity),
};
const names = Object.keys(layouts);

let seed = 12_345;
const random = () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
  return (seed >>> 0) / 2 ** 32;
};
const copyOf = (/** @type {string} */ text) => Buffer.from(text, "latin1").toString("latin1");

/** Neighbours in rank are none in number, for their keys would share cache lines. */
const idOf = (/** @type {number} */ rank) => (rank * 7_919) % (capacity * 10);

/** Draws ids below `count` by Zipf's law with exponent 0.99, spread over the numbers. */
function createZipf(/** @type {number} */ count) {
  const sums = new Float64Array(count);
  for (let rank = 0, sum = 0; rank < count; rank += 1) {
    sum += 1 / (rank + 1) ** 0.99;
    sums[rank] = sum;
  }
  return () => {
    const drawn = random() * sums[count - 1];
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] < drawn) low = middle + 1;
      else high = middle;
    }
    return idOf(low);
  };
}

const storedIds = Array.from({ length: capacity >> 1 }, (_, rank) => idOf(rank));
const hitIds = Float64Array.from({ length: operationCount }, createZipf(capacity >> 1));
const anyIds = Float64Array.from({ length: operationCount }, createZipf(capacity * 10));
const storedKeys = new Map(storedIds.map((id) => [id, copyOf(`user:${id}`)]));
const sameKeys = Array.from(hitIds, (id) => storedKeys.get(id));
const equalKeys = Array.from(hitIds, (id) => copyOf(`user:${id}`));
const values = Array.from({ length: 1_024 }, (_, id) => ({ id, name: "a name", number: id }));

const READ = "if (value !== undefined) sum += value.number;";
const LONG = "'application:production:tenant-0042:user-profile-by-id:v2:'";
const workloads = {
  "hit, built": [hitIds, equalKeys, `const value = cache.get('user:' + ids[i]); ${READ}`],
  "hit, equal": [hitIds, equalKeys, `const value = cache.get(keys[i]); ${READ}`],
  "hit, same": [hitIds, sameKeys, `const value = cache.get(keys[i]); ${READ}`],
  "read-through": [
    anyIds,
    equalKeys,
    `const key = 'user:' + ids[i]; const value = cache.get(key); ${READ} else cache.set(key, values[i & 1023]);`,
  ],
  "set, evicting": [hitIds, equalKeys, "cache.set('new:' + (from + i), values[i & 1023]);"],
  "mixed 75/25": [
    anyIds,
    equalKeys,
    `const key = 'user:' + ids[i]; if ((i & 3) !== 0) { const value = cache.get(key); ${READ} } else cache.set(key, values[i & 1023]);`,
  ],
  "hit, built, long": [hitIds, equalKeys, `const value = cache.get(${LONG} + ids[i]); ${READ}`],
};

/** A text of its own for each layout, or V8 would share the compiled code and its feedback. */
function compile(/** @type {string} */ body, /** @type {string} */ id) {
  return new Function(
    "cache, ids, keys, values, from",
    `let sum = 0; for (let i = 0; i < ids.length; i += 1) { ${body} } return sum; // ${id}`,
  );
}

function median(/** @type {number[]} */ numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
}

/** Processor time, not that of the wall: the machine may have other work. */
function timed(/** @type {() => unknown} */ work) {
  const startedAt = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(startedAt);
  return ((user + system) * 1_000) / operationCount;
}

function fill(/** @type {(id: number) => string} */ keyOf) {
  for (const name of names) {
    for (const id of storedIds) {
      if (layouts[name].get(keyOf(id)) === undefined) layouts[name].set(keyOf(id), values[id & 1_023]);
    }
  }
}

console.log(
  `Node ${process.version}, ${capacity} entries; ns of processor time, in brackets the speed against lru-cache`,
);
console.log("".padEnd(18) + names.map((name) => name.padStart(18)).join(""));
for (const [workload, [ids, keys, body]] of Object.entries(workloads)) {
  fill(workload.endsWith("long") ? (id) => copyOf(LONG.slice(1, -1) + id) : (id) => storedKeys.get(id));
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  const loops = Object.fromEntries(names.map((name) => [name, compile(body, `${name} ${workload}`)]));
  for (let round = -2; round < ROUND_COUNT; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + round + names.length * 2) % names.length];
      // A Map without a bound would only grow.
      if (name === "Map" && workload === "set, evicting") continue;
      const from = 1e7 + (round + 2) * operationCount;
      const ns = timed(() => loops[name](layouts[name], ids, keys, values, from));
      if (round >= 0) samples[name].push(ns);
    }
  }
  const reference = median(samples["lru-cache"]);
  const cells = names.map((name) => {
    if (samples[name].length === 0) return "-".padStart(18);
    const ns = median(samples[name]);
    return `${ns.toFixed(0)} (${(reference / ns).toFixed(2)})`.padStart(18);
  });
  console.log(workload.padEnd(18) + cells.join(""));
}
