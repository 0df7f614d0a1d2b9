import { patienceOf, type RetryParts } from "./conflict.ts";
import { CounterRounds } from "./counter-rounds.ts";
import { EntryWriter } from "./entry-writer.ts";
import type { ItemStore } from "./item-store.ts";
import { KeyQueue } from "./key-queue.ts";
import type { OperationKeys } from "./operation-keys.ts";
import { reserveKey } from "./reserve-key.ts";
import type { ServerCall } from "./server-call.ts";
import { isServerSilent } from "./store-errors.ts";
import type { StoreParts } from "./store-operations.ts";

/** What changes items by what stands there, the same in both modes. */
export interface ItemChanges {
  /** Writes on condition. */
  readonly writer: EntryWriter;
  /** Counters. */
  readonly rounds: CounterRounds;
  /** How whoever lost a race tries again. */
  readonly retry: RetryParts;
}

/**
 * Makes what changes the items of a store.
 *
 * @param removeAnyway removes a key whatever stands there, and tells whether something did
 */
export function createItemChanges(
  { settings, client, host, deadlines }: StoreParts,
  store: ItemStore,
  operations: OperationKeys,
  removeAnyway: (key: string, call: ServerCall) => Promise<boolean>,
): ItemChanges {
  const { name, timeoutMs } = settings;
  const { random, scheduler } = host;
  const retry = { name, random, scheduler };
  const queue = new KeyQueue(deadlines, isServerSilent);
  const writer = new EntryWriter({ ...retry, store, queue, patienceMs: patienceOf(timeoutMs), removeAnyway });
  const rounds = new CounterRounds({
    ...retry,
    store,
    operations,
    reserve: (found, call) => reserveKey(client, found, call),
  });
  return { writer, rounds, retry };
}
