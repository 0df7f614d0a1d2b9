/**
 * Compares estimated with measured memory: makes thousands of copies of each shape, looks at how the heap and the memory outside of it
 * grow, and prints a table, or JSON with `--json`.
 *
 *     node --expose-gc --single-threaded --no-flush-bytecode bench/weights/measure-shapes.mjs
 */
import { importSource } from "./compiled-source.mjs";
import { EXCEPTIONS, SHAPES } from "./shapes.mjs";

/** Copies of a shape take about this much, which drowns what else the process allocates. */
const TOTAL_BYTES = 4_000_000;
const MIN_COUNT = 6;
const MAX_COUNT = 100_000;
const WARM_UP_COUNT = 40;
const STEADY_RATIO = 0.1;

const { gc } = globalThis;
if (gc === undefined) throw new Error("Run with --expose-gc.");
const { estimateValueBytes } = await importSource("value-estimate");

function usedBytes() {
  gc();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function measureShape(make) {
  const first = estimateValueBytes(make(1_000_000));
  const count = Math.min(MAX_COUNT, Math.max(MIN_COUNT, Math.round(TOTAL_BYTES / Math.max(first, 1))));
  const kept = new Array(count).fill(null);
  // Shapes settle, and code is compiled, before anything is measured.
  for (let index = 0; index < WARM_UP_COUNT; index += 1) make(2_000_000 + index);
  const beforeBytes = usedBytes();
  for (let index = 0; index < count; index += 1) kept[index] = make(3_000_000 + index);
  const measuredBytes = (usedBytes() - beforeBytes) / count;
  const estimatedBytes = estimateValueBytes(kept[count >> 1]);
  return { estimatedBytes, measuredBytes, ratio: estimatedBytes / measuredBytes };
}

/** The engine also frees things of its own meanwhile: what looks off is measured twice more, and the middle one counts. */
function measureSteadily(make) {
  const first = measureShape(make);
  if (Math.abs(first.ratio - 1) < STEADY_RATIO) return first;
  return [first, measureShape(make), measureShape(make)].sort((a, b) => a.ratio - b.ratio)[1];
}

function measureAll(shapes) {
  return Object.entries(shapes).map(([name, make]) => ({ name, ...measureSteadily(make) }));
}

function printTable(title, rows) {
  console.log(`\n| ${title} | estimate | measured | ratio |\n|---|---:|---:|---:|`);
  for (const { name, estimatedBytes, measuredBytes, ratio } of rows) {
    console.log(`| ${name} | ${estimatedBytes} | ${Math.round(measuredBytes)} | ${ratio.toFixed(2)} |`);
  }
}

const result = { node: process.version, shapes: measureAll(SHAPES), exceptions: measureAll(EXCEPTIONS) };
if (process.argv.includes("--json")) console.log(JSON.stringify(result));
else {
  console.log(`Bytes of one value, Node ${result.node}`);
  printTable("shape", result.shapes);
  printTable("exception", result.exceptions);
}
