import type { FieldTable } from "../field.ts";

/** What `level` may be called. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** Structured logs. */
export interface LoggingConfig {
  /**
   * The least important messages that are logged. Default: `"info"`. Range: "trace", "debug", "info", "warn", "error",
   * "fatal" or "silent". Not available yet.
   */
  readonly level?: LogLevel | undefined;
  /**
   * `json` writes one object a line, `pretty` is for people. Excludes `logger`, which has its own. Default: `"json"`.
   * Range: "json" or "pretty". Not available yet.
   */
  readonly format?: "json" | "pretty" | undefined;
  /**
   * A logger of your own: pino, or anything of its shape. Default: the cache makes its own. Range: a logger object with
   * debug, info, warn, error (from code only). Not available yet.
   */
  readonly logger?: object | undefined;
}

/** Rows of the section `logging`. */
export const LOGGING_FIELDS: FieldTable<LoggingConfig> = {
  level: {
    kind: "enum",
    doc: "The least important messages that are logged.",
    default: "info",
    values: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    offValue: "silent",
    support: "planned",
  },
  format: {
    kind: "enum",
    doc: "`json` writes one object a line, `pretty` is for people. Excludes `logger`, which has its own.",
    default: "json",
    values: ["json", "pretty"],
    support: "planned",
  },
  logger: {
    kind: "instance",
    doc: "A logger of your own: pino, or anything of its shape.",
    defaultDoc: "the cache makes its own",
    instance: { doc: "a logger object", methods: ["debug", "info", "warn", "error"] },
    support: "planned",
  },
};
