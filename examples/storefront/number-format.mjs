/** Numbers as people read them, the same on every machine. What is not known yet is a dash. */

const UNKNOWN = "–";
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 12,345 */
export function formatCount(count) {
  return count === undefined ? UNKNOWN : grouped.format(count);
}

/** Milliseconds with three significant digits: 0.42 ms, 8.31 ms, 104 ms. */
export function formatMs(ms) {
  if (ms === undefined) return UNKNOWN;
  const digits = ms < 10 ? 2 : ms < 100 ? 1 : 0;
  return `${ms.toFixed(digits)} ms`;
}

/** A ratio 0…1 as 93.4 %. */
export function formatPercent(ratio) {
  return ratio === undefined ? UNKNOWN : `${(ratio * 100).toFixed(1)} %`;
}

/** How many times as large: 0.8×, 7.5×, 144×. */
export function formatTimes(times) {
  if (times === undefined) return UNKNOWN;
  return `${times < 10 ? times.toFixed(1) : formatCount(times)}×`;
}

/** Bytes in decimal units: 812 B, 4.1 MB. */
export function formatBytes(bytes) {
  if (bytes === undefined) return UNKNOWN;
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Elapsed time as 0:07 or 1:02:03. */
export function formatElapsed(elapsedMs) {
  const seconds = Math.floor(elapsedMs / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}
