import type { TerminalSize } from "../cli-io.ts";
import { countSection, titleSection } from "./count-sections.ts";
import type { FrameSection, RenderSection } from "./frame-section.ts";
import { cutTo, type FrameLine } from "./frame-text.ts";
import { hotKeySection, latencySection } from "./live-sections.ts";
import { NARROW_SECTIONS } from "./narrow-sections.ts";
import { coherenceSection, storeSection, tierSection } from "./store-sections.ts";
import type { TopView } from "./top-view.ts";

/** Below this many columns, tables are of no use. */
const NARROW_COLUMNS = 60;

/** In the order of what one looks at first. */
const WIDE_SECTIONS: readonly RenderSection[] = [
  titleSection,
  countSection,
  latencySection,
  storeSection,
  tierSection,
  hotKeySection,
  coherenceSection,
];

/**
 * The screen for a view: at most as many lines as it has rows, none wider than its columns. Where there is not room for all, each section first gets the lines that it needs most, and the last line
 * says how many are left out. Without control characters: names of stores, keys and peers come from elsewhere.
 */
export function renderTop(view: TopView, { columns, rows }: TerminalSize): readonly FrameLine[] {
  const renderers = columns < NARROW_COLUMNS ? NARROW_SECTIONS : WIDE_SECTIONS;
  const sections = renderers.map((render) => render(view, columns)).filter(({ lines }) => lines.length > 0);
  const lines = fitInto(sections, rows, renderers !== NARROW_SECTIONS);
  return lines.map(({ text, colour }) => ({ text: cutTo(text, columns), colour }));
}

function fitInto(sections: readonly FrameSection[], rows: number, isAiry: boolean): readonly FrameLine[] {
  const lineCount = sections.reduce((sum, { lines }) => sum + lines.length, 0);
  if (lineCount > rows) return choose(sections, lineCount, rows);
  // Empty lines between the sections, from above, as far as there is room.
  let spare = isAiry ? rows - lineCount : 0;
  return sections.flatMap(({ lines }, index) => {
    if (index === 0 || spare === 0) return lines;
    spare -= 1;
    return [{ text: "" }, ...lines];
  });
}

function choose(sections: readonly FrameSection[], lineCount: number, rows: number): readonly FrameLine[] {
  let left = Math.max(0, rows - 1);
  const kept = sections.map(() => 0);
  const take = (index: number, wantedCount: number): void => {
    const { lines, hasHead = false } = sections[index] as FrameSection;
    const before = kept[index] as number;
    const more = Math.min(left, wantedCount - before, lines.length - before);
    if (more <= 0 || (hasHead && before + more === 1)) return;
    kept[index] = before + more;
    left -= more;
  };
  for (const [index, { leastCount }] of sections.entries()) take(index, leastCount);
  for (const [index, { lines }] of sections.entries()) take(index, lines.length);
  const shown = sections.flatMap(({ lines }, index) => lines.slice(0, kept[index]));
  if (rows <= 0) return [];
  return [...shown, { text: `… ${lineCount - shown.length} more lines in a higher window`, colour: "bold" }];
}
