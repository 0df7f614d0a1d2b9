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
  readonly #errors = new Map<string, Error>();

  constructor(scheduler: Pick<Scheduler, "soon">) {
    this.#scheduler = scheduler;
  }

  /** The error of a reason and an operation; made when it is the first of this turn. */
  for(reason: string, { operation, kind }: MemcachedCallOptions, make: () => Error): Error {
    const name = `${reason} ${kind} ${operation}`;
    const known = this.#errors.get(name);
    if (known !== undefined) return known;
    if (this.#errors.size === 0) this.#scheduler.soon(() => this.#errors.clear());
    const error = make();
    this.#errors.set(name, error);
    return error;
  }
}
