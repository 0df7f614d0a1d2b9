import type { Scheduler } from "../../foundation/scheduler.ts";
import type { MemcachedCallOptions } from "./memcached-client.ts";

/**
 * Errors of calls that fail together, for one reason: all that fail in a turn of the event loop for the same reason, with the same
 * operation, get the same object. An error costs some 10 µs; without this, 10,000 calls to a server that hangs would learn of it up to
 * 100 ms late. Nothing is lost: made in a timer, their stacks say nothing of the callers.
 *
 * Not for errors that are made while the caller is on the stack.
 */
export class SharedErrors {
  readonly #scheduler: Pick<Scheduler, "soon">;
  /** Errors of this turn by operation, by reason and kind. Three levels: putting the names together would cost more than finding them. */
  readonly #reads = new Map<string, Map<string, Error>>();
  readonly #writes = new Map<string, Map<string, Error>>();
  #isClearing = false;

  constructor(scheduler: Pick<Scheduler, "soon">) {
    this.#scheduler = scheduler;
  }

  /** The error of a reason and an operation; made when it is the first of this turn. */
  for(reason: string, { operation, kind }: MemcachedCallOptions, make: () => Error): Error {
    const reasons = kind === "read" ? this.#reads : this.#writes;
    let operations = reasons.get(reason);
    if (operations === undefined) {
      operations = new Map();
      reasons.set(reason, operations);
    }
    const known = operations.get(operation);
    if (known !== undefined) return known;
    const error = make();
    operations.set(operation, error);
    this.#planClear();
    return error;
  }

  #planClear(): void {
    if (this.#isClearing) return;
    this.#isClearing = true;
    this.#scheduler.soon(() => {
      this.#isClearing = false;
      this.#reads.clear();
      this.#writes.clear();
    });
  }
}
