import { isatty } from "node:tty";
import { type LineSink, openLineSink } from "./line-sink.ts";
import type { Logger } from "./logger.ts";
import { loadPino } from "./pino-module.ts";
import { prettyLine } from "./pretty-line.ts";

/** How a logger of our own writes. */
export interface LoggerOptions {
  /** `json`: one object a line; `pretty`: for people, painted on a terminal. Default: `"json"`. */
  readonly format?: "json" | "pretty" | undefined;
  /** The file descriptor. Default: 1, the standard output. */
  readonly fd?: number | undefined;
}

/** A logger and where its lines go. */
export interface OwnLogger {
  /** Pino. */
  readonly logger: Logger;
  /** To be ended by who made it. */
  readonly sink: LineSink;
}

/**
 * Makes a logger with pino. Every level is written: who logs a cache says which lines there are. Lines never hold up the process; see `openLineSink`.
 *
 * @throws DependencyError `GCX_DEPENDENCY_MISSING` where pino is not installed
 */
export async function createLogger({ format = "json", fd = 1 }: LoggerOptions = {}): Promise<OwnLogger> {
  const pino = await loadPino();
  const isColored = isatty(fd) && (process.env["NO_COLOR"] ?? "") === "";
  const transform = format === "pretty" ? (line: string): string => prettyLine(line, isColored) : undefined;
  const sink = openLineSink(pino, fd, transform);
  const options = { level: "trace", base: { name: "gocachex" }, timestamp: pino.stdTimeFunctions.isoTime };
  return { logger: pino(options, sink), sink };
}
