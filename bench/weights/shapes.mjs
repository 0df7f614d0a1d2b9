/**
 * Kinds of values that caches hold. Each function makes another copy for each number that shares no strings, buffers or
 * objects with other copies, except what real ones share: words from the source text and names of properties.
 */

const WORDS = ["active", "pending", "closed"];
const COLUMNS = Array.from({ length: 30 }, (_, index) => `column_${index}`);

/** A string of its own, flat, one byte a character. Not cut from a longer one and not joined lazily. */
function text(seed, length) {
  return Buffer.from(`${seed}`.padEnd(length, "abcdefgh")).toString("latin1");
}

/** As {@link text}, two bytes a character. */
function wideText(seed, length) {
  return Buffer.from(`€${seed}`.padEnd(length, "abcdefgh"), "utf16le").toString("utf16le");
}

function list(count, make) {
  const made = new Array(count);
  for (let index = 0; index < count; index += 1) made[index] = make(index);
  return made;
}

/** From a place in the program that makes nothing else, for V8 remembers what arrays of a place came to hold. */
function fractions(seed, count) {
  const made = new Array(count);
  for (let index = 0; index < count; index += 1) made[index] = seed + index + 0.5;
  return made;
}

class Account {
  constructor(seed) {
    this.id = seed;
    this.owner = text(seed, 18);
    this.balance = seed + 0.25;
    this.isOpen = true;
    this.history = [seed, seed + 1, seed + 2];
  }
}

function user(seed) {
  return {
    id: seed,
    name: text(seed, 14),
    email: text(seed, 24),
    age: 42,
    isAdmin: false,
    score: seed + 0.5,
    createdAt: new Date(seed * 1_000),
    status: WORDS[seed % 3],
    city: text(seed, 10),
    bio: text(seed, 80),
  };
}

function product(seed) {
  return {
    sku: text(seed, 12),
    title: text(seed, 40),
    price: seed + 0.99,
    tags: [text(seed, 8), text(seed, 9), text(seed, 10)],
    variants: list(4, (index) => ({ id: seed + index, colour: text(seed, 7), stock: index, sizes: [36, 38, 40] })),
    dimensions: { width: 10.5, height: 20.25, depth: 3 },
  };
}

/** The values of a database row: numbers, texts, fractions, dates, nothing. */
function cell(seed, column) {
  const kinds = [seed + column, text(seed, 12), column + 0.5, null, text(seed, 30), true];
  return column % 15 === 14 ? new Date(seed) : kinds[column % kinds.length];
}

function rowJson(seed) {
  return JSON.stringify(Object.fromEntries(COLUMNS.map((name, index) => [name, cell(seed, index)])));
}

const ROW_TEMPLATE = Object.fromEntries(COLUMNS.map((name) => [name, null]));

/** As drivers do that copy a template of the row and fill it in. */
function rowFromTemplate(seed) {
  const row = { ...ROW_TEMPLATE };
  for (const [index, name] of COLUMNS.entries()) row[name] = cell(seed, index);
  return row;
}

/** Property by property under computed names: V8 gives up the shape after 16 of them. */
function rowByComputedNames(seed) {
  const row = {};
  for (const [index, name] of COLUMNS.entries()) row[`computed_${name}`] = cell(seed, index);
  return row;
}

function answerJson(seed) {
  const items = list(24, (index) => ({
    id: seed * 100 + index,
    slug: `item-${seed}-${index}`,
    title: `A title of item ${index} of answer ${seed}`,
    description: `${seed} ${"lorem ipsum dolor sit amet ".repeat(6)}`,
    price: index + 0.95,
    labels: ["new", "sale", `label ${seed}`],
    author: { id: index, name: `Author ${seed} ${index}`, url: `https://example.org/authors/${seed}/${index}` },
    isListed: index % 2 === 0,
  }));
  return JSON.stringify({ page: 1, total: 240, next: `https://example.org/items?page=2&s=${seed}`, items });
}

function tree(seed, depth) {
  const node = { id: seed, label: text(seed, 12), children: [] };
  if (depth > 0) node.children = list(3, (index) => tree(seed * 3 + index, depth - 1));
  return node;
}

/** Nodes in a ring that know both neighbours. */
function linkedNodes(seed, count) {
  const nodes = list(count, (index) => ({ id: seed + index, name: text(seed, 10), next: null, previous: null }));
  for (const [index, node] of nodes.entries()) {
    node.next = nodes[(index + 1) % count];
    node.previous = nodes[(index + count - 1) % count];
  }
  return nodes;
}

function dictionary(seed, count) {
  const table = {};
  for (let index = 0; index < count; index += 1) table[text(`${seed}.${index}.`, 16)] = index;
  return table;
}

