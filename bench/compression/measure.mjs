// Measures the compressors: bytes a second in and out and the ratio for several sizes, nanoseconds a byte for each level, and what dictionaries of
// several sizes do. Prints Markdown for docs/design/compression.md.
//
// Usage: node bench/compression/measure.mjs [sizes|levels|dictionaries]
import { mkdirSync, writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "tsdown";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * A module of the sources. Written into the tree, so that it finds the optional packages.
 *
 * @param {string} path
 */
async function load(path) {
  const [bundle] = await build({
    ...{ cwd: root, config: false, entry: { source: path }, format: "esm", platform: "node", target: "node20.19" },
    ...{ dts: false, clean: false, write: false, logLevel: "error" },
  });
  mkdirSync(`${root}/.tmp`, { recursive: true });
  const file = `${root}/.tmp/${path.replaceAll("/", "-")}.mjs`;
  writeFileSync(file, bundle.chunks.filter((chunk) => chunk.type === "chunk")[0].code);
  return import(pathToFileURL(file).href);
}

const { COMPRESSOR_NAMES, createCompressor, createDictionaryCompressor } = await load(
  "src/codec/compressors/create-compressor.ts",
);
const { COMPRESSION_LEVELS } = await load("src/codec/compressors/compression-level.ts");
const { trainDictionary } = await load("src/codec/dictionary/train-dictionary.ts");
const { jsonRecords, smallValues, SAMPLE_KINDS } = await load("test/support/compression/sample-values.ts");

/**
 * Median time of a call in ms.
 *
 * @param {() => unknown} call
 * @param {number} forMs
 */
function medianMs(call, forMs = 300) {
  for (let warmUp = 0; warmUp < 3; warmUp += 1) call();
  const times = [];
  const end = performance.now() + forMs;
  while (performance.now() < end || times.length < 5) {
    const startedAt = performance.now();
    call();
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

async function measureSizes() {
  console.log("| | 1 KB | 10 KB | 100 KB | 1 MB |\n|---|---|---|---|---|");
  for (const name of COMPRESSOR_NAMES) {
    const compressor = createCompressor(name);
    await compressor.load();
    const cells = [1_000, 10_000, 100_000, 1_000_000].map((sizeBytes) => {
      const value = jsonRecords(sizeBytes);
      const compressed = compressor.compressSync(value);
      const inMs = medianMs(() => compressor.compressSync(value));
      const outMs = medianMs(() => compressor.decompressSync(compressed, sizeBytes));
      const ratio = (sizeBytes / compressed.length).toFixed(2);
      return `${(sizeBytes / inMs / 1e3).toFixed(0)} / ${(sizeBytes / outMs / 1e3).toFixed(0)}, ${ratio}×`;
    });
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
}

async function measureLevels() {
  for (const name of COMPRESSOR_NAMES) {
    const range = COMPRESSION_LEVELS[name];
    const levels =
      range === undefined
        ? [undefined]
        : Array.from({ length: range.max - range.min + 1 }, (_, index) => range.min + index);
    const cells = [];
    for (const level of levels) {
      const compressor = createCompressor(name, level === undefined ? {} : { level });
      await compressor.load();
      const texts = [2_000, 64_000, 1_000_000].map((sizeBytes) => {
        const value = jsonRecords(sizeBytes);
        const ms = medianMs(() => compressor.compressSync(value), 100);
        return ((ms * 1e6) / sizeBytes).toFixed(1);
      });
      const value = jsonRecords(1_000_000);
      const compressed = compressor.compressSync(value);
      const outNs = medianMs(() => compressor.decompressSync(compressed, 1_000_000), 100);
      cells.push(
        `${level ?? "–"}: in ${texts.join("/")} out ${outNs.toFixed(1)} ${(1_000_000 / compressed.length).toFixed(2)}×`,
      );
    }
    console.log(`${name} (ns a byte in at 2 KB/64 KB/1 MB, out at 1 MB, ratio)\n  ${cells.join("\n  ")}`);
  }
}

async function measureDictionaries() {
  console.log("| | none | 4 KiB | 8 KiB | 16 KiB | 32 KiB | 64 KiB |\n|---|---|---|---|---|---|---|");
  for (const kind of SAMPLE_KINDS) {
    const samples = smallValues(kind, 4_000, 5);
    const values = smallValues(kind, 1_000, 4_711);
    const rawBytes = values.reduce((sum, { length }) => sum + length, 0);
    for (const name of ["gzip", "zstd"]) {
      const cells = [];
      for (const sizeBytes of [0, 4_096, 8_192, 16_384, 32_768, 65_536]) {
        const dictionary = sizeBytes === 0 ? undefined : trainDictionary(samples, { sizeBytes });
        const compressor =
          dictionary === undefined ? createCompressor(name) : createDictionaryCompressor(name, dictionary);
        await compressor.load();
        const compressed = values.map((value) => compressor.compressSync(value));
        const ratio = rawBytes / compressed.reduce((sum, { length }) => sum + length, 0);
        const write = () => {
          for (const value of values) compressor.compressSync(value);
        };
        const read = () => {
          for (const [index, { length }] of values.entries()) compressor.decompressSync(compressed[index], length);
        };
        const inUs = (medianMs(write) * 1e3) / values.length;
        const outUs = (medianMs(read) * 1e3) / values.length;
        cells.push(`${ratio.toFixed(2)}×, ${inUs.toFixed(0)} / ${outUs.toFixed(0)} µs`);
      }
      console.log(`| ${kind}, ${(rawBytes / values.length).toFixed(0)} B, ${name} | ${cells.join(" | ")} |`);
    }
  }
}

const PARTS = { sizes: measureSizes, levels: measureLevels, dictionaries: measureDictionaries };
console.log(`Node.js ${process.version}`);
for (const [part, measure] of Object.entries(PARTS))
  if (process.argv.length < 3 || process.argv.includes(part)) await measure();
