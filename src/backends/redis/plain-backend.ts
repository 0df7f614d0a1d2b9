import type { ModeBackend } from "./coherent-backend.ts";
import { EpochWatch, readProcessIds } from "./epoch.ts";
import { flushBefore } from "./flush-before.ts";
import { scanPlainKeys } from "./plain-scan.ts";
import { PlainStore } from "./plain-store.ts";
import { PlainWriter } from "./plain-writer.ts";
import type { StoreParts } from "./store-parts.ts";

/** Entries as any other client reads and writes them. */
export function createPlainBackend(given: StoreParts): ModeBackend {
  const writer = new PlainWriter(given);
  const parts: StoreParts = { ...given, client: flushBefore(given.client, () => writer.flush()) };
  const store = new PlainStore(parts, writer);
  return {
    // Nothing of ours lies in the server, so only its processes tell whether it may have lost something.
    epoch: new EpochWatch(() => readProcessIds(parts)),
    capabilities: Object.freeze({
      storage: "bytes",
      local: false,
      conditionalWrites: true,
      counters: true,
      transactions: parts.client.topology === "cluster" ? "co-located" : "any-keys",
      leases: true,
      tags: false,
      scan: true,
      clear: false,
    }),
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
    scan: (prefix, context) => scanPlainKeys(parts, prefix, context),
  };
}
