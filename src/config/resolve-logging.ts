import { LOGGING_FIELDS, type LoggingConfig, type LogLevel } from "./sections/logging-config.ts";

/** {@link LoggingConfig} with defaults filled in. */
export interface ResolvedLoggingConfig {
  readonly level: LogLevel;
  readonly format: "json" | "pretty";
  readonly keys: boolean;
  /** `undefined`: one of our own. */
  readonly logger: LoggingConfig["logger"];
}

/** The settings of a log; `undefined` when none is asked for: without the section, or with the level `silent`. */
export function resolveLogging(logging: LoggingConfig | undefined): ResolvedLoggingConfig | undefined {
  if (logging === undefined) return undefined;
  const level = logging.level ?? (LOGGING_FIELDS.level.default as LogLevel);
  if (level === "silent") return undefined;
  const format = logging.format ?? (LOGGING_FIELDS.format.default as "json" | "pretty");
  return Object.freeze({ level, format, keys: logging.keys ?? false, logger: logging.logger });
}
