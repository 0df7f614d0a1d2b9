import type { BackendCapabilities } from "../../backend/capabilities.ts";
import { encodeMemcachedKey } from "../../clients/memcached/memcached-key.ts";
import { CoherentLeases } from "./coherent-leases.ts";
import { CoherentReads } from "./coherent-reads.ts";
import { CoherentRevalidation } from "./coherent-revalidation.ts";
import { CoherentStore } from "./coherent-store.ts";
import { createItemChanges } from "./item-changes.ts";
import { MarkReader } from "./mark-reader.ts";
import { memcachedCapabilities } from "./memcached-capabilities.ts";
import { NamespaceMarks } from "./namespace-marks.ts";
import { OperationKeys } from "./operation-keys.ts";
import { RefreshClaims } from "./refresh-claims.ts";
import { ServerCall } from "./server-call.ts";
import { createTranslation } from "./server-error.ts";
import { lostMarks } from "./store-errors.ts";
import type { StoreOperations, StoreParts } from "./store-operations.ts";
import { TagMarks } from "./tag-marks.ts";
import { versionOf } from "./version-number.ts";

const CAPABILITIES: BackendCapabilities = memcachedCapabilities(true);

/** The operations of mode `coherent`. */
export function createCoherentOperations(parts: StoreParts): StoreOperations {
  const { settings, client, host } = parts;
  const { name } = settings;
  const { clock } = host;
  const reader = new MarkReader(client);
  const namespaces = new NamespaceMarks({ client, reader, clock });
  const tags = new TagMarks(client, reader);
  const operations = new OperationKeys(client, clock);
  const translate = createTranslation(name, client);
  const store = new CoherentStore({ name, client, namespaces, tags, operations, clock, translate });
  const reads = new CoherentReads({ client, namespaces, tags, clock, translate });
  const { writer, rounds, retry } = createItemChanges(parts, store, operations, async (key, call) => {
    const request = { kind: "delete", key: encodeMemcachedKey(key), flags: "" } as const;
    return (await client.send(request, call.write)).reply.status === "HD";
  });
  const stamp = (call: ServerCall): Promise<number> => drawStamp(namespaces, tags, call, name);
  return {
    loadLeases: new CoherentLeases({ ...retry, store, writer, stamp, claims: new RefreshClaims(client, clock) }),
    revalidation: new CoherentRevalidation({ client, namespaces, tags, clock, translate }),
    capabilities: CAPABILITIES,
    epoch: () => `memcached-${namespaces.versionBase.toString(36)}`,
    start: async (context) => {
      await namespaces.ensure(namespaces.root, new ServerCall("connect", context));
    },
    get: (key, context) => reads.get(key, context),
    getMulti: (keys, context) => reads.getMulti(keys, context),
    getStale: (keys, context) => reads.getStale(keys, context),
    set: (key, write, context) => writer.set(key, write, new ServerCall("set", context)),
    setMulti: (items, context) => writer.setMulti(items, new ServerCall("setMulti", context)),
    delete: (key, context) => writer.delete(key, new ServerCall("delete", context)),
    deleteMulti: (keys, context) => writer.deleteMulti(keys, new ServerCall("deleteMulti", context)),
    expire: (key, ttlMs, context) => {
      const call = new ServerCall("expire", context);
      return ttlMs <= 0 ? writer.delete(key, call) : writer.expire(key, ttlMs, call);
    },
    increment: (key, request, context) => rounds.count(key, request, context),
    commit: (checks, writes, context) => writer.commit(checks, writes, new ServerCall("transaction", context)),
    invalidateTags: async (list, context) => {
      if (list.length > 0) await tags.invalidate(list, new ServerCall("invalidateTags", context));
    },
    stamp: (context) => stamp(new ServerCall("stamp", context)),
    clear: (path, context) => namespaces.clear(path, new ServerCall("clear", context)),
  };
}

/** How often a stamp is drawn anew because the root's mark was lost meanwhile. */
const MAX_STAMPS = 4;

/** The base and the number come over one connection: no restart can lie between them. */
async function drawStamp(namespaces: NamespaceMarks, tags: TagMarks, call: ServerCall, name: string): Promise<number> {
  const { root } = namespaces;
  for (let attempt = 0; attempt < MAX_STAMPS; attempt += 1) {
    const { cas, others } = await tags.stamp(root.requests, call);
    const namespace = namespaces.stateIn(root, others);
    if (namespace !== undefined) return versionOf(namespace.versionBase, cas);
    await namespaces.ensure(root, call);
  }
  throw lostMarks(name, call.operation);
}
