import { channel } from "node:diagnostics_channel";
import type { CacheEventListener, CacheEventMap, CacheEventName } from "./cache-events.ts";

/** The diagnostics channel that carries every event of every cache, as `{ cache, name, event }`. */
export const DIAGNOSTICS_CHANNEL = "gocachex:event";

const diagnostics = channel(DIAGNOSTICS_CHANNEL);

/** What subscribers of {@link DIAGNOSTICS_CHANNEL} receive. */
export interface DiagnosticsMessage<Name extends CacheEventName = CacheEventName> {
  /** The cache's namespace path, `""` for an unnamed one. */
  readonly cache: string;
  /** Which event. */
  readonly name: Name;
  /** What it says. */
  readonly event: CacheEventMap[Name];
}

/**
 * Fans events out to listeners. Emitters ask {@link EventHub.wants} first, so that an unobserved event is never built.
 * A listener that throws becomes a process warning; it cannot change a result or keep others from being told.
 */
export class EventHub {
  readonly #cacheName: string;
  readonly #listeners = new Map<CacheEventName, Set<CacheEventListener<never>>>();
  #isReadHeard = false;

  constructor(cacheName: string) {
    this.#cacheName = cacheName;
  }

  /**
   * Whether anybody listens to `hit` or `miss`. A field and not a look into the table of listeners, because it is asked on every read in memory, also while metrics
   * listen to other events.
   */
  get wantsReads(): boolean {
    return diagnostics.hasSubscribers || this.#isReadHeard;
  }

  /** Whether anybody listens to this event. */
  wants(name: CacheEventName): boolean {
    return diagnostics.hasSubscribers || (this.#listeners.size > 0 && this.#listeners.has(name));
  }

  /** Adds a listener. @returns a function that removes it */
  on<Name extends CacheEventName>(name: Name, listener: CacheEventListener<Name>): () => void {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(name, listeners);
    }
    const added: CacheEventListener<Name> = (event) => listener(event);
    listeners.add(added as CacheEventListener<never>);
    this.#lookForReads();
    return () => {
      const current = this.#listeners.get(name);
      current?.delete(added as CacheEventListener<never>);
      if (current?.size === 0) this.#listeners.delete(name);
      this.#lookForReads();
    };
  }

  /** Tells everybody. */
  emit<Name extends CacheEventName>(name: Name, event: CacheEventMap[Name]): void {
    if (diagnostics.hasSubscribers) {
      diagnostics.publish({ cache: this.#cacheName, name, event } satisfies DiagnosticsMessage<Name>);
    }
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const listener of [...listeners]) {
      try {
        const returned: unknown = (listener as CacheEventListener<Name>)(event);
        // An async listener is welcome; its failure must not become an unhandled rejection.
        if (returned instanceof Promise) returned.catch((error: unknown) => warnOfListener(name, error));
      } catch (error) {
        warnOfListener(name, error);
      }
    }
  }

  /** Removes every listener. */
  clear(): void {
    this.#listeners.clear();
    this.#lookForReads();
  }

  #lookForReads(): void {
    this.#isReadHeard = this.#listeners.has("hit") || this.#listeners.has("miss");
  }
}

/** Never throws, whatever was thrown: `String` itself fails for objects without a prototype. */
function warnOfListener(name: string, error: unknown): void {
  const what = error instanceof Error ? error.message : typeof error;
  process.emitWarning(`A listener of "${name}" threw: ${what}`, { type: "GocachexListenerWarning" });
}
