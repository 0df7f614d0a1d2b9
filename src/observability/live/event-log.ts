import type { Cache } from "../../cache/cache.ts";
import type { CacheEventListener, CacheEventMap, CacheEventName } from "../../events/cache-events.ts";
import { LoaderError } from "../../foundation/errors.ts";
import type { LiveEvent } from "./live-document.ts";
import { shownKey } from "./shown-key.ts";

/** Longest text of one event. */
const MAX_TEXT_LENGTH = 300;

type Told = { readonly level: LiveEvent["level"]; readonly text: string } | undefined;

/** How each event that is worth telling is told. Those of single reads, writes and removals are too many; they are counted elsewhere. */
const DESCRIPTIONS: { readonly [Name in CacheEventName]?: (event: CacheEventMap[Name]) => Told } = {
  refuse: (event) =>
    warning(`${shownKey(event)} is too large: ${event.sizeBytes} of at most ${event.limitBytes} bytes`),
  unreadable: (event) => warning(`${shownKey(event)} could not be read: ${event.reason}`),
  load: (event) =>
    event.error === undefined
      ? undefined
      : failure(`Load of ${shownKey(event)} ${event.outcome}: ${wordsOf(event.error)}`),
  invalidate: ({ tags, namespace }) =>
    info(
      `${tags.length === 1 ? "Tag" : `${tags.length} tags`} invalidated${within(namespace)}: ${tags.slice(0, 8).join(", ")}`,
    ),
  clear: ({ namespace }) => info(namespace === "" ? "Everything was cleared" : `Namespace ${namespace} was cleared`),
  error: ({ operation, error }) => failure(`${operation}: ${wordsOf(error)}`),
  connection: ({ backend, node, state, error }) =>
    state === "connected"
      ? info(`${serverName(backend, node)} is connected`)
      : failure(`${serverName(backend, node)} was lost${error === undefined ? "" : `: ${wordsOf(error)}`}`),
  breaker: ({ backend, node, state }) =>
    (state === "closed" ? info : warning)(`Breaker of ${serverName(backend, node)} is ${state}`),
  peer: ({ transport, node, state }) => (state === "lost" ? warning : info)(`Peer ${node} (${transport}) is ${state}`),
  gap: ({ transport, from }) =>
    warning(
      `Messages${from === undefined ? "" : ` of ${from}`} (${transport}) may have been missed; copies are proven anew`,
    ),
  probe: ({ backend, isAnswered, renewedShards }) => {
    if (!isAnswered) return warning(`${backend} did not answer the question whether copies are current`);
    return renewedShards > 0 ? warning(`${backend} has other data than before: all copies ended`) : undefined;
  },
  unwritten: ({ backend, reason, setCount, deleteCount }) =>
    failure(`${setCount} writes and ${deleteCount} deletions behind ${backend} are lost (${reason})`),
  warning: ({ backend, node, message }) => warning(`${backend}${node === undefined ? "" : ` ${node}`}: ${message}`),
  close: () => warning("The cache was closed"),
};

/** How long the same text again is the same event: a store that is down fails every call, and one failure would push out all else. */
const SAME_EVENT_MS = 10_000;

/** The last events that are worth telling. */
export class EventLog {
  readonly #capacity: number;
  readonly #wallMs: () => number;
  /** Latest first. */
  readonly #events: LiveEvent[] = [];
  #lastId = 0;

  constructor(capacity: number, wallMs: () => number) {
    this.#capacity = capacity;
    this.#wallMs = wallMs;
  }

  /** Listens to a cache. @returns what stops it */
  listenTo(cache: Cache): () => void {
    const stops = (Object.keys(DESCRIPTIONS) as (keyof typeof DESCRIPTIONS)[]).map((name) =>
      cache.on(name, this.#listener(name) as CacheEventListener<typeof name>),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Latest first. */
  list(): readonly LiveEvent[] {
    return [...this.#events];
  }

  #listener<Name extends CacheEventName>(name: Name): CacheEventListener<Name> {
    const describe = DESCRIPTIONS[name] as (event: CacheEventMap[Name]) => Told;
    return (event) => {
      const told = describe(event);
      if (told === undefined) return;
      const text = told.text.length > MAX_TEXT_LENGTH ? `${told.text.slice(0, MAX_TEXT_LENGTH)}…` : told.text;
      const at = this.#wallMs();
      const knownAt = this.#events.findIndex((known) => at - known.at < SAME_EVENT_MS && known.text === text);
      const [known] = knownAt === -1 ? [] : this.#events.splice(knownAt, 1);
      if (known === undefined) this.#lastId += 1;
      const id = known?.id ?? this.#lastId;
      this.#events.unshift({ id, at, name, level: told.level, text, count: (known?.count ?? 0) + 1 });
      if (this.#events.length > this.#capacity) this.#events.pop();
    };
  }
}

/** A breaker may be that of the whole store, which then stands in for a server. */
function serverName(backend: string, node: string): string {
  return backend === node ? backend : `${backend} ${node}`;
}

function info(text: string): Told {
  return { level: "info", text };
}

function warning(text: string): Told {
  return { level: "warning", text };
}

function failure(text: string): Told {
  return { level: "error", text };
}

function within(namespace: string): string {
  return namespace === "" ? "" : ` in ${namespace}`;
}

/** What an error says; of a loader's failure, what the loader itself threw. */
function wordsOf(error: unknown): string {
  const told = error instanceof LoaderError && error.cause instanceof Error ? error.cause : error;
  return told instanceof Error ? told.message : typeof told;
}
