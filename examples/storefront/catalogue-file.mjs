import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { PRODUCT_COUNT, popularProductIds } from "./popularity.mjs";
import { createSeededRandom } from "./seeded-random.mjs";
import { createZipfSampler } from "./zipf.mjs";

/** Where the catalogue lives. The name carries the shape's version: a changed generator writes a new file. */
export const CATALOGUE_FILE = fileURLToPath(new URL("../../.tmp/storefront/catalogue-v2.jsonl", import.meta.url));

const CATALOGUE_SEED = 7_411;

/** "Customers also bought" leads to bestsellers, the same few for all of the shop. */
const BESTSELLER_COUNT = 200;

const ADJECTIVES = [
  "Quiet",
  "Sturdy",
  "Nordic",
  "Foldable",
  "Amber",
  "Compact",
  "Woven",
  "Brushed",
  "Everyday",
  "Coastal",
];
const MATERIALS = ["oak", "linen", "steel", "ceramic", "cork", "wool", "glass", "bamboo", "leather", "aluminium"];
const THINGS = ["lamp", "chair", "kettle", "backpack", "notebook", "blanket", "teapot", "shelf", "speaker", "umbrella"];
const CATEGORIES = ["kitchen", "living", "office", "outdoor", "travel", "bedroom", "garden", "audio"];
const PHRASES = [
  "Made to be repaired rather than replaced",
  "Packed without plastic",
  "Designed with people who use it every day",
  "Tested for ten thousand uses",
  "Ships flat and needs no tools",
  "Ages well and cleans easily",
  "A favourite of our own team",
  "Backed by a five-year warranty",
];

/**
 * Writes the catalogue unless it is there: one product per line as JSON, in the order of their ids, about 8 MB.
 * The same file on every machine. It appears under its name only when it is complete.
 *
 * @returns {boolean} whether it had to be written
 */
export function ensureCatalogueFile() {
  if (existsSync(CATALOGUE_FILE)) return false;
  mkdirSync(dirname(CATALOGUE_FILE), { recursive: true });
  const unfinished = `${CATALOGUE_FILE}.${process.pid}`;
  writeFileSync(unfinished, catalogueText());
  renameSync(unfinished, CATALOGUE_FILE);
  return true;
}

function catalogueText() {
  const random = createSeededRandom(CATALOGUE_SEED);
  const bestsellerIds = popularProductIds(BESTSELLER_COUNT);
  const drawRank = createZipfSampler({ count: BESTSELLER_COUNT, exponent: 1, random });
  const lines = [];
  for (let id = 1; id <= PRODUCT_COUNT; id += 1) {
    lines.push(JSON.stringify(product(id, random, () => bestsellerIds[drawRank()])));
  }
  return `${lines.join("\n")}\n`;
}

function product(id, random, drawRelated) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const material = pick(MATERIALS);
  return {
    id,
    name: `${pick(ADJECTIVES)} ${material} ${pick(THINGS)}`,
    description: Array.from({ length: 5 }, () => `${pick(PHRASES)}.`).join(" "),
    price: Number((5 + random() * 295).toFixed(2)),
    currency: "EUR",
    stock: Math.floor(random() * 500),
    category: pick(CATEGORIES),
    ratings: { average: Number((1 + random() * 4).toFixed(2)), votes: Math.floor(random() * 900) },
    relatedIds: relatedIds(id, drawRelated),
  };
}

/** Three others, none twice. */
function relatedIds(id, drawRelated) {
  const related = new Set();
  while (related.size < 3) {
    const candidate = drawRelated();
    if (candidate !== id) related.add(candidate);
  }
  return [...related];
}
