import type { OperationContext } from "../../backend/backend.ts";
import { MemcachedServerError } from "../../clients/memcached/memcached-server-error.ts";
import { sliceByCount } from "./batch-slices.ts";
import type { Reservation } from "./coherent-finds.ts";
import type { CoherentStore } from "./coherent-store.ts";
import type { FoundItem } from "./item-store.ts";
import { isAbandoned } from "./server-call.ts";

interface WaitingRead extends Reservation {
  readonly context: OperationContext;
  readonly resolve: (found: FoundItem) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads that reserve what is not there, those of one turn in one batch: the marks of a namespace are asked for once for all of them, and a process with
 * hundreds of loads that wait for others looks after all of them with one round trip.
 */
export class LeaseReads {
  readonly #store: CoherentStore;
  #waiting: WaitingRead[] = [];

  constructor(store: CoherentStore) {
    this.#store = store;
  }

  /**
   * What stands under a key, with an empty item made for so many seconds where nothing does. Rejects with the client's errors, or with the signal's reason
   * when nobody waits any more before it is sent.
   */
  read(key: string, seconds: number, context: OperationContext): Promise<FoundItem> {
    return new Promise((resolve, reject) => {
      // nextTick and not a microtask: the callers that one chunk of replies woke have all asked by then.
      if (this.#waiting.push({ key, seconds, context, resolve, reject }) === 1) process.nextTick(() => this.#send());
    });
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const wanted: WaitingRead[] = [];
    for (const one of waiting) {
      if (isAbandoned(one.context)) one.reject(one.context.signal?.reason);
      else wanted.push(one);
    }
    for (const slice of sliceByCount(wanted)) this.#sendSlice(slice);
  }

  #sendSlice(slice: readonly WaitingRead[]): void {
    this.#store.findOrReserve(slice).then(
      (all) => {
        for (const [index, { resolve, reject }] of slice.entries()) {
          const found = all[index] as FoundItem | MemcachedServerError;
          if (found instanceof MemcachedServerError) reject(found);
          else resolve(found);
        }
      },
      (error: unknown) => {
        for (const { reject } of slice) reject(error);
      },
    );
  }
}
