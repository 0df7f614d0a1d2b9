import type { Cache } from "../../cache/cache.ts";
import { createLogger } from "./create-logger.ts";
import { logCache } from "./log-cache.ts";
import type { LogLevel } from "./log-level.ts";
import type { Logger } from "./logger.ts";

/** What the section `logging` of a configuration says. */
export interface LogSettings {
  readonly level: LogLevel;
  readonly format: "json" | "pretty";
  /** Whether keys are written as they are. */
  readonly keys: boolean;
  /** `undefined`: one of our own, with pino. */
  readonly logger: Logger | undefined;
}

/** A log that is being written. */
export interface OpenLog {
  setLevel(level: LogLevel): void;
  /** Writes what was counted, and waits for the last lines, a second at most. */
  close(): Promise<void>;
}

/**
 * Begins the log that a configuration asks for.
 *
 * @throws DependencyError `GCX_DEPENDENCY_MISSING` where it needs pino, which is not installed
 */
export async function openLog(cache: Cache, { level, format, keys, logger }: LogSettings): Promise<OpenLog> {
  const own = logger === undefined ? await createLogger({ format }) : undefined;
  const target = own?.logger ?? (logger as Logger);
  const log = logCache(cache, { logger: target, level, keys });
  return {
    setLevel: (changed) => log.setLevel(changed),
    async close() {
      log.stop();
      if (own === undefined) return;
      const { droppedCount } = own.sink;
      if (droppedCount > 0) target.warn({ droppedCount }, "lines of the log were dropped, for nobody read them");
      await own.sink.end();
    },
  };
}
