import type { LazyAbort } from "./lazy-abort.ts";
import type { LoadControls } from "./load-plan.ts";
import type { LoaderContext } from "./loader.ts";

/** What one call of a loader is given. A class, for its signal is on the prototype: an own getter costs as much as the signal that it spares. */
export class LoaderCall<T> implements LoaderContext<T> {
  readonly key: string;
  readonly stale: LoaderContext<T>["stale"];
  readonly setTtl: LoaderContext<T>["setTtl"];
  readonly addTags: LoaderContext<T>["addTags"];
  readonly skipStore: LoaderContext<T>["skipStore"];
  readonly notModified: LoaderContext<T>["notModified"];
  readonly #abort: LazyAbort;

  constructor(key: string, stale: LoaderContext<T>["stale"], controls: LoadControls<T>, abort: LazyAbort) {
    this.key = key;
    this.stale = stale;
    this.setTtl = controls.setTtl;
    this.addTags = controls.addTags;
    this.skipStore = controls.skipStore;
    this.notModified = controls.notModified;
    this.#abort = abort;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }
}
