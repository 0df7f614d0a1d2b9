import type { Cache } from "../../cache/cache.ts";
import { observeCache } from "../../cache/observe-cache.ts";
import type { CacheEventName } from "../../events/cache-events.ts";
import { type Scheduler, systemScheduler } from "../../foundation/scheduler.ts";
import { isWritten, type LineLevel, type LogLevel } from "./log-level.ts";
import { LINE_RULES, type LineRule, type LogLine } from "./log-lines.ts";
import type { Logger, WriteLine } from "./logger.ts";
import { createKeyDigest, type ShowKey, showPlainKey } from "./redact-key.ts";
import { StormFilter } from "./storm-filter.ts";

/** How a cache is logged. */
export interface LogOptions {
  /** Where lines go: pino, or anything of its shape. */
  readonly logger: Logger;
  /** The least important lines that are written; the logger may have a level of its own, which is the other bound. Default: `"info"`. */
  readonly level?: LogLevel | undefined;
  /** Whether keys and tags are written as they are. Default: `false`: as digests that mean nothing in another process. */
  readonly keys?: boolean | undefined;
  /** Default: the platform's. */
  readonly scheduler?: Pick<Scheduler, "after"> | undefined;
}

/** A cache that is logged. */
export interface CacheLog {
  /** The least important lines that are written now. */
  readonly level: LogLevel;
  /** Changes that. What is below it costs nothing: nobody listens to it. */
  setLevel(level: LogLevel): void;
  /** Writes what was counted and stops. Repeatable. */
  stop(): void;
}

/**
 * Writes a line for each thing that a cache tells, from the table `LINE_RULES`. A logger that throws changes nothing.
 *
 * A failure that comes again and again is one line a second with a count (`repeated`). Errors that reach a caller are the caller's to log: only from `debug` on is each call
 * to a store a line.
 *
 * @example
 * ```ts
 * const log = logCache(cache, { logger: pino(), level: "debug" });
 * log.setLevel("warn");
 * log.stop();
 * ```
 */
export function logCache(cache: Cache, options: LogOptions): CacheLog {
  const { logger, keys = false, scheduler = systemScheduler } = options;
  const { name: cacheName } = observeCache(cache);
  const showKey: ShowKey = keys ? showPlainKey : createKeyDigest();
  const write = (event: CacheEventName, { level, message, fields }: LogLine): void => {
    const about = cacheName === "" ? { event } : { cache: cacheName, event };
    try {
      methodOf(logger, level)({ ...about, ...fields }, message);
    } catch (error) {
      warnOnce(error);
    }
  };
  const storms = new StormFilter({ scheduler, write });
  let hasWarned = false;
  const warnOnce = (error: unknown): void => {
    if (hasWarned) return;
    hasWarned = true;
    const what = error instanceof Error ? error.message : typeof error;
    process.emitWarning(`The logger of a cache threw: ${what}`, { type: "GocachexLoggerWarning" });
  };
  let level: LogLevel = options.level ?? "info";
  let stops: readonly (() => void)[] = [];
  const listenTo = <Name extends CacheEventName>(name: Name): (() => void) => {
    const { describe } = LINE_RULES[name] as LineRule<Name>;
    return cache.on(name, (event) => {
      const line = describe(event, showKey);
      if (isWritten(line.level, level)) storms.pass(name, line);
    });
  };
  const listen = (): void => {
    for (const stop of stops) stop();
    stops = (Object.keys(LINE_RULES) as CacheEventName[])
      .filter((name) => isWritten(LINE_RULES[name].loudest, level))
      .map((name) => listenTo(name));
  };
  listen();
  return {
    get level() {
      return level;
    },
    setLevel(changed) {
      level = changed;
      listen();
    },
    stop() {
      for (const stop of stops) stop();
      stops = [];
      storms.flush();
    },
  };
}

/** Called as a method: loggers mostly need their `this`. */
function methodOf(logger: Logger, level: LineLevel): WriteLine {
  if (level === "trace" && logger.trace === undefined) return (fields, message) => logger.debug(fields, message);
  return (fields, message) => logger[level]?.(fields, message);
}
