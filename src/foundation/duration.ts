/** A span of time: milliseconds, or text such as `"5m"`, `"1h30m"`, `"250ms"`. */
export type Duration = number | string;

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const PART = /(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)/gy;

/**
 * Reads a duration text: one or more parts of a decimal number and a unit (`ns us ms s m h d w`), as Go writes them
 * (`"1h30m0s"`), plus days and weeks. `"0"` needs no unit.
 *
 * @returns milliseconds, or `undefined` when the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "0") return 0;
  let totalMs = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < trimmed.length) {
    const match = PART.exec(trimmed);
    if (match === null) return undefined;
    totalMs += Number(match[1]) * (UNIT_MS[match[2] as string] as number);
  }
  return trimmed === "" ? undefined : totalMs;
}

/** Writes milliseconds as the shortest exact text that {@link parseDuration} reads back, for example `"1m30s"`. */
export function formatDuration(durationMs: number): string {
  if (!Number.isFinite(durationMs)) return String(durationMs);
  if (durationMs === 0) return "0";
  let restMs = durationMs;
  let text = "";
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = UNIT_MS[unit] as number;
    const count = Math.floor(restMs / size);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * size;
  }
  return restMs > 0 ? `${text}${Number(restMs.toFixed(6))}ms` : text;
}
