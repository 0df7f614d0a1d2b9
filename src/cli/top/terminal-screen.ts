import type { CliOutput, CliTerminal } from "../cli-io.ts";

const ENTER = "\u001b[?1049h\u001b[?25l\u001b[H\u001b[2J";
/** Colours off, cursor shown, and back to the screen that was there before. */
const LEAVE = "\u001b[0m\u001b[?25h\u001b[?1049l";

/** A screen of its own on the terminal, beside what is there. */
export interface TerminalScreen {
  /** Shows lines, one a row. Only those that changed are written. */
  draw(lines: readonly string[]): Promise<void>;
  /** Forgets what is shown, after a resize: the next `draw` writes everything. */
  invalidate(): void;
  /** Gives the terminal back as it was. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Takes the terminal over.
 *
 * However the process ends from now on, the terminal is given back: by `close`, or as the last thing that the process writes.
 */
export async function openScreen(stdout: CliOutput, terminal: CliTerminal): Promise<TerminalScreen> {
  const takeBack = terminal.onAbruptExit(LEAVE);
  let shown: readonly string[] | undefined;
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    // In this order: when nobody takes the text any more, the process's end tries once more.
    await stdout.write(LEAVE);
    takeBack();
  };
  await stdout.write(ENTER);
  return {
    async draw(lines) {
      if (!isOpen) return;
      const text = shown === undefined ? `\u001b[H\u001b[2J${changedLines([], lines)}` : changedLines(shown, lines);
      shown = lines;
      if (text !== "") await stdout.write(text);
    },
    invalidate() {
      shown = undefined;
    },
    close,
  };
}

/** What turns one screen into another: each changed line at its row, and what is left over erased. */
export function changedLines(before: readonly string[], after: readonly string[]): string {
  let text = "";
  for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
    const line = after[index] ?? "";
    if (line !== (before[index] ?? "")) text += `\u001b[${index + 1};1H${line}\u001b[0m\u001b[K`;
  }
  return text;
}
