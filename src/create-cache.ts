import type { Backend } from "./backend/backend.ts";
import type { BackendHost } from "./backend/registry.ts";
import { assembleCache } from "./cache/assemble-cache.ts";
import type { Cache } from "./cache/cache.ts";
import { tellNotice } from "./cache/tell-notice.ts";
import { createCodec } from "./codec/create-codec.ts";
import type { CacheConfig } from "./config/cache-config.ts";
import type { PluginCacheConfig } from "./config/plugin-config.ts";
import { type ResolvedConfig, resolveConfig } from "./config/resolve-config.ts";
import type { ResolvedTier } from "./config/resolve-tiers.ts";
import { createMiddleTiers } from "./create-middle-tiers.ts";
import { createObservers } from "./create-observers.ts";
import { copyBounds, createOwners, type Owners, type OwnersParts } from "./create-owners.ts";
import { createStore } from "./create-store.ts";
import { createAcks, createTiers, type TiersParts } from "./create-tiers.ts";
import { fromStoredKey, joinNamespace, namespaceOf, ROOT_NAMESPACE } from "./entry/namespace-path.ts";
import type { TracerSlot } from "./events/call-tracer.ts";
import { EventHub } from "./events/event-hub.ts";
import { systemClock } from "./foundation/clock.ts";
import { ConfigError } from "./foundation/errors.ts";
import { systemRandom } from "./foundation/random-source.ts";
import { systemScheduler } from "./foundation/scheduler.ts";
import { type ChangeableParts, findDefaultTtlMs, rememberParts } from "./reconfigure-cache.ts";
import { createCappedTtlBackend } from "./tiers/capped-ttl-backend.ts";
import { createCodedBackend } from "./tiers/coded-backend.ts";
import { StoredValues } from "./tiers/stored-values.ts";
import type { WriteAcks } from "./tiers/write-acks.ts";

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
  const storeName = typeof resolved.backend === "string" ? resolved.backend : resolved.backend.name;
  const host: BackendHost = {
    ...platform,
    wantsRemovals: () => events.wants("remove"),
    onRemoval: (storedKey, cause) => {
      events.emit("remove", { key: fromStoredKey(storedKey), namespace: namespaceOf(storedKey), cause });
    },
    onNotice: (notice) => tellNotice(events, storeName, notice),
  };
  const onNotice: TiersParts["onNotice"] = (notice) => tellNotice(events, storeName, notice);
  const parts: ChangeableParts = { mesh: undefined, log: undefined };
  const onMesh: TiersParts["onMesh"] = (mesh) => {
    parts.mesh = mesh;
  };
  const tracing: TracerSlot = { current: undefined };
  const owners = createOwnersOf(resolved, host, { onNotice, onMesh, tracing });
  const last = createBackend(resolved, owners?.backend ?? createStore(resolved, host), host, events);
  const middle = createMiddleTiers(resolved, (tierName, notice) => tellNotice(events, tierName, notice), host);
  const backend = createTiered(resolved, last, { middle, peers: owners?.peers, onNotice, onMesh }, host);
  assertStaleKept(resolved, backend);
  const { policy, maxBackgroundLoads, breaker } = resolved.loading;
  const cache: Cache = assembleCache({
    ...platform,
    backend,
    events,
    deadlines: resolved.deadlines,
    defaultTtlMs: findDefaultTtlMs(resolved),
    rootPath,
    ...{ loadPolicy: policy, maxBackgroundLoads, storeBreaker: breaker },
    tracing,
    attachments: createObservers(resolved, () => cache, parts),
  });
  rememberParts(cache, resolved, parts);
  return cache;
}

/** The store with what the configuration puts in front of it, and the bound of the last tier around all of it. */
function createTiered(
  { tiers, maxStalenessMs, deadlines, distributed, transport }: ResolvedConfig,
  { backend: far, encode }: LastTier,
  { middle, peers, onNotice, onMesh }: Pick<TiersParts, "middle" | "peers" | "onNotice" | "onMesh">,
  host: BackendHost,
): Backend {
  const [first] = tiers;
  const near = peers === undefined ? first : { ...first, memory: copyBounds(first.memory) };
  const { ttlMs, write } = tiers.at(-1) as ResolvedTier;
  const grpc = distributed?.settings;
  const parts = { near, far, middle, encode, write, deadlines, maxStalenessMs, grpc, peers, transport };
  const tiered = tiers.length === 1 ? far : createTiers({ ...parts, onNotice, onMesh }, host);
  return ttlMs === Number.POSITIVE_INFINITY ? tiered : createCappedTtlBackend(tiered, ttlMs);
}

/** The nodes as their own store, where the configuration names no other. */
function createOwnersOf(
  { isOwnedByPeers, memory, maxStalenessMs, distributed }: ResolvedConfig,
  host: BackendHost,
  observers: Pick<OwnersParts, "onNotice" | "onMesh" | "tracing">,
): Owners | undefined {
  if (!isOwnedByPeers || distributed === undefined) return undefined;
  return createOwners({ memory, maxStalenessMs, grpc: distributed.settings, ...observers }, host);
}

/** The store that processes share, or the only one. */
interface LastTier extends Pick<TiersParts, "encode"> {
  /** Keeps values. */
  readonly backend: Backend;
}

function createBackend(config: ResolvedConfig, backend: Backend, host: BackendHost, events: EventHub): LastTier {
  if (backend.capabilities.storage === "values") {
    assertCodecUnused(config, backend.name);
    return { backend, encode: undefined };
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
  return {
    backend: createCodedBackend({ backend, codec, values, acks: createAcksOf(config, backend, host) }),
    encode: (value, storedKey) => codec.encode(value, storedKey),
  };
}

/** Other processes may keep copies of what a store of bytes has. Where this one does, it waits by its tiers. */
function createAcksOf(
  { tiers, maxStalenessMs }: ResolvedConfig,
  store: Backend,
  host: BackendHost,
): WriteAcks | undefined {
  return tiers.length === 1 ? createAcks(store, maxStalenessMs, host) : undefined;
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
