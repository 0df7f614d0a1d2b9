import type { Cache } from "./cache/cache.ts";
import type { CacheAttachment } from "./cache/cache-attachment.ts";
import type { ResolvedConfig } from "./config/resolve-config.ts";
import type { AttachedTracing, AttachedTracingOptions } from "./observability/opentelemetry/setup/attached-tracing.ts";
import type { ServerPlace } from "./observability/opentelemetry/store-attributes.ts";

/** Longest that the end of a cache waits for its last spans to be taken, in ms, and not longer than its deadline. */
const MAX_FLUSH_MS = 5_000;

/** Makes what the section `tracing` asks for; `undefined`: nothing is traced. Loads nothing yet. */
export function createTracing(config: ResolvedConfig, cacheOf: () => Cache): CacheAttachment | undefined {
  const { tracing: settings, deadlines } = config;
  if (settings === undefined) return undefined;
  let opening: Promise<AttachedTracing> | undefined;
  return {
    name: "Tracing",
    async open() {
      const flushMs = Math.min(deadlines.closeMs, MAX_FLUSH_MS);
      opening ??= attach(cacheOf(), { settings, server: findServer(config), flushMs });
      try {
        await opening;
      } catch (error) {
        opening = undefined;
        throw error;
      }
    },
    async close() {
      // Also what is only being opened: nobody else would end it.
      const opened = await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
}

async function attach(cache: Cache, options: AttachedTracingOptions): Promise<AttachedTracing> {
  const { attachTracing } = await import("./observability/opentelemetry/setup/attached-tracing.ts");
  return attachTracing(cache, options);
}

/** The address of the store that is asked, where there is one. */
function findServer({ backend, redis, memcached, sharding, isOwnedByPeers }: ResolvedConfig): ServerPlace | undefined {
  if (sharding !== undefined || isOwnedByPeers) return undefined;
  if (backend === "redis") {
    const { topology } = redis.settings;
    return redis.client === undefined && topology.kind === "standalone" ? toPlace(topology.address) : undefined;
  }
  const [server, ...others] = backend === "memcached" ? memcached.servers : [];
  return server === undefined || others.length > 0 ? undefined : toPlace(server.address);
}

function toPlace(address: string): ServerPlace {
  if (address.startsWith("/")) return { address };
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  return { address: host === "" ? "localhost" : host, port: Number(address.slice(at + 1)) };
}
