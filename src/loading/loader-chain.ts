import { AsyncLocalStorage } from "node:async_hooks";
import { LoaderError } from "../foundation/errors.ts";
import { adoptThenable } from "../foundation/is-thenable.ts";
import type { Load } from "./load.ts";

const running = new AsyncLocalStorage<Load | undefined>();
/** Loaders that have been called and have not settled. */
let loaderCount = 0;

/**
 * Calls a loader so that what it asks for is known to be asked by its load.
 *
 * Up to Node 22 a storage that was used once makes every promise of the process slower, a bare `await` two to three times. So it is switched off
 * while no loader runs: hits cost what they would cost without it. What was begun before by a loader that has settled is of no load then, which is right.
 *
 * @returns what the loader returned; a promise for what a thenable brings, which is asked once
 */
export function callLoader<T>(load: Load, call: () => T): T | Promise<Awaited<T>> {
  loaderCount += 1;
  let result: T | Promise<Awaited<T>>;
  try {
    result = running.run(load, () => adoptThenable(call()));
  } catch (error) {
    leave();
    throw error;
  }
  if (result instanceof Promise) result.then(leave, leave);
  else leave();
  return result;
}

/** Calls what asks on behalf of a load's loader, or of no loader, in a turn that may be somebody else's. */
export function callInside<T>(load: Load | undefined, call: () => T): T {
  return loaderCount === 0 ? call() : running.run(load, call);
}

/** The load whose loader calls now, if one does. For whoever waits later, in another turn, on its behalf. */
export function callingLoad(): Load | undefined {
  return loaderCount === 0 ? undefined : running.getStore();
}

/**
 * Waits for a load, for somebody who may be a loader.
 *
 * A loader that waits for its own load, or for one that waits for it, waits for ever: the edges "this load waits for that one" are kept while somebody waits, and a wait
 * that would close a circle is refused. O(calls of loaders that wait for each other), and one look where the caller is no loader.
 *
 * @throws LoaderError `GCX_LOADER_REENTRANT`
 */
export function waitInside<T>(load: Load, wait: () => Promise<T>): Promise<T> {
  const waiting = callingLoad();
  if (waiting === undefined || waiting.run.isOver) return wait();
  if (load.run.waitsFor(waiting.run)) {
    throw new LoaderError(
      "GCX_LOADER_REENTRANT",
      "A loader asked for a key whose load waits for this very loader. Read it with get, or load it before.",
    );
  }
  return waiting.run.during(load, wait());
}

function leave(): void {
  loaderCount -= 1;
  if (loaderCount === 0) running.disable();
}
