import type { Backend, BackendUsage } from "../../backend/backend.ts";
import type { BackendHost } from "../../backend/registry.ts";
import { createMemcachedClient } from "../../clients/memcached/create-memcached-client.ts";
import type { MemcachedClient, MemcachedNotice } from "../../clients/memcached/memcached-client.ts";
import { formatServerAddress, parseServerAddress } from "../../clients/server-address.ts";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { BackendUnavailableError } from "../../foundation/errors.ts";
import { createLoadTier } from "./coherent-load-tier.ts";
import { createCoherentOperations } from "./coherent-operations.ts";
import type { LoadLeases } from "./load-leases.ts";
import type { MemcachedBackendSettings } from "./memcached-backend-settings.ts";
import { createPlainOperations } from "./plain-operations.ts";
import { ServerCall } from "./server-call.ts";
import { createTranslation } from "./server-error.ts";
import { reportServer } from "./server-report.ts";
import type { StoreParts } from "./store-operations.ts";

/** A store on one Memcached server. */
export interface MemcachedBackend extends Backend {
  /** Loads that a fleet runs one at a time; mode `coherent` only. */
  readonly loadLeases?: LoadLeases;
}

/** Features without which a server is not used, and what its operator can do. */
const NEEDED_FEATURES: Readonly<Record<string, string>> = {
  cas: "it gives out no CAS numbers. Start it without -C, or update it to 1.6.",
  base64Keys: "it takes no keys in base64. Update it to 1.6.",
};
const USAGE: BackendUsage = Object.freeze({ keyCount: undefined, memoryUsageBytes: undefined, evictions: 0 });

/**
 * A store on one Memcached server (1.6 or later), over the meta protocol. Opens nothing before `connect`.
 *
 * Values over the server's item limit (`-I`, 1 MiB by default) are refused with `EntryTooLargeError`, and nothing is sent.
 *
 * @throws TypeError for an address or credentials that the client cannot use
 */
export function createMemcachedBackend(settings: MemcachedBackendSettings, host: BackendHost): MemcachedBackend {
  const { name } = settings;
  const client = createMemcachedClient(settings, { ...host, onNotice: forwardNotices(settings, host) });
  const deadlines = new DeadlineQueue(host);
  const parts: StoreParts = { settings, client, host, deadlines };
  const operations = settings.mode === "plain" ? createPlainOperations(parts) : createCoherentOperations(parts);

  const translate = createTranslation(name, client);

  /** Runs a call; a server's error becomes one of the family. */
  async function run<T>(operation: string, call: () => T | Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw translate(error, operation);
    }
  }

  const seenEvictions = { unfetchedCount: undefined };
  const { getStale, invalidateTags, stamp, clear, revalidation } = operations;
  const loadLeases = operations.loadLeases && translated(operations.loadLeases, run);
  return {
    name,
    capabilities: operations.capabilities,
    get epoch() {
      return operations.epoch();
    },
    connect: (context) =>
      run("connect", async () => {
        await client.connect(context.signal);
        assertUsable(client, name);
        await operations.start(context);
      }),
    close: async () => {
      deadlines.clear();
      await client.close();
    },
    ping: (context) =>
      run("ping", async () => {
        await client.send({ kind: "noop" }, new ServerCall("ping", context).read);
      }),
    get: (key, context) => {
      try {
        return operations.get(key, context);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    getMulti: (keys, context) => {
      try {
        return operations.getMulti(keys, context);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    set: (key, write, context) => {
      if (write.condition !== undefined || write.returnPrevious === true || write.tagsUnchangedSince !== undefined) {
        return run("set", () => operations.set(key, write, context));
      }
      try {
        return operations.set(key, write, context);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    setMulti: (items, context) => run("setMulti", () => operations.setMulti(items, context)),
    delete: (key, context) => run("delete", () => operations.delete(key, context)),
    deleteMulti: (keys, context) => run("deleteMulti", () => operations.deleteMulti(keys, context)),
    expire: (key, ttlMs, context) => run("expire", () => operations.expire(key, ttlMs, context)),
    increment: (key, request, context) => run("increment", () => operations.increment(key, request, context)),
    commit: (checks, writes, context) => run("commit", () => operations.commit(checks, writes, context)),
    ...(invalidateTags && {
      invalidateTags: (tags, context) => run("invalidateTags", () => invalidateTags(tags, context)),
    }),
    ...(stamp && { stamp: (context) => run("stamp", () => stamp(context)) }),
    ...(clear && { clear: (namespace, context) => run("clear", () => clear(namespace, context)) }),
    ...(getStale && { getStale: (keys, context) => run("getStale", () => getStale(keys, context)) }),
    ...(revalidation && { revalidation }),
    ...(loadLeases && { loadLeases, loadTier: createLoadTier(loadLeases) }),
    usage: () => USAGE,
    connections: () => client.connections(),
    report: async (context) => ({
      nodes: [await reportServer(client, host.clock, seenEvictions, new ServerCall("report", context))],
    }),
  };
}

/** Runs a call and translates its errors. */
type Run = <T>(operation: string, call: () => T | Promise<T>) => Promise<T>;

function translated(leases: LoadLeases, run: Run): LoadLeases {
  return {
    read: (key, options, context) => run("load", () => leases.read(key, options, context)),
    fill: (lease, write, context) => run("load", () => leases.fill(lease, write, context)),
    release: (lease, context) => run("load", () => leases.release(lease, context)),
    claimRefresh: (key, version, claimMs, context) =>
      run("claimRefresh", () => leases.claimRefresh(key, version, claimMs, context)),
    releaseRefresh: (key, version, context) =>
      run("releaseRefresh", () => leases.releaseRefresh(key, version, context)),
    invalidate: (key, options, context) => run("invalidate", () => leases.invalidate(key, options, context)),
  };
}

function forwardNotices(
  settings: MemcachedBackendSettings,
  { onNotice }: BackendHost,
): ((notice: MemcachedNotice) => void) | undefined {
  const node = formatServerAddress(parseServerAddress(settings.address));
  return onNotice && ((notice) => onNotice({ ...notice, node }));
}

function assertUsable({ address, features }: MemcachedClient, name: string): void {
  for (const [feature, why] of Object.entries(NEEDED_FEATURES)) {
    if (features[feature] !== false) continue;
    throw new BackendUnavailableError(name, "connect", `${name}: ${address} cannot be used: ${why}`);
  }
}
