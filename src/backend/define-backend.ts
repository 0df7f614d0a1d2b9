import type { Backend, MaybePromise, OperationContext } from "./backend.ts";
import type { BackendCapabilities } from "./capabilities.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "./stored-entry.ts";

/** The least a plug-in must say. Everything else of {@link Backend} is optional and follows from it. */
export type BackendDefinition = Pick<Backend, "name" | "get" | "set" | "delete"> &
  Partial<Omit<Backend, "name" | "get" | "set" | "delete" | "capabilities">> & {
    /** What the store can do; what is left out is taken as "no" (`storage`: `"values"`). */
    readonly capabilities?: Partial<BackendCapabilities>;
  };

const NO_CAPABILITIES: BackendCapabilities = {
  storage: "values",
  local: false,
  conditionalWrites: false,
  counters: false,
  transactions: "none",
  leases: false,
  tags: false,
  scan: false,
  clear: false,
};

/** Which method each capability needs. */
const METHOD_OF_CAPABILITY = {
  local: "peek",
  counters: "increment",
  leases: "lease",
  tags: "invalidateTags",
  scan: "scan",
  clear: "clear",
} as const satisfies Partial<Record<keyof BackendCapabilities, keyof Backend>>;

/**
 * Makes a store out of three methods: fills in the plural ones by loops, and checks that what is promised is there.
 *
 * @example
 * ```ts
 * const backend = defineBackend({
 *   name: "my-store",
 *   get: (key) => table.get(key),
 *   set: (key, write) => table.put(key, write),
 *   delete: (key) => table.remove(key),
 * });
 * ```
 * @throws TypeError when a capability is promised without its method
 */
export function defineBackend(definition: BackendDefinition): Backend {
  const capabilities: BackendCapabilities = Object.freeze({ ...NO_CAPABILITIES, ...definition.capabilities });
  assertPromisesKept(definition, capabilities);
  const backend: Backend = {
    epoch: "1",
    close: () => undefined,
    getMulti: (keys, context) => mapAll(keys, (key) => backend.get(key, context)),
    setMulti: (items, context) => mapAll(items, ([key, write]) => backend.set(key, write, context)),
    deleteMulti: (keys, context) => countAll(mapAll(keys, (key) => backend.delete(key, context))),
    expire: (key, ttlMs, context) => rewriteWithTtl(backend, key, ttlMs, context),
    ...definition,
    capabilities,
  };
  return backend;
}

function assertPromisesKept(definition: BackendDefinition, capabilities: BackendCapabilities): void {
  for (const [capability, method] of Object.entries(METHOD_OF_CAPABILITY)) {
    if (capabilities[capability as keyof typeof METHOD_OF_CAPABILITY] && typeof definition[method] !== "function") {
      throw new TypeError(`Backend "${definition.name}" promises "${capability}" but has no ${method}().`);
    }
  }
  if (capabilities.transactions !== "none" && typeof definition.commit !== "function") {
    throw new TypeError(`Backend "${definition.name}" promises "transactions" but has no commit().`);
  }
}

/** Applies `call` to all at once and keeps the order; stays synchronous when every answer is. */
function mapAll<In, Out>(items: readonly In[], call: (item: In) => MaybePromise<Out>): MaybePromise<Out[]> {
  const answers = items.map(call);
  return answers.some((answer) => answer instanceof Promise) ? Promise.all(answers) : (answers as Out[]);
}

function countAll(answers: MaybePromise<boolean[]>): MaybePromise<number> {
  const count = (flags: boolean[]): number => flags.filter(Boolean).length;
  return answers instanceof Promise ? answers.then(count) : count(answers);
}

/**
 * `expire` for a store without one: reads the entry and writes it back with the new TTL, on condition that nobody
 * wrote in between (where the store can check it).
 */
async function rewriteWithTtl(
  backend: Backend,
  key: string,
  ttlMs: number,
  context: OperationContext,
): Promise<boolean> {
  const entry: StoredEntry | undefined = await backend.get(key, context);
  if (entry === undefined) return false;
  if (ttlMs === 0) return backend.delete(key, context);
  const write: EntryWrite = {
    value: entry.value,
    ttlMs,
    tags: entry.tags,
    condition: backend.capabilities.conditionalWrites ? { kind: "version", version: entry.version } : undefined,
  };
  const result: WriteResult = await backend.set(key, write, context);
  return result.stored;
}
