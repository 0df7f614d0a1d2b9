/**
 * How long weighing one value takes, in nanoseconds: medians of rounds on 64 values of a kind in turn. Names of folders with other
 * versions of `src/memory` may follow, to compare side by side.
 *
 *     node bench/weights/speed.mjs [folder…]
 */
import { importSource } from "./compiled-source.mjs";
import { SHAPES } from "./shapes.mjs";

const ROUND_COUNT = 31;
const ROUND_MS = 4;
const VALUE_COUNT = 64;

const KINDS = {
  number: (seed) => seed,
  "string of 20": SHAPES["string of 20"],
  "string of 10,000": (seed) => Buffer.alloc(10_000, `${seed}`).toString("latin1"),
  "Buffer of 1,024": SHAPES["Buffer of 1,024"],
  "flat object of 5": (seed) => ({
    id: seed,
    name: `name ${seed}`,
    score: 5,
    isNew: true,
    mail: `m${seed}@example.org`,
  }),
  "flat object of 10": (seed) => ({
    a: seed,
    b: `b ${seed}`,
    c: 3,
    d: true,
    e: `e ${seed}`,
    f: 0.5,
    g: null,
    h: "h",
    i: 9,
    j: "j",
  }),
  "user record": SHAPES["user record of 10 fields"],
  "product with nested arrays": SHAPES["product with nested arrays"],
  "array of 100 integers": SHAPES["array of 100 integers"],
  "list of 50 records": SHAPES["list of 50 records"],
  "list of 5,000 records": SHAPES["list of 5,000 records"],
  "1,000 linked nodes, first": SHAPES["1,000 linked nodes, first"],
  "tree of 3,280 nodes": SHAPES["tree of 3,280 nodes"],
};

const folders = [undefined, ...process.argv.slice(2)];
const weighers = await Promise.all(
  folders.map(async (folder) => (await importSource("value-estimate", folder)).estimateValueBytes),
);

let sum = 0;
function timeRound(weigh, values, repeatCount) {
  const startedAt = process.hrtime.bigint();
  for (let repeat = 0; repeat < repeatCount; repeat += 1) for (const value of values) sum += weigh(value);
  return Number(process.hrtime.bigint() - startedAt) / (repeatCount * values.length);
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function measureKind(make) {
  const values = Array.from({ length: VALUE_COUNT }, (_, index) => make(index + 1_000));
  const rounds = weighers.map((weigh) => {
    const roughNs = Math.max(2, Math.min(timeRound(weigh, values, 3), timeRound(weigh, values, 3)));
    return { weigh, repeatCount: Math.max(1, Math.round((ROUND_MS * 1e6) / roughNs / VALUE_COUNT)), samples: [] };
  });
  for (let round = 0; round < ROUND_COUNT; round += 1) {
    for (const each of rounds) each.samples.push(timeRound(each.weigh, values, each.repeatCount));
  }
  return rounds.map(({ samples }) => median(samples));
}

console.log(`Nanoseconds to weigh one value, Node ${process.version}`);
console.log(`\n| value |${folders.map((folder) => ` ${folder ?? "this source"} |`).join("")}`);
console.log(`|---|${folders.map(() => "---:|").join("")}`);
for (const [name, make] of Object.entries(KINDS)) {
  const medians = measureKind(make);
  console.log(`| ${name} |${medians.map((ns) => ` ${ns < 100 ? ns.toFixed(1) : Math.round(ns)} |`).join("")}`);
}
if (Number.isNaN(sum)) throw new Error("A weight is not a number.");
