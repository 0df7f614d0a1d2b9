import type { BackendCapabilities } from "../../backend/capabilities.ts";
import { UnsupportedOperationError } from "../../foundation/errors.ts";
import { patienceOf } from "./conflict.ts";
import { CounterRounds } from "./counter-rounds.ts";
import { EntryWriter } from "./entry-writer.ts";
import { KeyQueue } from "./key-queue.ts";
import { OperationKeys } from "./operation-keys.ts";
import { PlainStore } from "./plain-store.ts";
import { reserveKey } from "./reserve-key.ts";
import { ServerCall } from "./server-call.ts";
import { createTranslation } from "./server-error.ts";
import { isServerSilent } from "./store-errors.ts";
import type { StoreOperations, StoreParts } from "./store-operations.ts";

const CAPABILITIES: BackendCapabilities = Object.freeze({
  storage: "bytes",
  local: false,
  conditionalWrites: true,
  counters: true,
  transactions: "single-key",
  leases: false,
  tags: false,
  scan: false,
  clear: false,
});

/** The operations of mode `plain`. */
export function createPlainOperations({ settings, client, host, deadlines }: StoreParts): StoreOperations {
  const { clock, random, scheduler } = host;
  const { name } = settings;
  const store = new PlainStore(client, clock, createTranslation(name, client));
  const retry = { name, random, scheduler };
  const writer = new EntryWriter({
    ...retry,
    store,
    queue: new KeyQueue(deadlines, isServerSilent),
    patienceMs: patienceOf(settings.timeoutMs),
    removeAnyway: (key, call) => store.delete(key, call),
  });
  const operations = new OperationKeys(client, clock);
  const rounds = new CounterRounds({
    ...retry,
    store,
    operations,
    reserve: (found, call) => reserveKey(client, found, call),
  });
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
