import { MIN_CPU_RATIO } from "./measure.mjs";
import { REFERENCE_PEER } from "./peers.mjs";

const NAME_WIDTH = 24;

/** @param {Awaited<ReturnType<typeof import("./run-job.mjs").runJob>>} outcome */
export function printJob({ job, nodeVersion, result, error, elapsedMs }) {
  const subject = [job.scenario ?? job.program, job.size, job.subject, job.peer]
    .filter((part) => part !== undefined)
    .join(" ");
  console.log(`\n${subject}, Node ${nodeVersion.slice(1)} (${(elapsedMs / 1_000).toFixed(0)} s)`);
  if (error !== undefined) console.log(`  failed: ${error}`);
  else if (result.clients !== undefined) printRemote(result);
  else if (result.ratios !== undefined) printComparison(result);
  else if (result.results === undefined) printWhole(result);
  else printSpeed(result);
  if (result?.cpuRatio < MIN_CPU_RATIO) {
    console.log(
      `  The job got ${(result.cpuRatio * 100).toFixed(0)} % of a CPU: other programs were in the way. Repeat it.`,
    );
  }
}

/** @param {{ results: import("./measure.mjs").Measurement[], skipped?: { peer: string, reason: string }[], failures?: { peer: string, reason: string }[] }} result */
function printSpeed({ results, skipped = [], failures = [] }) {
  const reference = results.find(({ peer }) => peer === REFERENCE_PEER);
  for (const { peer, medianNs, quartile1Ns, quartile3Ns, hitRatio } of results) {
    const ratio = reference === undefined ? "" : `(${(reference.medianNs / medianNs).toFixed(2)})`;
    const spread = `quartiles ${quartile1Ns.toFixed(0)}–${quartile3Ns.toFixed(0)}`;
    console.log(
      `  ${peer.padEnd(NAME_WIDTH)}${medianNs.toFixed(1).padStart(9)} ns ${ratio.padStart(8)}  ${spread.padEnd(22)} ${hitRatio === null ? "" : `hits ${(hitRatio * 100).toFixed(1)} %`}`,
    );
  }
  for (const { peer, reason } of skipped) console.log(`  ${peer.padEnd(NAME_WIDTH)}left out: ${reason}`);
  for (const { peer, reason } of failures) console.log(`  ${peer.padEnd(NAME_WIDTH)}FAILED: ${reason}`);
}

/** @param {import("./codec/compare-codecs.mjs").Comparison} comparison */
function printComparison({ ns, ratios, bytes }) {
  for (const [candidate, tasks] of Object.entries(ns)) {
    const cells = Object.entries(tasks).map(([task, [medianNs]]) => {
      const [ratio, low, high] = ratios[candidate]?.[/** @type {"encode"} */ (task)] ?? [1, 1, 1];
      const time = `${task} ${formatNumber(medianNs)} ns`.padEnd(20);
      return `${time} ×${ratio.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`.padEnd(43);
    });
    console.log(`  ${candidate.padEnd(NAME_WIDTH)}${cells.join("")}${(bytes[candidate] ?? 0).toFixed(0)} B`);
  }
}

/** @param {import("./remote/compare-clients.mjs").RemoteComparison} comparison */
function printRemote({ clients, targets, failures }) {
  for (const [client, { wallNs, cpuNs, serverNs, p50Ms, p99Ms }] of Object.entries(clients)) {
    const time = `${formatSpread(wallNs)} ns`.padEnd(32);
    const latency = p50Ms === null ? "" : `  p50 ${formatSpread(p50Ms)} ms  p99 ${formatSpread(p99Ms)} ms`;
    console.log(
      `  ${client.padEnd(NAME_WIDTH)}${time}CPU ${formatSpread(cpuNs).padEnd(26)}server ${formatSpread(serverNs)}${latency}`,
    );
  }
  for (const { of, to, ratio, wall, cpu, calm, isMet } of targets) {
    const name = `${of} : ${to}`.padEnd(2 * NAME_WIDTH);
    console.log(
      `  ${name}${formatSpread(wall).padEnd(22)}CPU ${formatSpread(cpu).padEnd(22)}calm ${calm.toFixed(2).padEnd(8)}${ratio === null ? "" : `wanted ${ratio} ${isMet ? "" : "MISSED"}`}`,
    );
  }
  for (const { id, reason } of failures) console.log(`  ${id.padEnd(NAME_WIDTH)}FAILED: ${reason}`);
}

/** @param {readonly [number, number, number] | null} spread */
function formatSpread(spread) {
  if (spread === null) return "–";
  const [median, low, high] = spread.map((number) => (number < 100 ? number.toFixed(2) : Math.round(number)));
  return `${median} (${low}–${high})`;
}

/** @param {Record<string, any>} result */
function printWhole(result) {
  for (const [name, value] of Object.entries(result)) {
    if (typeof value === "number") console.log(`  ${name.padEnd(NAME_WIDTH)}${formatNumber(value).padStart(14)}`);
  }
  for (const [kind, { count, totalMs, maxMs }] of Object.entries(result["gc"] ?? {})) {
    console.log(
      `  gc ${kind.padEnd(NAME_WIDTH - 3)}${count} pauses, ${totalMs.toFixed(0)} ms, longest ${maxMs.toFixed(1)} ms`,
    );
  }
}

/** @param {number} value */
function formatNumber(value) {
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 1 ? 4 : 1);
}
