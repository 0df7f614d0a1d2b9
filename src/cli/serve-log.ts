import type { CacheConfig } from "../config/cache-config.ts";
import { createLogger, type OwnLogger } from "../observability/logging/create-logger.ts";

/** Where the log of a served cache goes: to the standard error, for results are on the standard output. */
export interface ServeLog {
  /** The configuration, with the logger in it. */
  prepare(config: CacheConfig): CacheConfig;
  /** Waits for the last lines. */
  close(): Promise<void>;
}

/** Makes the logger that a configuration asks for. @throws DependencyError where that needs pino, which is not installed */
export async function openServeLog({ logging }: CacheConfig): Promise<ServeLog> {
  const isOwn = logging !== undefined && logging.level !== "silent" && logging.logger === undefined;
  const own: OwnLogger | undefined = isOwn ? await createLogger({ format: logging.format, fd: 2 }) : undefined;
  return {
    prepare: (config) => (own === undefined || config.logging === undefined ? config : withLogger(config, own)),
    close: async () => own?.sink.end(),
  };
}

function withLogger(config: CacheConfig, { logger }: OwnLogger): CacheConfig {
  const { format: _format, ...logging } = config.logging ?? {};
  return { ...config, logging: { ...logging, logger } };
}
