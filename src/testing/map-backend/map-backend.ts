import type { Backend, OperationContext } from "../../backend/backend.ts";
import type { BackendCapabilities } from "../../backend/capabilities.ts";
import type { BackendHost } from "../../backend/registry.ts";
import type { Revalidation } from "../../backend/revalidation.ts";
import { systemClock } from "../../foundation/clock.ts";
import { BackendUnavailableError } from "../../foundation/errors.ts";
import { MapCounters } from "./map-counters.ts";
import { MapLeases } from "./map-leases.ts";
import { MapStore } from "./map-store.ts";
import { createOperationGates, type HoldOptions, type OperationGates, type OperationHold } from "./operation-gate.ts";

/** Options of {@link createMapBackend}. */
export interface MapBackendOptions extends Partial<Pick<BackendHost, "clock" | "onRemoval">> {
  /** Short name, for messages and `getEntry().tier`. Default `"map"`. */
  readonly name?: string;
  /** Answer through promises, as a store over a network, with gates for {@link MapBackend.hold}. Default false. */
  readonly async?: boolean;
  /** What it keeps. `"bytes"` refuses everything but `Uint8Array`s. Default `"values"`. */
  readonly storage?: "values" | "bytes";
  /** Capabilities to take away, so that a cache has to do without. Default: all there. */
  readonly capabilities?: Partial<Omit<BackendCapabilities, "storage" | "local">>;
}

/** The operations that can be held. */
export type MapOperation = BackendOperation | "revalidate";

type BackendOperation = Exclude<
  keyof Backend,
  | "name"
  | "capabilities"
  | "epoch"
  | "peek"
  | "nearTier"
  | "maxTtlMs"
  | "pendingWrites"
  | "awaitCoherence"
  | "coherence"
  | "tierUsages"
  | "isolate"
  | "usage"
  | "areColocated"
  | "connections"
  | "loadTier"
  | "sharedTier"
  | "revalidation"
  | "report"
  | "resize"
  | "changePolicy"
  | "scan"
  | "close"
>;

/** The plain store, with what tests need to steer it. */
export interface MapBackend extends Backend {
  /**
   * Closes a gate before an operation: calls of it wait until the hold is released or failed.
   *
   * @throws TypeError unless the store was made with `async: true`
   */
  hold(operation: MapOperation, options?: HoldOptions): OperationHold;
  /** Another client of the same data, with gates and a `close` of its own. */
  openSecond(): MapBackend;
}

interface MapData {
  readonly store: MapStore;
  readonly counters: MapCounters;
  readonly leases: MapLeases;
}

const SCAN_SLICE_COUNT = 100;

/**
 * A correct store in plain `Map`s, without bounds: the model for tests of everything above a store.
 * Every capability is there; `clear` and `usage` walk all entries.
 *
 * @example
 * ```ts
 * const store = createMapBackend({ async: true, clock: time.clock });
 * const hold = store.hold("get");
 * const reading = cache.get("key");
 * await hold.arrived();
 * hold.fail(new BackendUnavailableError("map", "get", "The store is away."));
 * ```
 */
export function createMapBackend(options: MapBackendOptions = {}): MapBackend {
  const { clock = systemClock, onRemoval = () => undefined, storage = "values" } = options;
  const store = new MapStore(clock, onRemoval);
  return createClient(options, {
    store,
    counters: new MapCounters(store, clock, storage),
    leases: new MapLeases(clock),
  });
}

function createClient(options: MapBackendOptions, data: MapData): MapBackend {
  const { name = "map", storage = "values", async: isAsync = false } = options;
  const gates = createOperationGates();
  const capabilities: BackendCapabilities = Object.freeze({
    conditionalWrites: true,
    counters: true,
    transactions: "any-keys",
    leases: true,
    tags: true,
    stale: true,
    scan: true,
    clear: true,
    ...options.capabilities,
    storage,
    local: !isAsync,
  });
  const direct = directOperations(data, storage);
  const { revalidate, ...operations } = isAsync
    ? gatedOperations(direct, gates, name)
    : { ...direct, close: () => undefined };
  const backend: MapBackend = {
    name,
    capabilities,
    epoch: "1",
    ...operations,
    ...(isAsync ? { revalidation: { life: "1", revalidate } } : { peek: (key) => data.store.get(key)?.value }),
    scan: (prefix, context) => scanSlices(data.store, prefix, context.isStaleListed === true),
    usage: (namespace) => data.store.usage(namespace),
    hold(operation, holdOptions) {
      if (!isAsync) throw new TypeError("Only a store made with { async: true } can hold its operations.");
      return gates.hold(operation, holdOptions);
    },
    openSecond: () => createClient(options, data),
  };
  return withoutMissing(backend);
}

