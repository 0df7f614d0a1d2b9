import { UnsupportedOperationError } from "../foundation/errors.ts";
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

/**
 * Which methods each capability needs. `tags` without `stamp` would let the result of a load that began before an
 * invalidation be stored after it, as if it were fresh.
 */
const METHODS_OF_CAPABILITY = {
  local: ["peek"],
  counters: ["increment"],
  leases: ["lease"],
  tags: ["invalidateTags", "stamp"],
  scan: ["scan"],
  clear: ["clear"],
} as const satisfies Partial<Record<keyof BackendCapabilities, readonly (keyof Backend)[]>>;

/**
 * Makes a store out of three methods: fills in the plural ones by loops, and checks that what is promised is there.
 * `expire` is filled in by reading and writing back, which is safe only on condition of the version; without the
 * capability `conditionalWrites` it ends entries (TTL 0) and rejects any other TTL with `GCX_OPERATION_UNSUPPORTED`.
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
  for (const [capability, methods] of Object.entries(METHODS_OF_CAPABILITY)) {
    if (!capabilities[capability as keyof typeof METHODS_OF_CAPABILITY]) continue;
    const missing = methods.find((method) => typeof definition[method] !== "function");
    if (missing !== undefined) {
      throw new TypeError(`Backend "${definition.name}" promises "${capability}" but has no ${missing}().`);
    }
  }
  if (capabilities.transactions !== "none" && typeof definition.commit !== "function") {
    throw new TypeError(`Backend "${definition.name}" promises "transactions" but has no commit().`);
  }
}

/**
 * Applies `call` to all at once and keeps the order; stays synchronous when every answer is. A failure is one failure of
 * the whole: when a call throws while answers of earlier ones are on their way, those are still waited for by somebody,
 * since a rejection that nobody handles would end the process.
 */
function mapAll<In, Out>(items: readonly In[], call: (item: In) => MaybePromise<Out>): MaybePromise<Out[]> {
  const answers: (Out | PromiseLike<Out>)[] = [];
  let isLate = false;
  for (const item of items) {
    try {
      const answer: Out | PromiseLike<Out> = call(item);
      isLate ||= isThenable(answer);
      answers.push(answer);
    } catch (error) {
      if (!isLate) throw error;
      answers.push(Promise.reject(error));
      break;
    }
  }
  return isLate ? Promise.all(answers) : (answers as Out[]);
}

/** Whether a value is a promise of any library: clients of stores bring their own. */
function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  return typeof (value as { readonly then?: unknown }).then === "function";
}

function countAll(answers: MaybePromise<boolean[]>): MaybePromise<number> {
  const count = (flags: boolean[]): number => flags.filter(Boolean).length;
  return answers instanceof Promise ? answers.then(count) : count(answers);
}

/**
 * `expire` for a store without one: reads the entry and writes it back with the new TTL, on condition that nobody
 * wrote in between. Without that condition it would bring back what somebody deleted meanwhile, so it is not offered.
 */
async function rewriteWithTtl(
  backend: Backend,
  key: string,
  ttlMs: number,
  context: OperationContext,
): Promise<boolean> {
  if (ttlMs === 0) return backend.delete(key, context);
  if (!backend.capabilities.conditionalWrites) {
    throw new UnsupportedOperationError(
      "expire",
      `The store "${backend.name}" cannot give an entry a new TTL safely. Write the value again with the TTL, or give the store an expire() of its own or conditional writes.`,
    );
  }
  const entry: StoredEntry | undefined = await backend.get(key, context);
  if (entry === undefined) return false;
  const write: EntryWrite = {
    value: entry.value,
    ttlMs,
    tags: entry.tags,
    condition: { kind: "version", version: entry.version },
  };
  const result: WriteResult = await backend.set(key, write, context);
  return result.stored;
}
