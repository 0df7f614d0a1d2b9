import { writeSync } from "node:fs";
import type { CliTerminal } from "./cli-io.ts";

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
const STDOUT_FILE = 1;

/** The terminal of this process. Opens nothing by itself. */
export function createProcessTerminal(): CliTerminal {
  const { stdout } = process;
  return {
    // A terminal that was just made may say 0.
    size: () => ({ columns: stdout.columns || DEFAULT_COLUMNS, rows: stdout.rows || DEFAULT_ROWS }),
    onRedraw(listener) {
      stdout.on("resize", listener);
      process.on("SIGCONT", listener);
      return () => {
        stdout.off("resize", listener);
        process.off("SIGCONT", listener);
      };
    },
    readKeys,
    onAbruptExit(text) {
      const write = (): void => {
        try {
          writeSync(STDOUT_FILE, text);
        } catch {
          // The terminal has gone, and with it what was to be put right.
        }
      };
      process.on("exit", write);
      return () => {
        process.off("exit", write);
      };
    },
  };
}

function readKeys(onKey: (key: string) => void, onEnd: () => void): () => void {
  const { stdin } = process;
  if (stdin.isTTY !== true) return () => undefined;
  // One write of a fast typist, or a paste, may bring several keys.
  const onData = (text: string): void => {
    for (const key of splitKeys(text)) onKey(key);
  };
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.on("data", onData);
  for (const event of ["end", "close", "error"]) stdin.on(event, onEnd);
  process.on("SIGHUP", onEnd);
  stdin.resume();
  return () => {
    stdin.off("data", onData);
    for (const event of ["end", "close", "error"]) stdin.off(event, onEnd);
    process.off("SIGHUP", onEnd);
    // Later errors, as after the terminal has gone, have nobody to tell and must not end the process with a trace.
    stdin.on("error", () => undefined);
    try {
      stdin.setRawMode(false);
    } catch {
      // The terminal has gone.
    }
    stdin.pause();
  };
}

/** Takes what was typed apart: escape sequences (arrows, function keys) stay whole. */
export function splitKeys(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys are control characters.
  return text.match(/\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])?|[^\u001b]/gu) ?? [];
}
