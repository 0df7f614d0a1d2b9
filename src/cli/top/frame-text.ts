import type { Colour } from "../printer.ts";

/** A line of the screen: one colour a line keeps widths and differences simple. */
export interface FrameLine {
  readonly text: string;
  readonly colour?: Colour | undefined;
}

const SPARKS = "▁▂▃▄▅▆▇█";

/** One column a sample, the newest at the right; as high as the highest of them. */
export function spark(values: readonly number[], columns: number): string {
  const shown = columns <= 0 ? [] : values.slice(-columns);
  const highest = Math.max(...shown, 0);
  if (highest === 0) return "";
  return shown
    .map((value) => SPARKS[Math.min(SPARKS.length - 1, Math.floor((value / highest) * SPARKS.length))])
    .join("");
}

/** Two texts at both sides; the right one goes when there is no room for both. */
export function sides(left: string, right: string, columns: number): string {
  const room = columns - left.length - right.length;
  return room < 2 ? left : `${left}${" ".repeat(room)}${right}`;
}

/** As many columns as the text has characters, but of the last one that fits. Without control characters. */
export function cutTo(text: string, columns: number): string {
  const visible = text.replace(/\p{Cc}/gu, "?").trimEnd();
  return visible.length <= columns ? visible : `${visible.slice(0, Math.max(0, columns - 1))}…`;
}

/** Exactly as wide; what is too long loses its beginning: of addresses the end tells them apart. */
export function cell(text: string, columns: number): string {
  return text.length > columns ? `…${text.slice(text.length - columns + 1)}` : text.padEnd(columns);
}

/** Exactly as wide; what is too long loses its middle: of keys the beginning says what they are, and the end which. */
export function keyCell(text: string, columns: number): string {
  const visible = text.replace(/\p{Cc}/gu, "?");
  if (visible.length <= columns) return visible.padEnd(columns);
  const tail = Math.floor((columns - 1) / 2);
  return `${visible.slice(0, columns - 1 - tail)}…${visible.slice(visible.length - tail)}`;
}

/** `75.0 %`, or `-` where nothing is known. */
export function percent(ratio: number | undefined): string {
  return ratio === undefined ? "-" : `${(ratio * 100).toFixed(1)} %`;
}

/** `2,000/s`, with one decimal below ten. */
export function perSecond(rate: number | undefined): string {
  if (rate === undefined) return "-";
  return `${rate > 0 && rate < 10 ? rate.toFixed(1) : count(rate)}/s`;
}

/** A whole number with commas. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
