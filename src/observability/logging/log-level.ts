/** How important a line is, or which lines are written: those of this level and above. `silent`: none. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** The level of a line. Nothing that a cache tells is fatal: it goes on. */
export type LineLevel = "trace" | "debug" | "info" | "warn" | "error";

const ORDER: Readonly<Record<LogLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
};

/** Whether lines of a level are written where `least` is the least important that is. */
export function isWritten(line: LineLevel, least: LogLevel): boolean {
  return ORDER[line] >= ORDER[least];
}