type DirectOperations = Required<Pick<Backend, BackendOperation>> & Pick<Revalidation, "revalidate">;

function directOperations(data: MapData, storage: "values" | "bytes"): DirectOperations {
  const { store, counters, leases } = data;
  function assertStorable(value: unknown): void {
    if (value === undefined || (storage === "bytes" && !(value instanceof Uint8Array))) {
      throw new TypeError(`The map store keeps ${storage}; it was given ${typeof value}.`);
    }
  }
  return {
    connect: () => undefined,
    ping: () => undefined,
    get: (key) => store.get(key),
    getMulti: (keys) => keys.map((key) => store.get(key)),
    getStale: (keys) => keys.map((key) => store.getStale(key)),
    set: (key, write) => {
      assertStorable(write.value);
      return store.set(key, write);
    },
    setMulti: (items) => {
      for (const [, write] of items) assertStorable(write.value);
      return items.map(([key, write]) => store.set(key, write));
    },
    delete: (key) => store.delete(key),
    deleteMulti: (keys) => keys.filter((key) => store.delete(key)).length,
    expire: (key, ttlMs) => store.expire(key, ttlMs),
    increment: (key, request) => counters.increment(key, request),
    commit: (checks, writes) => {
      for (const { write } of writes) if (write !== undefined) assertStorable(write.value);
      return store.commit(checks, writes);
    },
    lease: (request) => leases.request(request),
    invalidateTags: (tags) => store.invalidateTags(tags),
    stamp: () => store.nextVersion(),
    clear: (namespace) => store.clear(namespace),
    revalidate: async (entries) => entries.map((entry) => (store.isUnchanged(entry) ? "unchanged" : "changed")),
  };
}

/** The same operations as a remote client has them: a turn later, past the gates, refused after `close`. */
function gatedOperations(
  direct: DirectOperations,
  gates: OperationGates,
  name: string,
): DirectOperations & Pick<Backend, "close"> {
  let isClosed = false;
  const gated: Record<string, unknown> = {};
  for (const [operation, call] of Object.entries(direct)) {
    gated[operation] = async (...parameters: unknown[]): Promise<unknown> => {
      const context = parameters.at(-1) as OperationContext;
      context.signal?.throwIfAborted();
      await gates.pass(operation, "request", context);
      if (isClosed) throw new BackendUnavailableError(name, operation, `${name} is closed.`);
      const answer = (call as (...given: unknown[]) => unknown)(...parameters);
      await gates.pass(operation, "reply", context);
      return answer;
    };
  }
  const close = async (): Promise<void> => {
    isClosed = true;
    gates.close(name);
  };
  return { ...(gated as unknown as DirectOperations), close };
}

async function* scanSlices(store: MapStore, prefix: string, isStaleListed: boolean): AsyncIterable<readonly string[]> {
  const keys = store.keysWithPrefix(prefix, isStaleListed);
  for (let start = 0; start < keys.length; start += SCAN_SLICE_COUNT) yield keys.slice(start, start + SCAN_SLICE_COUNT);
}

/** Takes the methods away whose capability was taken away. */
function withoutMissing(backend: MapBackend): MapBackend {
  const { counters, transactions, leases, tags, stale = false, scan, clear } = backend.capabilities;
  const isThere: Partial<Record<keyof Backend, boolean>> = {
    increment: counters,
    commit: transactions === "any-keys",
    lease: leases,
    invalidateTags: tags,
    stamp: tags,
    getStale: stale,
    scan,
    clear,
  };
  const kept = Object.entries(backend).filter(([member]) => isThere[member as keyof Backend] !== false);
  return Object.fromEntries(kept) as unknown as MapBackend;
}
