/** What an outbox tells, by the event's name. None of it holds a key, a tag or a value. */
export interface OutboxEventMap {
  /** A batch was applied to the cache; its rows are about to be removed. */
  applied: {
    readonly rowCount: number;
    /** Different keys that were deleted by name. */
    readonly keyCount: number;
    /** Different tags that were invalidated. */
    readonly tagCount: number;
    /** From the recording of the oldest of these rows to now, in ms. The time until its transaction committed is in it. */
    readonly lagMs: number;
  };
  /** Something failed and will be tried again. */
  failure: {
    /** What failed: taking rows from the database, applying them to the cache, or telling the database what became of them. */
    readonly stage: "claim" | "apply" | "settle";
    readonly error: unknown;
    /** Rows that are concerned; 0 for `claim`. */
    readonly rowCount: number;
    /** When they are tried again at the earliest, in ms from now. */
    readonly retryInMs: number;
  };
  /** A row cannot be applied, now or later: it is malformed, or asks for what the store cannot do. It stays in the table and is not tried again. */
  parked: {
    /** The row's id. */
    readonly id: string;
    readonly error: unknown;
  };
}

/** An event's name. */
export type OutboxEventName = keyof OutboxEventMap;

/** Listens to one kind of event. What it throws becomes a process warning and changes nothing. */
export type OutboxEventListener<Name extends OutboxEventName> = (event: OutboxEventMap[Name]) => void;

/** Every event's name. */
export const OUTBOX_EVENT_NAMES: ReadonlySet<string> = new Set<OutboxEventName>(["applied", "failure", "parked"]);

/** Fans events out to listeners; one that throws keeps nobody from being told, and the relay from nothing. */
export class OutboxEvents {
  readonly #listeners = new Map<OutboxEventName, Set<OutboxEventListener<never>>>();

  /** Adds a listener. @returns a function that removes it */
  on<Name extends OutboxEventName>(name: Name, listener: OutboxEventListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // Wrapped, so that the same function given twice is two listeners.
    const added = (event: OutboxEventMap[Name]): void => listener(event);
    listeners.add(added as OutboxEventListener<never>);
    return () => void listeners.delete(added as OutboxEventListener<never>);
  }

  /** Tells everybody. */
  emit<Name extends OutboxEventName>(name: Name, event: OutboxEventMap[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        const returned: unknown = (listener as OutboxEventListener<Name>)(event);
        if (returned instanceof Promise) returned.catch((error: unknown) => warnOfListener(name, error));
      } catch (error) {
        warnOfListener(name, error);
      }
    }
  }
}

function warnOfListener(name: string, error: unknown): void {
  const what = error instanceof Error ? error.message : typeof error;
  process.emitWarning(`A listener of the outbox's "${name}" threw: ${what}`, { type: "GocachexListenerWarning" });
}
