import { findFreePort } from "../../../scripts/servers/free-port.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import type { RedisConfig } from "../../../src/config/sections/redis-config.ts";
import type { Failover } from "./failover.ts";
import type { FleetLinks } from "./fleet-links.ts";

/** A shared store, the links to it and between processes, and what can be done to it. */
export interface TierStore {
  readonly isRedis: boolean;
  /** The configuration of a process: memory in front of the store. */
  configOf(process: number): CacheConfig;
  readonly links: FleetLinks;
  /** What can be done to the servers; each resolves when they are well again. */
  readonly deeds: readonly StoreDeed[];
  /** Which servers took over from which since the store was opened, with instants since an origin in ns of the machine's monotonic clock. Default: none can. */
  failovers?(originNs: bigint): readonly Failover[];
  stop(): Promise<void>;
}

/** Something that is done to servers. */
export interface StoreDeed {
  readonly name: string;
  /** Whether everything is gone afterwards. */
  readonly isWipe: boolean;
  /** Whether it can be done now. Default: always. */
  isPossible?(): boolean;
  run(holdMs: number): Promise<void>;
}

/** How stores are opened. */
export interface TierStoreOptions {
  readonly processCount: number;
  readonly seed: number;
  readonly maxStalenessMs: number;
  readonly deadlineMs: number;
  /** Whether some processes talk to each other besides. Default: they do. */
  readonly hasPeerLinks?: boolean | undefined;
}

/** Deadlines and the bound, as all processes have them. */
export function commonConfig({ maxStalenessMs, deadlineMs }: TierStoreOptions): CacheConfig {
  return {
    consistency: { maxStaleness: maxStalenessMs },
    deadlines: { connect: deadlineMs, read: deadlineMs, write: deadlineMs, close: 2_000 },
  };
}

/** Settings of the Redis section that do not say where the servers are. */
export function redisTimeouts({
  deadlineMs,
}: TierStoreOptions): Pick<
  RedisConfig,
  "poolSize" | "dialTimeout" | "readTimeout" | "writeTimeout" | "maxRetryBackoff"
> {
  const timeoutMs = deadlineMs;
  return {
    poolSize: 2,
    dialTimeout: timeoutMs,
    readTimeout: timeoutMs,
    writeTimeout: timeoutMs,
    maxRetryBackoff: 100,
  };
}

/** A port to listen at for every other process, which keeps it over all its lives; the others talk to the store alone. */
export function everyOtherPort({
  processCount,
  hasPeerLinks = true,
}: TierStoreOptions): Promise<readonly (number | undefined)[]> {
  const ports = Array.from({ length: processCount }, (_, process) =>
    hasPeerLinks && process % 2 === 0 ? findFreePort() : undefined,
  );
  return Promise.all(ports);
}

/** The part of a configuration for a process that listens at a port; without one it hears of others by the store alone. Others are found in the store's table, unless they are named. */
export function peersConfig(port: number | undefined, peers?: readonly string[]): CacheConfig {
  if (port === undefined) return {};
  return { distributed: true, grpc: { host: "127.0.0.1", port, ...(peers && { peers }) } };
}

/** Resolves after so many ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Stops a server's process for a while. */
export function holdServer(find: () => Pick<NonNullable<TestServer["process"]>, "signal"> | undefined): StoreDeed {
  return {
    name: "store stopped",
    isWipe: false,
    async run(holdMs) {
      const process = find();
      process?.signal("SIGSTOP");
      await pause(holdMs);
      process?.signal("SIGCONT");
    },
  };
}
