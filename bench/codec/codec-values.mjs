// What the codec is given: seeded, so that every run has the same values.
import { createRandom, flatCopy } from "../workload.mjs";

const FIRST_NAMES = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Leslie", "Tony", "Radia", "Niklaus"];
const LAST_NAMES = ["Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Lamport", "Hoare", "Perlman"];
const CITIES = ["Berlin", "Lisbon", "Tokyo", "Nairobi", "Sydney", "Toronto", "Mumbai", "Oslo"];
const ROLES = ["admin", "editor", "viewer", "owner"];
const WORDS = [
  "value",
  "of",
  "the",
  "cache",
  "that",
  "is",
  "read",
  "often",
  "and",
  "written",
  "once",
  "in",
  "a",
  "while",
];
const LATIN_WORDS = [
  "coração",
  "é",
  "ação",
  "não",
  "memória",
  "três",
  "após",
  "código",
  "útil",
  "português",
  "à",
  "saída",
];
const WIDE_WORDS = ["キャッシュ", "値", "память", "значение", "😀", "缓存", "数据", "text", "κρυφή", "μνήμη"];

/**
 * Objects of ten fields, some 150 bytes of JSON each: texts, whole numbers, a double, booleans.
 *
 * @param {number} count
 * @param {number} [seed]
 */
export function makeRecords(count, seed = 42) {
  const random = createRandom(seed);
  const pick = (/** @type {readonly string[]} */ list) => flatCopy(list[Math.floor(random() * list.length)] ?? "");
  return Array.from({ length: count }, (_, index) => ({
    id: 100_000 + index,
    name: flatCopy(`${pick(FIRST_NAMES)} ${pick(LAST_NAMES)}`),
    age: 18 + Math.floor(random() * 60),
    isActive: random() > 0.2,
    isVerified: random() > 0.5,
    role: pick(ROLES),
    city: pick(CITIES),
    score: Math.floor(random() * 100_000) / 100,
    visits: Math.floor(random() * 5_000),
    joined: flatCopy(new Date(1.6e12 + Math.floor(random() * 1e11)).toISOString().slice(0, 10)),
  }));
}

/**
 * JSON of records, cut to a length in bytes where it need not be whole.
 *
 * @param {number} byteCount
 * @param {number} seed
 */
export function makeJsonText(byteCount, seed) {
  const text = JSON.stringify(makeRecords(Math.ceil(byteCount / 120), seed));
  return flatCopy(text.slice(0, byteCount));
}

/**
 * Running text of a length in bytes of UTF-8, or a little less.
 *
 * @param {"ascii" | "latin1" | "wide"} alphabet `latin1`: V8 keeps a byte a character, UTF-8 takes two for some; `wide`: more than V8's bytes hold
 * @param {number} byteCount
 * @param {number} seed
 */
export function makeText(alphabet, byteCount, seed) {
  const words = { ascii: WORDS, latin1: LATIN_WORDS, wide: WIDE_WORDS }[alphabet];
  const random = createRandom(seed);
  let text = "";
  for (let bytes = 0; ; ) {
    const word = `${words[Math.floor(random() * words.length)]} `;
    bytes += Buffer.byteLength(word);
    if (bytes > byteCount) break;
    text += word;
  }
  // One flat run of characters, in the form that a parser or a driver hands out.
  return Buffer.from(text).toString();
}

/**
 * @param {number} byteCount
 * @param {number} seed
 */
export function makeBytes(byteCount, seed) {
  const random = createRandom(seed);
  return Buffer.from(Array.from({ length: byteCount }, () => Math.floor(random() * 256)));
}

/**
 * An order as a shop has it, with dates, a map, a set and a bigint.
 *
 * @param {number} seed
 */
export function makeRichValue(seed) {
  const [customer, ...others] = makeRecords(4, seed);
  const placedAt = new Date(1.7e12 + seed * 1_000_000);
  return {
    id: 9_007_199_254_740_993n + BigInt(seed),
    customer,
    placedAt,
    shippedAt: new Date(placedAt.getTime() + 86_400_000),
    lines: new Map(
      others.map((line, index) => [`sku-${index}`, { count: index + 1, price: line.score, note: line.name }]),
    ),
    tags: new Set(["gift", "express", `batch-${seed}`]),
  };
}

/**
 * The same order as a program writes it that has JSON only: texts for dates and the bigint, an object for the map, a list for the set.
 *
 * @param {number} seed
 */
export function makePlainValue(seed) {
  const { id, customer, placedAt, shippedAt, lines, tags } = makeRichValue(seed);
  return {
    id: String(id),
    customer,
    placedAt: placedAt.toISOString(),
    shippedAt: shippedAt.toISOString(),
    lines: Object.fromEntries(lines),
    tags: [...tags],
  };
}
