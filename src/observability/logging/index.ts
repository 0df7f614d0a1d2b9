export { createLogger, type LoggerOptions, type OwnLogger } from "./create-logger.ts";
export type { LineSink } from "./line-sink.ts";
export { type CacheLog, type LogOptions, logCache } from "./log-cache.ts";
export type { LogLevel } from "./log-level.ts";
export type { Logger, WriteLine } from "./logger.ts";
