const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const HUNDREDTHS = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** What stands for a number that is not known. */
export const UNKNOWN = "–";

/** At most three digits that matter: `0.25`, `3.1`, `120`. */
function short(value: number): string {
  if (value >= 100) return WHOLE.format(value);
  return (value >= 10 ? TENTHS : HUNDREDTHS).format(value);
}

/** A whole number with separators: `12,345`. */
export function formatCount(value: number | undefined | null): string {
  return value === undefined || value === null ? UNKNOWN : WHOLE.format(value);
}

/** A number for a small place: `12.3 k`, `4.56 M`. */
export function formatShort(value: number): string {
  if (value >= 1e9) return `${short(value / 1e9)} G`;
  if (value >= 1e6) return `${short(value / 1e6)} M`;
  return value >= 1e4 ? `${short(value / 1e3)} k` : short(value);
}

/** `120 /s`. */
export function formatRate(value: number): string {
  return `${formatShort(value)} /s`;
}

/** `1.5 KiB`; a KiB has 1,024 bytes. */
export function formatBytes(value: number | undefined | null): string {
  if (value === undefined || value === null) return UNKNOWN;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1_024 && unit < units.length - 1) {
    scaled /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? WHOLE.format(scaled) : short(scaled)} ${units[unit]}`;
}

/** A short time: `< 1 µs`, `85 µs`, `1.2 ms`, `3.4 s`, `2 min 5 s`, `3 h 4 min`, `5 d 2 h`. */
export function formatDuration(ms: number | undefined | null): string {
  if (ms === undefined || ms === null) return UNKNOWN;
  // Finer than the clock of the node tells.
  if (ms < 0.001) return "< 1 µs";
  if (ms < 1) return `${WHOLE.format(ms * 1_000)} µs`;
  if (ms < 1_000) return `${short(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${short(seconds)} s`;
  const whole = Math.floor(seconds);
  if (whole < 3_600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 86_400) return pair(Math.floor(whole / 3_600), "h", Math.floor((whole % 3_600) / 60), "min");
  return pair(Math.floor(whole / 86_400), "d", Math.floor((whole % 86_400) / 3_600), "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** `97.3 %`. @param ratio 0 to 1, `undefined` where there is none */
export function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? UNKNOWN : `${(ratio * 100).toFixed(1)} %`;
}

/** A time of day: `14:03:21`. */
export function formatTime(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}
