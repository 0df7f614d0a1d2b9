import type { Backend } from "../backend/backend.ts";
import type { CodecSettings } from "../codec/codec-settings.ts";
import type { CacheTransport } from "../coherence/transport.ts";
import type { ByteSize } from "../foundation/byte-size.ts";
import { type Duration, parseDuration } from "../foundation/duration.ts";
import { CACHE_FIELDS, type CacheConfig } from "./cache-config.ts";
import { isBuiltInBackend } from "./plugin-names.ts";
import { resolveCodec } from "./resolve-codec.ts";
import { type ResolvedGrpcConfig, resolveGrpc } from "./resolve-grpc.ts";
import { type ResolvedMemcachedConfig, resolveMemcached } from "./resolve-memcached.ts";
import { type ResolvedMemoryConfig, resolveMemory, toBytes, toTtlMs } from "./resolve-memory.ts";
import { type ResolvedRedisConfig, resolveRedis } from "./resolve-redis.ts";
import { isOwnedByPeers, listActiveTiers } from "./rules/active-sections.ts";
import { CONSISTENCY_FIELDS } from "./sections/consistency-config.ts";
import { TIER_FIELDS, type TierConfig } from "./sections/tier-config.ts";
import { withTierCodec } from "./tier-codec.ts";

/** A store and the settings of each kind, of which it uses its own. */
export interface ResolvedStore {
  /** Name of the store, or the store itself. */
  readonly backend: string | Backend;
  readonly memory: ResolvedMemoryConfig;
  readonly redis: ResolvedRedisConfig;
  readonly memcached: ResolvedMemcachedConfig;
  /** The section named after the plug-in that is used, as the user wrote it; empty for others. */
  readonly pluginOptions: Readonly<Record<string, unknown>>;
}

/** {@link TierConfig} with defaults filled in and units settled. */
export interface ResolvedTier extends ResolvedStore {
  /** Longest time that an entry stays in this tier; `Infinity`: as long as its own TTL says. */
  readonly ttlMs: number;
  readonly write: ResolvedTierWrite;
  /** How long a read waits for a tier between the first and the last. */
  readonly timeoutMs: number;
  /** How values become bytes in this tier, where it keeps bytes. */
  readonly codec: CodecSettings;
}

/** Longest stay in a tier of copies that does not say: nobody ends what is there, and copies that are older can hardly be proven. */
const MIDDLE_TTL_MS = 3_600_000;

/** How what is written reaches a tier. */
export type ResolvedTierWrite =
  | { readonly kind: "through" | "around" }
  | {
      readonly kind: "behind";
      readonly maxPendingCount: number;
      /** Infinity: no bound. */
      readonly maxPendingBytes: number;
    };

/** How nodes tell each other about changes. */
export interface ResolvedDistribution {
  readonly transport: "grpc";
  readonly settings: ResolvedGrpcConfig;
}

/** What a cache is made of, and what keeps its parts together. */
export interface ResolvedTiers {
  /** Fastest first; a single one when the configuration names none. */
  readonly tiers: readonly [ResolvedTier, ...ResolvedTier[]];
  /** The longest that a copy is served after it was last known to be current. */
  readonly maxStalenessMs: number;
  /** Whether the nodes keep the keys themselves, as the last tier. */
  readonly isOwnedByPeers: boolean;
  /** `undefined`: they do not. */
  readonly distributed: ResolvedDistribution | undefined;
  /** A transport that the configuration brings; `undefined`: none. */
  readonly transport: CacheTransport | undefined;
}

/** The tiers of a configuration whose values and combinations are allowed. Frozen. */
export function resolveTiers(config: CacheConfig): ResolvedTiers {
  const sections = listActiveTiers(config).map(({ section }) => section);
  const named: readonly TierConfig[] = sections.length === 0 ? [{}] : sections;
  const tiers = named.map((section, index) =>
    resolveTier(config, section, index === named.length - 1 ? "last" : index === 0 ? "first" : "middle"),
  );
  const maxStaleness: Duration =
    config.consistency?.maxStaleness ?? (CONSISTENCY_FIELDS.maxStaleness.default as Duration);
  return Object.freeze({
    tiers: Object.freeze(tiers) as unknown as ResolvedTiers["tiers"],
    // Checked before, so that a text has a unit.
    maxStalenessMs: typeof maxStaleness === "number" ? maxStaleness : (parseDuration(maxStaleness) as number),
    isOwnedByPeers: isOwnedByPeers(config),
    distributed:
      config.distributed === true
        ? Object.freeze({ transport: "grpc", settings: resolveGrpc(config.grpc ?? {}) })
        : undefined,
    transport: config.transport,
  });
}

/** A tier's own sections win over the cache's. `place`: of several tiers; the only one is the last. */
function resolveTier(config: CacheConfig, section: TierConfig, place: "first" | "middle" | "last"): ResolvedTier {
  const backend = section.backend ?? config.backend ?? (CACHE_FIELDS.backend.default as string);
  const memory = section.memory ?? config.memory ?? {};
  const resolvedMemory = resolveMemory(section.size === undefined ? memory : { ...memory, maxSize: section.size });
  // In front of another tier nothing is written without that one, so that a TTL for such entries would never count.
  const firstTtlMs = place === "first" && backend === "memory" ? resolvedMemory.defaultTtlMs : undefined;
  const defaultTtlMs = place === "middle" ? MIDDLE_TTL_MS : firstTtlMs;
  return Object.freeze({
    backend,
    memory: resolvedMemory,
    redis: resolveRedis(section.redis ?? config.redis ?? {}),
    memcached: resolveMemcached(section.memcached ?? config.memcached ?? {}),
    pluginOptions: Object.freeze(findPluginOptions(config, section, backend)),
    ttlMs: toTtlMs(section.ttl) ?? defaultTtlMs ?? Number.POSITIVE_INFINITY,
    write: Object.freeze(resolveWrite(section)),
    timeoutMs: toTtlMs(section.timeout ?? (TIER_FIELDS.timeout.default as string)) as number,
    codec: resolveCodec(withTierCodec(config, section)),
  });
}

function resolveWrite({ write = "through", maxPendingWrites, maxPendingSize }: TierConfig): ResolvedTierWrite {
  if (write !== "behind") return { kind: write };
  return {
    kind: write,
    maxPendingCount: maxPendingWrites ?? (TIER_FIELDS.maxPendingWrites.default as number),
    maxPendingBytes: toBytes(maxPendingSize ?? (TIER_FIELDS.maxPendingSize.default as ByteSize)),
  };
}

function findPluginOptions(
  config: CacheConfig,
  section: TierConfig,
  backend: string | Backend,
): Record<string, unknown> {
  if (typeof backend !== "string" || isBuiltInBackend(backend)) return {};
  return { ...(ownSection(section, backend) ?? ownSection(config, backend)) };
}

function ownSection(sections: object, name: string): Record<string, unknown> | undefined {
  const own = sections as Readonly<Record<string, unknown>>;
  return Object.hasOwn(own, name) ? (own[name] as Record<string, unknown> | undefined) : undefined;
}
