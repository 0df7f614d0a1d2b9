import { randomBytes } from "node:crypto";
import type { Backend, OperationContext } from "../../backend/backend.ts";
import type { BackendCapabilities } from "../../backend/capabilities.ts";
import type { ConnectionCounts } from "../../backend/connection-counts.ts";
import type { BackendHost } from "../../backend/registry.ts";
import type { RedisClient } from "../../clients/redis/redis-client.ts";
import { scanRecords } from "./coherent-scan.ts";
import { CoherentStore } from "./coherent-store.ts";
import { readEpoch } from "./epoch.ts";
import type { RedisBackendSettings } from "./redis-backend-settings.ts";
import { translateRedisError } from "./redis-error.ts";
import { CLUSTER_KEYS, SINGLE_SERVER_KEYS } from "./redis-key-layout.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * A store in Redis. Opens nothing before `connect`.
 *
 * @example
 * ```ts no-run
 * const backend = createRedisBackend({ ...settings, mode: "coherent" }, host);
 * ```
 */
export function createRedisBackend(settings: RedisBackendSettings, host: BackendHost): Backend {
  if (!("client" in settings)) throw new TypeError("not yet");
  return createCoherentBackend(createParts(settings.name, settings.client, host));
}

function createParts(name: string, client: RedisClient, host: BackendHost): StoreParts {
  const nonce = randomBytes(12).toString("base64url");
  let count = 0;
  const unique = (): string => {
    count += 1;
    return `${nonce}${count}`;
  };
  return {
    name,
    client,
    keys: client.topology === "cluster" ? CLUSTER_KEYS : SINGLE_SERVER_KEYS,
    clock: host.clock,
    unique,
    withOpId: (request) => request,
  };
}

function createCoherentBackend(parts: StoreParts): Backend {
  const { client, name } = parts;
  const store = new CoherentStore(parts);
  const capabilities: BackendCapabilities = Object.freeze({
    storage: "bytes",
    local: false,
    conditionalWrites: true,
    counters: true,
    transactions: client.topology === "cluster" ? "co-located" : "any-keys",
    leases: true,
    tags: true,
    scan: true,
    clear: true,
  });
  let epoch = "unknown";
  return {
    name,
    capabilities,
    get epoch() {
      return epoch;
    },
    async connect(context) {
      await client.connect(context.signal);
      try {
        epoch = await readEpoch(parts, context);
      } catch (error) {
        throw translateRedisError(name, "connect", error);
      }
    },
    close: () => client.close(),
    ping: (context) => pingAll(parts, context),
    connections: () => sumConnections(client),
    get: (key, context) => store.get(key, context),
    getMulti: (keys, context) => store.getMulti(keys, context),
    set: (key, write, context) => store.set(key, write, context),
    setMulti: (items, context) => store.setMulti(items, context),
    delete: (key, context) => store.delete(key, context),
    deleteMulti: (keys, context) => store.deleteMulti(keys, context),
    expire: (key, ttlMs, context) => store.expire(key, ttlMs, context),
    increment: (key, request, context) => store.increment(key, request, context),
    commit: (checks, writes, context) => store.commit(checks, writes, context),
    areColocated: (keys) => store.areColocated(keys),
    lease: (request, context) => store.lease(request, context),
    invalidateTags: (tags, context) => store.invalidateTags(tags, context),
    stamp: () => store.stamp(),
    clear: (namespace, context) => store.clear(namespace, context),
    scan: (prefix, context) => scanRecords(parts, store.tags, prefix, context),
  };
}

async function pingAll({ client, name }: StoreParts, { signal }: OperationContext): Promise<void> {
  const options = { operation: "ping", kind: "read", signal } as const;
  try {
    await Promise.all(client.primaries().map((node) => node.call(["PING"], options)));
  } catch (error) {
    throw translateRedisError(name, "ping", error);
  }
}

function sumConnections(client: RedisClient): ConnectionCounts {
  const sum = { open: 0, inFlight: 0, waiting: 0 };
  for (const { open, inFlight, waiting } of client.connections()) {
    sum.open += open;
    sum.inFlight += inFlight;
    sum.waiting += waiting;
  }
  return sum;
}
