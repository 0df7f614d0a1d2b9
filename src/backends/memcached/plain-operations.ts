import type { BackendCapabilities } from "../../backend/capabilities.ts";
import { UnsupportedOperationError } from "../../foundation/errors.ts";
import { createItemChanges } from "./item-changes.ts";
import { memcachedCapabilities } from "./memcached-capabilities.ts";
import { OperationKeys } from "./operation-keys.ts";
import { PlainStore } from "./plain-store.ts";
import { ServerCall } from "./server-call.ts";
import { createTranslation } from "./server-error.ts";
import type { StoreOperations, StoreParts } from "./store-operations.ts";

const CAPABILITIES: BackendCapabilities = memcachedCapabilities(false);

/** The operations of mode `plain`. */
export function createPlainOperations(parts: StoreParts): StoreOperations {
  const { settings, client, host } = parts;
  const { name } = settings;
  const { clock } = host;
  const store = new PlainStore(client, clock, createTranslation(name, client));
  const operations = new OperationKeys(client, clock);
  const { writer, rounds } = createItemChanges(parts, store, operations, (key, call) => store.delete(key, call));
  return {
    capabilities: CAPABILITIES,
    epoch: () => `memcached-${client.incarnation}`,
    start: async () => undefined,
    get: (key, context) => store.get(key, context),
    getMulti: (keys, context) => store.getMulti(keys, context),
    set: (key, write, context) => writer.set(key, write, new ServerCall("set", context)),
    setMulti: (items, context) => store.putMulti(items, new ServerCall("setMulti", context)),
    delete: (key, context) => store.delete(key, new ServerCall("delete", context)),
    deleteMulti: (keys, context) => store.deleteMulti(keys, new ServerCall("deleteMulti", context)),
    expire: (key, ttlMs, context) => {
      const call = new ServerCall("expire", context);
      return ttlMs <= 0 ? store.delete(key, call) : store.touch(key, ttlMs, call);
    },
    increment: async (key, request, context) => {
      if (request.opId !== undefined) {
        throw new UnsupportedOperationError(
          "increment",
          `The store "${name}" has no place for an opId in mode "plain". Leave it out, or use mode "coherent".`,
        );
      }
      return rounds.count(key, request, context);
    },
    commit: (checks, writes, context) => writer.commit(checks, writes, new ServerCall("transaction", context)),
  };
}
