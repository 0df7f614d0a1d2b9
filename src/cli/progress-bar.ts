import type { CliIo } from "./cli-io.ts";
import type { Printer } from "./printer.ts";

const BAR_COLUMNS = 24;
/** Terminals need no more, and programs that record them thank for it. */
const REDRAW_MS = 100;
const ERASE_LINE = "\r\u001b[2K";

/** Shows on stderr how far long work has come. Draws only where a person looks, and never with `--quiet` or `--json`. */
export interface ProgressBar {
  /**
   * Tells how far the work is. Draws at most ten times a second; between two draws it costs a comparison.
   *
   * @param ratio 0 to 1
   * @param label what is being done, a few words without control characters
   */
  show(ratio: number, label: string): Promise<void>;
  /** Takes the bar away. */
  clear(): Promise<void>;
}

/** Makes a progress bar. Draws nothing yet. */
export function createProgressBar({ stderr }: Pick<CliIo, "stderr">, print: Printer): ProgressBar {
  const isShown = stderr.isTTY && !print.isQuiet && !print.isJson;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isDrawn = false;
  return {
    async show(ratio, label) {
      if (!isShown) return;
      const now = performance.now();
      if (now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      isDrawn = true;
      await stderr.write(`${ERASE_LINE}${barText(ratio, label)}`);
    },
    async clear() {
      if (!isDrawn) return;
      isDrawn = false;
      drawnAt = Number.NEGATIVE_INFINITY;
      await stderr.write(ERASE_LINE);
    },
  };
}

/** One line: `[#####.....]  42 %  words`. */
export function barText(ratio: number, label: string): string {
  const known = Math.min(1, Math.max(0, Number.isFinite(ratio) ? ratio : 0));
  const doneColumns = Math.round(known * BAR_COLUMNS);
  const bar = `${"#".repeat(doneColumns)}${".".repeat(BAR_COLUMNS - doneColumns)}`;
  return `[${bar}] ${String(Math.floor(known * 100)).padStart(3)} %  ${label}`;
}
