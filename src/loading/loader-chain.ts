import { AsyncLocalStorage } from "node:async_hooks";
import { LoaderError } from "../foundation/errors.ts";
import type { Load } from "./load.ts";

const running = new AsyncLocalStorage<Load | undefined>();

/** Calls a loader so that what it asks for is known to be asked by its load; `undefined`: by no loader. */
export function callInside<T>(load: Load | undefined, call: () => T): T {
  return running.run(load, call);
}

/** The load whose loader calls now, if one does. For whoever waits later, in another turn, on its behalf. */
export function callingLoad(): Load | undefined {
  return running.getStore();
}

/**
 * Waits for a load, for somebody who may be a loader.
 *
 * A loader that waits for its own load, or for one that waits for it, waits for ever: the edges "this load waits for that one" are kept while somebody waits, and a wait
 * that would close a circle is refused. O(loads that wait for each other), and one look where the caller is no loader.
 *
 * @throws LoaderError `GCX_LOADER_REENTRANT`
 */
export function waitInside<T>(load: Load, wait: () => Promise<T>): Promise<T> {
  const waiting = running.getStore();
  if (waiting === undefined || waiting.isOver) return wait();
  if (load.waitsFor(waiting)) {
    throw new LoaderError(
      "GCX_LOADER_REENTRANT",
      "A loader asked for a key whose load waits for this very loader. Read it with get, or load it before.",
    );
  }
  return waiting.during(load, wait());
}
