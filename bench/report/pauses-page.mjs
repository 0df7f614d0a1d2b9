import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { busyLine, describeOrigin, formatMs, formatNs, GENERATED, markdownTable } from "./markdown-table.mjs";

/**
 * Growth, memory and garbage collection.
 *
 * @param {string} folder
 * @param {import("./report-data.mjs").ReportData} data
 * @returns {string[]} the files that were written
 */
export function writePausesPage(folder, { growth, memory, gc, flooding }) {
  const sections = [
    ...(growth === undefined ? [] : perNode("Growth", growthText, growth, growthTable)),
    ...(memory === undefined ? [] : perNode("Memory", memoryText, memory, memoryTable)),
    ...(gc === undefined ? [] : perNode("Garbage collection under load", gcText, gc, gcTable)),
  ];
  if (flooding !== undefined) sections.push(...perNode("Crafted keys", floodingText, flooding, floodingTable));
  if (sections.length === 0) return [];
  writeFileSync(
    join(folder, "growth-memory-gc.md"),
    `${[GENERATED, "# Growth, memory, garbage collection", ...sections].join("\n\n")}\n`,
  );
  return ["growth-memory-gc.md"];
}

/** @typedef {readonly import("./report-data.mjs").ReportEntry[]} Entries */

const growthText = (/** @type {Entries} */ entries) =>
  `One store grows from empty to ${count(entries)} entries; every write is timed, each library in a process of its own. Keys and values exist before. "Without GC" is the longest write in which the collector reported no pause; what the library itself did, or the operating system.`;

const memoryText = (/** @type {Entries} */ entries) =>
  `What a store of ${count(entries)} entries takes besides the keys (16 characters) and the values (small objects), which exist before and after. Heap and memory outside of it, after full collections.`;

const gcText = (/** @type {Entries} */ entries) =>
  `A full store of ${count(entries)} entries under load for ${entries[0]?.["seconds"]} s: three reads and a write of a new object in turn, Zipf 0.99 over ten times as many keys, keys just concatenated.`;

const floodingText = (/** @type {Entries} */ entries) =>
  `${count(entries)} keys of 48 characters that were crafted to have the same sampled hash, against as many of the same length that were not: ns for a write to a store that fills, and for a read of ready-made copies. The engine notices the collisions and goes over to a keyed hash of the whole key.`;

/** @param {Entries} entries */
function floodingTable(entries) {
  return markdownTable(
    ["", "set, normal", "set, crafted", "ratio", "get, normal", "get, crafted", "ratio"],
    entries.map((entry) => [
      entry.peer ?? "",
      formatNs(entry["normalSetNs"]),
      formatNs(entry["floodedSetNs"]),
      entry["setRatio"].toFixed(2),
      formatNs(entry["normalGetNs"]),
      formatNs(entry["floodedGetNs"]),
      entry["getRatio"].toFixed(2),
    ]),
  );
}

/** @param {Entries} entries */
function growthTable(entries) {
  const head = [
    "",
    "total ms",
    "of it creation",
    "median ns",
    "p99.99 ms",
    "longest ms",
    "of it GC",
    "longest with GC",
    "longest without GC",
    "GC pauses",
    "GC total ms",
    "GC longest ms",
  ];
  return markdownTable(
    head,
    entries.map((entry) => [
      entry.peer ?? "",
      formatMs(entry["totalMs"] + entry["createMs"]),
      formatMs(entry["createMs"]),
      formatNs(entry["medianNs"]),
      ...["p9999Ms", "longestMs", "longestGcShareMs", "longestWithGcMs", "longestWithoutGcMs"].map((name) =>
        formatMs(entry[name]),
      ),
      ...gcCells(entry["gc"].all),
    ]),
  );
}

/** @param {Entries} entries */
function memoryTable(entries) {
  return markdownTable(
    ["", "bytes per entry", "in the heap", "outside"],
    [...entries]
      .sort((a, b) => a["bytesPerEntry"] - b["bytesPerEntry"])
      .map((entry) => [
        entry.peer ?? "",
        ...["bytesPerEntry", "heapBytesPerEntry", "externalBytesPerEntry"].map((name) => entry[name].toFixed(1)),
      ]),
  );
}

/** @param {Entries} entries */
function gcTable(entries) {
  return markdownTable(
    [
      "",
      "operations per s",
      "pauses",
      "total ms",
      "longest ms",
      "minor: pauses",
      "total ms",
      "longest ms",
      "major: pauses",
      "total ms",
      "longest ms",
    ],
    entries.map((entry) => [
      entry.peer ?? "",
      Math.round(entry["operationsPerSecond"]).toLocaleString("en-US"),
      ...gcCells(entry["gc"].all),
      ...gcCells(entry["gc"].minor),
      ...gcCells(entry["gc"].major),
    ]),
  );
}

/** @param {{ count: number, totalMs: number, maxMs: number }} pauses */
function gcCells({ count: pauseCount, totalMs, maxMs }) {
  return [String(pauseCount), formatMs(totalMs), formatMs(maxMs)];
}

/**
 * @param {string} title
 * @param {(entries: Entries) => string} text
 * @param {import("./report-data.mjs").ReportPart} part
 * @param {(entries: Entries) => string} table
 */
function perNode(title, text, part, table) {
  const nodes = [...new Set(part.entries.map(({ node }) => node))];
  return [
    [`## ${title}`, text(part.entries), describeOrigin(part), busyLine(part.entries)].filter(Boolean).join("\n\n"),
    ...nodes.map(
      (node) => `### ${title}, Node ${node}\n\n${table(part.entries.filter((entry) => entry.node === node))}`,
    ),
  ];
}

/** @param {Entries} entries */
function count(entries) {
  return (entries[0]?.["entryCount"] ?? 0).toLocaleString("en-US");
}
