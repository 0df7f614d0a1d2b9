import type { FieldTable } from "../field.ts";

/** What `level` may be called. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** Writes one line: what is known, and what it means. */
type WriteLine = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** A logger of the application: pino, or anything of its shape. */
export interface ConfiguredLogger {
  readonly trace?: WriteLine | undefined;
  readonly debug: WriteLine;
  readonly info: WriteLine;
  readonly warn: WriteLine;
  readonly error: WriteLine;
}

/** Structured logs. */
export interface LoggingConfig {
  /**
   * The least important messages that are logged. Default: `"info"`. Range: "trace", "debug", "info", "warn", "error",
   * "fatal" or "silent".
   */
  readonly level?: LogLevel | undefined;
  /**
   * `json` writes one object a line, `pretty` is for people. Excludes `logger`, which has its own. Default: `"json"`.
   * Range: "json" or "pretty".
   */
  readonly format?: "json" | "pretty" | undefined;
  /**
   * Whether keys and tags are written as they are. Without it lines have digests of them, which mean nothing in another process. Default: `false`.
   */
  readonly keys?: boolean | undefined;
  /**
   * A logger of your own: pino, or anything of its shape. Default: the cache makes its own. Range: a logger object with
   * debug, info, warn, error (from code only).
   */
  readonly logger?: ConfiguredLogger | undefined;
}

/** Rows of the section `logging`. */
export const LOGGING_FIELDS: FieldTable<LoggingConfig> = {
  level: {
    kind: "enum",
    doc: "The least important messages that are logged.",
    default: "info",
    values: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
  },
  format: {
    kind: "enum",
    doc: "`json` writes one object a line, `pretty` is for people. Excludes `logger`, which has its own.",
    default: "json",
    values: ["json", "pretty"],
  },
  keys: {
    kind: "boolean",
    doc: "Whether keys and tags are written as they are. Without it lines have digests of them, which mean nothing in another process.",
    default: false,
  },
  logger: {
    kind: "instance",
    doc: "A logger of your own: pino, or anything of its shape.",
    defaultDoc: "the cache makes its own",
    instance: { doc: "a logger object", methods: ["debug", "info", "warn", "error"] },
  },
};
