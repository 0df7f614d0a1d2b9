import type { Backend } from "./backend/backend.ts";
import type { BackendHost } from "./backend/registry.ts";
import { assembleCache } from "./cache/assemble-cache.ts";
import type { Cache } from "./cache/cache.ts";
import { tellNotice } from "./cache/tell-notice.ts";
import { createCodec } from "./codec/create-codec.ts";
import type { CacheConfig } from "./config/cache-config.ts";
import type { PluginCacheConfig } from "./config/plugin-config.ts";
import { type ResolvedConfig, resolveConfig } from "./config/resolve-config.ts";
import { createStore } from "./create-store.ts";
import { fromStoredKey, joinNamespace, namespaceOf, ROOT_NAMESPACE } from "./entry/namespace-path.ts";
import { EventHub } from "./events/event-hub.ts";
import { systemClock } from "./foundation/clock.ts";
import { ConfigError } from "./foundation/errors.ts";
import { systemRandom } from "./foundation/random-source.ts";
import { systemScheduler } from "./foundation/scheduler.ts";
import { createCodedBackend } from "./tiers/coded-backend.ts";
import { StoredValues } from "./tiers/stored-values.ts";

/**
 * Makes a cache. Checks the whole configuration at once and opens nothing: the first operation, or `ready()`, connects.
 *
 * @param config what `docs/reference/config.md` lists; nothing at all is a memory cache of up to 100 MB
 * @typeParam Name the name of a registered plug-in store, whose options stand in the section of that name
 * @throws ConfigError naming the field, what was given, and what is allowed
 *
 * @example
 * ```ts
 * const cache = createCache({ backend: "memory", memory: { maxSize: "64MB" } });
 * await cache.set("greeting", "hello", "1m");
 * await cache.get("greeting"); // => "hello"
 * await cache.close();
 * ```
 */
export function createCache<Name extends string = never>(config?: CacheConfig | PluginCacheConfig<Name>): Cache {
  const resolved = resolveConfig(config === undefined ? {} : config);
  const rootPath = resolved.namespace === "" ? ROOT_NAMESPACE : joinNamespace(ROOT_NAMESPACE, resolved.namespace);
  const events = new EventHub(rootPath);
  const platform = { clock: systemClock, random: systemRandom, scheduler: systemScheduler };
  const host: BackendHost = {
    ...platform,
    wantsRemovals: () => events.wants("remove"),
    onRemoval: (storedKey, cause) => {
      events.emit("remove", { key: fromStoredKey(storedKey), namespace: namespaceOf(storedKey), cause });
    },
    onNotice: (notice) =>
      tellNotice(events, typeof resolved.backend === "string" ? resolved.backend : resolved.backend.name, notice),
  };
  const backend = createBackend(resolved, host, events);
  assertStaleKept(resolved, backend);
  const { policy, maxBackgroundLoads, breaker } = resolved.loading;
  return assembleCache({
    ...platform,
    backend,
    events,
    deadlines: resolved.deadlines,
    defaultTtlMs: resolved.defaultTtlMs ?? resolved.memory.defaultTtlMs ?? Number.POSITIVE_INFINITY,
    rootPath,
    ...{ loadPolicy: policy, maxBackgroundLoads, storeBreaker: breaker },
  });
}

function createBackend(config: ResolvedConfig, host: BackendHost, events: EventHub): Backend {
  const backend = createStore(config, host);
  if (backend.capabilities.storage === "values") {
    assertCodecUnused(config, backend.name);
    return backend;
  }
  assertKeysPresent(config);
  const codec = createCodec(config.codec, host);
  const values = new StoredValues(codec, {
    throws: config.throwsUnreadable,
    onUnreadable: (storedKey, { reason, detail, cause }) => {
      if (!events.wants("unreadable")) return;
      const event = { key: fromStoredKey(storedKey), namespace: namespaceOf(storedKey), reason, detail };
      events.emit("unreadable", cause === undefined ? event : { ...event, cause });
    },
  });
  return createCodedBackend({ backend, codec, values });
}

/** A secret that is missing must not mean that values are in the clear. */
function assertKeysPresent({ lacksEncryptionKey }: ResolvedConfig): void {
  if (!lacksEncryptionKey) return;
  const message =
    "encryption.keys is empty, so values would be stored in the clear. Give it a key, or leave encryption out.";
  throw new ConfigError("GCX_CONFIG_INVALID", "encryption.keys", message);
}

/** Every load would be refused. */
function assertStaleKept({ loading, ...config }: ResolvedConfig, { name, capabilities }: Backend): void {
  const { graceMs, revalidateMs } = loading.policy;
  if (capabilities.stale === true || (graceMs === 0 && revalidateMs === 0)) return;
  const field = graceMs > 0 ? "loading.grace" : "loading.staleWhileRevalidate";
  const isShared = config.backend === "memory" && config.memory.storage === "shared";
  const remedy = isShared
    ? 'set memory.storage to "heap"'
    : config.consistencyMode === "plain"
      ? 'set consistency.mode to "coherent"'
      : "use a store with the capability stale";
  const message = `${field} needs a store that keeps entries beyond their TTL, and "${name}" does not. Leave it out, or ${remedy}.`;
  throw new ConfigError("GCX_CONFIG_UNSUPPORTED", field, message);
}

/** Options that only bytes can have would be ignored in silence. */
function assertCodecUnused({ codecFields: [field] }: ResolvedConfig, store: string): void {
  if (field === undefined) return;
  throw new ConfigError(
    "GCX_CONFIG_UNSUPPORTED",
    field,
    `${field} is for stores that keep bytes; the store "${store}" keeps values as they are. Leave ${field} out.`,
  );
}
