const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/**
 * Draws numbers as a row of bars, scaled to the largest.
 *
 * @param {readonly number[]} values at least 0, oldest first
 * @param {number} width most characters; the newest values are kept
 * @returns {string}
 */
export function drawSparkline(values, width) {
  const shown = values.slice(-width);
  const largest = Math.max(1, ...shown);
  return shown.map((value) => BARS[Math.round((value / largest) * (BARS.length - 1))]).join("");
}
