import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPeer, peerIds, REFERENCE_PEER } from "../peers.mjs";
import { sizes, speedScenarios } from "../scenarios.mjs";
import { busyLine, describeOrigin, formatNs, GENERATED, markdownTable } from "./markdown-table.mjs";
import { svgBars } from "./svg-bars.mjs";

const SIZE_NAMES = Object.keys(sizes);

/**
 * @param {string} folder
 * @param {import("./report-data.mjs").ReportPart | undefined} part
 * @returns {string[]} the files that were written
 */
export function writeSpeedPage(folder, part) {
  if (part === undefined) return [];
  const nodes = [...new Set(part.entries.map(({ node }) => node))];
  const written = [];
  const sections = [];
  for (const scenario of speedScenarios) {
    const all = part.entries.filter((entry) => entry.scenario === scenario.id);
    if (all.length === 0) continue;
    sections.push(`## ${capitalize(scenario.title)}\n\n${capitalize(scenario.detail)}.`);
    for (const node of nodes) {
      const entries = all.filter((entry) => entry.node === node);
      if (entries.length === 0) continue;
      const figure = `speed-${scenario.id}-node${node.split(".")[0]}.svg`;
      writeFileSync(join(folder, figure), speedFigure(scenario, node, entries));
      written.push(figure);
      sections.push(`### Node ${node}\n\n![${scenario.title}, Node ${node}](./${figure})\n\n${speedTable(entries)}`);
    }
    sections.push(skippedLine(all), busyLine(all));
  }
  const page = [
    GENERATED,
    "# Speed",
    `${describeOrigin(part)}\n\nMedian nanoseconds per operation, lower is better; in brackets the speed relative to lru-cache in the same run, higher is better. Where something can miss, the hit ratio of the measured requests follows. How this is measured: [README](./README.md).`,
    ...nodes.flatMap((node) => overview(part.entries.filter((entry) => entry.node === node))),
    ...sections.filter((section) => section !== ""),
    notes(),
  ];
  writeFileSync(join(folder, "speed.md"), `${page.join("\n\n")}\n`);
  return [...written, "speed.md"];
}

/**
 * All scenarios of a size in one table of ratios.
 *
 * @param {readonly import("./report-data.mjs").ReportEntry[]} entries of one Node
 * @returns {string[]} one section a size
 */
function overview(entries) {
  const peers = orderedPeers(entries).filter((peer) => peer !== REFERENCE_PEER);
  return SIZE_NAMES.flatMap((size) => {
    const rows = speedScenarios.flatMap((scenario) => {
      const entry = entries.find((candidate) => candidate.scenario === scenario.id && candidate.size === size);
      const referenceNs = entry?.["peers"][REFERENCE_PEER]?.[0];
      if (entry === undefined || referenceNs === undefined) return [];
      const ratios = peers.map((peer) => {
        const medianNs = entry["peers"][peer]?.[0];
        return medianNs === undefined ? "–" : (referenceNs / medianNs).toFixed(2);
      });
      return [[scenario.title, ...ratios]];
    });
    if (rows.length === 0) return [];
    const title = `## Overview: ${size} entries, Node ${entries[0]?.node}, speed relative to lru-cache`;
    return [`${title}\n\n${markdownTable(["", ...peers], rows)}`];
  });
}

/** @param {readonly import("./report-data.mjs").ReportEntry[]} entries of one scenario and one Node */
function speedTable(entries) {
  const columns = SIZE_NAMES.filter((size) => entries.some((entry) => entry.size === size));
  const rows = orderedPeers(entries).map((peer) => [
    peer.startsWith("gocachex") ? `**${peer}**` : peer,
    ...columns.map((size) =>
      cell(
        entries.find((entry) => entry.size === size),
        peer,
      ),
    ),
  ]);
  return markdownTable(["", ...columns.map((size) => `${size} entries`)], rows);
}

/**
 * @param {import("./report-data.mjs").ReportEntry | undefined} entry
 * @param {string} peer
 */
function cell(entry, peer) {
  const [medianNs, , , hitRatio] = entry?.["peers"][peer] ?? [];
  if (medianNs === undefined) return "–";
  const referenceNs = entry?.["peers"][REFERENCE_PEER]?.[0];
  const ratio = referenceNs === undefined ? "" : ` (${(referenceNs / medianNs).toFixed(2)})`;
  const hits = hitRatio === null || hitRatio > 0.99999 ? "" : ` ${(hitRatio * 100).toFixed(1)} %`;
  return `${formatNs(medianNs)}${ratio}${hits}`;
}

/**
 * @param {import("../scenarios.mjs").SpeedScenario} scenario
 * @param {string} node
 * @param {readonly import("./report-data.mjs").ReportEntry[]} entries
 */
function speedFigure(scenario, node, entries) {
  const panels = SIZE_NAMES.flatMap((size) => {
    const entry = entries.find((candidate) => candidate.size === size);
    if (entry === undefined) return [];
    const speeds = Object.entries(entry["peers"]).map(([peer, [medianNs]]) => [peer, 1_000 / medianNs]);
    return [{ name: `${size} entries`, values: new Map(speeds) }];
  });
  return svgBars({
    title: capitalize(scenario.title),
    subtitle: `million operations per second, Node ${node}; higher is better; each size has its own scale`,
    panels,
    rows: orderedPeers(entries),
    classOf: (peer) => (peer.startsWith("gocachex") ? "ours" : peer === "Map" ? "floor" : "bar"),
    format: (value) => (value < 10 ? value.toFixed(2) : value.toFixed(1)),
  });
}

/** @param {readonly import("./report-data.mjs").ReportEntry[]} entries @returns {string[]} in the order of the catalogue */
function orderedPeers(entries) {
  const present = new Set(entries.flatMap((entry) => Object.keys(entry["peers"])));
  const ours = [...present].filter((peer) => peer.startsWith("gocachex:"));
  return [...peerIds.slice(0, 1), ...ours, ...peerIds.slice(1)].filter((peer) => present.has(peer));
}

/** @param {readonly import("./report-data.mjs").ReportEntry[]} entries */
function skippedLine(entries) {
  const reasons = new Map(entries.flatMap((entry) => Object.entries(entry["skipped"] ?? {})));
  if (reasons.size === 0) return "";
  return `Left out: ${[...reasons].map(([peer, reason]) => `${peer} (${reason})`).join(", ")}.`;
}

/** How each library is set up. */
function notes() {
  const rows = peerIds.map((id) => {
    const { note = "", ttl = "none", bytes = "none" } = findPeer(id);
    return [id, note, ttl, bytes];
  });
  return `## How each library is set up\n\n${markdownTable(["", "note", "TTL", "bound in bytes"], rows)}`;
}

/** @param {string} text */
function capitalize(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
