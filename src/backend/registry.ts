import type { RemovalListener } from "../entry/removal.ts";
import type { Clock } from "../foundation/clock.ts";
import { ConfigError } from "../foundation/errors.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import type { Backend } from "./backend.ts";
import type { BackendNotice } from "./backend-notice.ts";

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
  /** Whether anybody listens to removals now. Without it, always: a store may save itself the work of telling. */
  readonly wantsRemovals?: (() => boolean) | undefined;
  /** To be told what a store with a network says of itself. Default: nobody listens. */
  readonly onNotice?: ((notice: BackendNotice) => void) | undefined;
}

/** Names that mean something else in a configuration: every field of its top level, and the built-in stores. */
export const RESERVED_BACKEND_NAMES: ReadonlySet<string> = new Set([
  "backend",
  "compression",
  "compressionAlgorithm",
  "compressionDictionaries",
  "compressionLevel",
  "compressionThreshold",
  "consistency",
  "deadlines",
  "defaultTtl",
  "distributed",
  "encryption",
  "envelope",
  "grpc",
  "hierarchical",
  "l1",
  "l2",
  "logging",
  "maxValueSize",
  "memcached",
  "memory",
  "namespace",
  "prometheus",
  "redis",
  "serializer",
  "sharding",
  "tiers",
  "tracing",
  "unreadableValues",
]);

/** Builds a store. Opens nothing: that is `connect`'s work. */
export type BackendFactory = (options: Readonly<Record<string, unknown>>, host: BackendHost) => Backend;

const factories = new Map<string, BackendFactory>();
const NAME = /^[a-z][a-z0-9_-]{0,63}$/i;

/**
 * Makes `createCache({ backend: name, <name>: options })` use a store of yours. The section of the configuration that
 * has the store's name is handed to the factory.
 *
 * @param name a letter, then up to 63 letters, digits, `-` or `_`; not the name of a configuration field
 * @throws ConfigError `GCX_CONFIG_INVALID` when the name is taken, reserved or no name, or the factory no function
 */
export function registerBackend(name: string, factory: BackendFactory): void {
  if (typeof name !== "string" || !NAME.test(name) || typeof factory !== "function") {
    throw new ConfigError(
      "GCX_CONFIG_INVALID",
      "backend",
      "registerBackend needs a name (a letter, then letters, digits, - or _) and a function that makes the store.",
    );
  }
  if (RESERVED_BACKEND_NAMES.has(name)) {
    throw new ConfigError(
      "GCX_CONFIG_INVALID",
      "backend",
      `"${name}" has a meaning of its own in a configuration, so no backend can have that name. Choose another one.`,
    );
  }
  if (factories.has(name)) {
    throw new ConfigError(
      "GCX_CONFIG_INVALID",
      "backend",
      `A backend named "${name}" is registered already. Choose another name, or unregister that one first.`,
    );
  }
  factories.set(name, (options, host) => assertBackend(name, factory(options, host)));
}

/** A factory of JavaScript may return anything; better here and by name than at the first call. */
function assertBackend(name: string, made: unknown): Backend {
  const { then, get, capabilities } = (made ?? {}) as Record<string, unknown>;
  if (typeof then !== "function" && typeof get === "function" && typeof capabilities === "object") {
    return made as Backend;
  }
  const problem =
    typeof then === "function"
      ? "returned a promise. Return the store at once, and open it in connect()"
      : "returned no store. Return what defineBackend() makes";
  throw new ConfigError("GCX_CONFIG_INVALID", "backend", `The factory of the backend "${name}" ${problem}.`);
}

/** Takes a registration back. @returns whether there was one */
export function unregisterBackend(name: string): boolean {
  return factories.delete(name);
}

/** What makes the store registered under a name. Throws `ConfigError` when its factory makes none. */
export function findBackendFactory(name: string): BackendFactory | undefined {
  return factories.get(name);
}

/** All registered names, for messages. */
export function registeredBackendNames(): readonly string[] {
  return [...factories.keys()];
}