function nested(seed, depth) {
  let value = { leaf: text(seed, 10) };
  for (let level = 0; level < depth; level += 1) value = { level, inner: value };
  return value;
}

/** @type {Record<string, (seed: number) => unknown>} */
export const SHAPES = {
  "string of 20": (seed) => text(seed, 20),
  "string of 20, two-byte": (seed) => wideText(seed, 20),
  "string of 1,000": (seed) => text(seed, 1_000),
  "string of 1,000, two-byte": (seed) => wideText(seed, 1_000),
  "string of 100,000": (seed) => text(seed, 100_000),
  "string of 100,000, two-byte": (seed) => wideText(seed, 100_000),
  fraction: (seed) => seed + 0.5,
  "bigint of 100 bits": (seed) => (1n << 100n) + BigInt(seed),
  "Buffer of 1,024": (seed) => Buffer.alloc(1_024, seed),
  "Buffer of 200 from the pool": (seed) => Buffer.allocUnsafe(200).fill(seed),
  "part of 60 KiB Uint8Array": () => new Uint8Array(61_440).subarray(0, 100),
  "Uint8Array of 16": () => new Uint8Array(16),
  "Uint8Array of 65,536": () => new Uint8Array(65_536),
  "Float64Array of 100": () => new Float64Array(100),
  "ArrayBuffer of 1,024": () => new ArrayBuffer(1_024),
  "DataView of 1,024": () => new DataView(new ArrayBuffer(1_024)),
  Date: (seed) => new Date(seed),
  RegExp: (seed) => new RegExp(text(seed, 20)),
  Error: (seed) => new Error(text(seed, 30)),
  "Map of 100": (seed) => new Map(list(100, (index) => [text(`${index}.${seed}`, 12), index])),
  "Map of 100 ids to objects": (seed) => new Map(list(100, (index) => [index, { id: index, name: text(seed, 12) }])),
  "Set of 100": (seed) => new Set(list(100, (index) => text(`${index}.${seed}`, 12))),
  "array of 100 integers": (seed) => list(100, (index) => seed + index),
  "array of 100 fractions": (seed) => fractions(seed, 100),
  "array of 100, mixed": (seed) => list(100, (index) => (index % 2 === 0 ? text(seed, 10) : index + 0.5)),
  "array of 100, holey": (seed) => list(100, () => undefined).with(50, text(seed, 10)),
  "array of 1,536 fractions": (seed) => fractions(seed, 1_536),
  "array of 100 fractions, parsed": (seed) => JSON.parse(JSON.stringify(fractions(seed, 100))),
  "record of 5 fields": (seed) => ({
    id: seed,
    name: text(seed, 12),
    score: seed + 0.5,
    isNew: true,
    mail: text(seed, 22),
  }),
  "user record of 10 fields": user,
  "user record, parsed": (seed) => JSON.parse(JSON.stringify(user(seed))),
  "class instance": (seed) => new Account(seed),
  "product with nested arrays": product,
  "row of 30 columns, parsed": (seed) => JSON.parse(rowJson(seed)),
  "row of 30 columns, from a template": rowFromTemplate,
  "list of 50 records": (seed) => list(50, (index) => user(seed + index)),
  "list of 5,000 records": (seed) => list(5_000, (index) => user(seed + index)),
  "JSON answer of 10 KB, parsed": (seed) => JSON.parse(answerJson(seed)),
  "tree of 121 nodes": (seed) => tree(seed, 4),
  "tree of 3,280 nodes": (seed) => tree(seed, 7),
  "1,000 linked nodes, array": (seed) => linkedNodes(seed, 1_000),
  "1,000 linked nodes, first": (seed) => linkedNodes(seed, 1_000)[0],
  "dictionary of 100 names": (seed) => dictionary(seed, 100),
  "dictionary of 1,000 names": (seed) => dictionary(seed, 1_000),
  "no prototype, 5 fields": (seed) =>
    Object.assign(Object.create(null), { id: seed, a: text(seed, 12), b: 1, c: 2, d: 3 }),
  "nesting of 100 levels": (seed) => nested(seed, 100),
};

/**
 * What cannot be told apart from JavaScript, shown for honesty: the estimate is off by more than a quarter.
 *
 * @type {Record<string, (seed: number) => unknown>}
 */
export const EXCEPTIONS = {
  "row of 30 columns, by computed names": rowByComputedNames,
  "array of 100 fractions, from where others are made": (seed) => list(100, (index) => seed + index + 0.5),
  "array of 3, pushed": (seed) => {
    const made = [];
    for (let index = 0; index < 3; index += 1) made.push(seed + index);
    return made;
  },
  "string of 1,000, Latin-1 part of a two-byte one": (seed) => wideText(seed, 1_001).slice(1),
};
