import { randomBytes, randomUUID } from "node:crypto";
import type { Backend, OperationContext } from "../../backend/backend.ts";
import type { BackendNotice } from "../../backend/backend-notice.ts";
import { assertWanted } from "../../backend/caller.ts";
import type { ConnectionCounts } from "../../backend/connection-counts.ts";
import type { BackendHost } from "../../backend/registry.ts";
import { adoptRedisClient } from "../../clients/redis/adopt-redis-client.ts";
import { createRedisClient } from "../../clients/redis/create-redis-client.ts";
import type { RedisClient } from "../../clients/redis/redis-client.ts";
import { ConfigError } from "../../foundation/errors.ts";
import { type ChangeChannels, createChangeChannels } from "./change-channels.ts";
import { createCoherentBackend } from "./coherent-backend.ts";
import { createPlainBackend } from "./plain-backend.ts";
import { probePublishing } from "./probe-publishing.ts";
import { readDatabase } from "./read-database.ts";
import type { RedisBackendSettings } from "./redis-backend-settings.ts";
import { translateRedisError } from "./redis-error.ts";
import { CLUSTER_KEYS, SINGLE_SERVER_KEYS } from "./redis-key-layout.ts";
import { reportServers } from "./redis-report.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * A store in Redis. Opens nothing before `connect`.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` for mode `coherent` with reads from replicas
 *
 * @example
 * ```ts no-run
 * const backend = createRedisBackend({ ...settings, mode: "coherent" }, host);
 * ```
 */
export function createRedisBackend(settings: RedisBackendSettings, host: BackendHost): Backend {
  const { name } = settings;
  assertPrimaryReads(settings);
  let onConnected = (): void => undefined;
  const onNotice = (notice: BackendNotice): void => {
    host.onNotice?.(notice);
    if (notice.kind === "connection" && notice.state === "connected") onConnected();
  };
  const client = createClient(settings, { ...host, onNotice });
  let database = "topology" in settings ? settings.db : undefined;
  let isSharded = false;
  const channels = createChangeChannels(
    () => database ?? 0,
    () => isSharded,
  );
  const parts = createParts(name, client, host, channels, () => database ?? 0);
  const { epoch, stop, ...operations } =
    settings.mode === "plain" ? createPlainBackend(parts) : createCoherentBackend(parts);
  return {
    ...operations,
    name,
    get epoch() {
      return epoch.current;
    },
    async connect(context) {
      await client.connect(context.signal);
      // Data may be lost while a connection is away, and one may be lost from here on, also before the first look has its answer.
      onConnected = () => epoch.refreshSoon();
      try {
        if (settings.mode === "coherent") database ??= await readDatabase(client, host.onNotice);
        await epoch.refresh();
        // The first look opens connections of its own, to every node of a cluster, each of which asks for another.
        await epoch.settled();
        if (settings.mode === "coherent") isSharded = await probePublishing(parts, host.onNotice);
      } catch (error) {
        throw translateRedisError(name, "connect", error);
      }
    },
    async close() {
      onConnected = () => undefined;
      stop?.();
      await client.close();
    },
    ping: (context) => pingAll(parts, context),
    connections: () => sumConnections(client),
    report: (context) => reportServers(parts, context),
  };
}

/** A replica may be behind: it would show entries and tags as they were before an invalidation that was confirmed. */
function assertPrimaryReads(settings: RedisBackendSettings): void {
  if (settings.mode !== "coherent" || !("topology" in settings)) return;
  const { topology } = settings;
  if (topology.kind !== "cluster" || topology.readFrom === "primary") return;
  throw new ConfigError(
    "GCX_CONFIG_INVALID",
    "topology.readFrom",
    `topology.readFrom "${topology.readFrom}" reads from replicas, which may be behind their primary, so an invalidation would not always win. Use "primary", or mode "plain".`,
  );
}

function createClient(settings: RedisBackendSettings, host: BackendHost): RedisClient {
  if ("client" in settings) return settings.client;
  if ("foreignClient" in settings) return adoptRedisClient(settings.foreignClient, settings, host);
  return createRedisClient(settings, host);
}

function createParts(
  name: string,
  client: RedisClient,
  host: BackendHost,
  channels: ChangeChannels,
  database: StoreParts["database"],
): StoreParts {
  const nonce = randomBytes(12).toString("base64url");
  let count = 0;
  return {
    name,
    client,
    channels,
    database,
    keys: client.topology === "cluster" ? CLUSTER_KEYS : SINGLE_SERVER_KEYS,
    clock: host.clock,
    scheduler: host.scheduler,
    unique: () => {
      count += 1;
      return `${nonce}${count}`;
    },
    // A client that sends again by itself would count twice, and nobody would know.
    withOpId: (request) =>
      client.resendsCommands && request.opId === undefined ? { ...request, opId: randomUUID() } : request,
  };
}

async function pingAll({ client, name }: StoreParts, context: OperationContext): Promise<void> {
  const options = { operation: "ping", kind: "read" } as const;
  assertWanted(context);
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
