import type { RemovalListener } from "../entry/removal.ts";
import type { Clock } from "../foundation/clock.ts";
import { ConfigError } from "../foundation/errors.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import type { Backend } from "./backend.ts";

/** What a store is given by the cache that creates it. */
export interface BackendHost {
  /** The time to use: for expiry the wall clock, for leases the monotonic one. */
  readonly clock: Clock;
  /** The randomness to use. */
  readonly random: RandomSource;
  /** The timers to use. */
  readonly scheduler: Scheduler;
  /** To be told of entries that left the store by themselves or by a call. Local stores only. */
  readonly onRemoval: RemovalListener;
}

/** Builds a store. Opens nothing: that is `connect`'s work. */
export type BackendFactory = (options: Readonly<Record<string, unknown>>, host: BackendHost) => Backend;

const factories = new Map<string, BackendFactory>();
const RESERVED_NAMES: ReadonlySet<string> = new Set(["memory", "redis", "memcached"]);

/**
 * Makes `createCache({ backend: name, <name>: options })` use a store of yours. The section of the configuration that
 * has the store's name is handed to the factory.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` when the name is taken or reserved
 */
export function registerBackend(name: string, factory: BackendFactory): void {
  if (RESERVED_NAMES.has(name) || factories.has(name)) {
    throw new ConfigError(
      "GCX_CONFIG_INVALID",
      "backend",
      `A backend named "${name}" exists already. Choose another name.`,
    );
  }
  factories.set(name, factory);
}

/** Takes a registration back. @returns whether there was one */
export function unregisterBackend(name: string): boolean {
  return factories.delete(name);
}

/** The factory registered under a name. */
export function findBackendFactory(name: string): BackendFactory | undefined {
  return factories.get(name);
}

/** All registered names, for messages. */
export function registeredBackendNames(): readonly string[] {
  return [...factories.keys()];
}
