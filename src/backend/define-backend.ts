import { UnsupportedOperationError } from "../foundation/errors.ts";
import { isThenable } from "../foundation/is-thenable.ts";
import { settleAll } from "../foundation/settle-all.ts";
import type { Backend, MaybePromise, OperationContext } from "./backend.ts";
import type { BackendDefinition } from "./backend-definition.ts";
import { BACKEND_METHODS, resolveCapabilities } from "./backend-promises.ts";
import type { BackendCapabilities } from "./capabilities.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "./stored-entry.ts";

/**
 * Makes a store out of three methods: fills in the plural ones by calls of the single ones, all at once, and checks that what is promised
 * is there. Methods are called on the definition itself, so that it may be an instance of a class.
 *
 * `expire` is filled in by reading and writing back, which is safe only on condition of the version; without the
 * capability `conditionalWrites` it ends entries (TTL 0) and rejects any other TTL with `GCX_OPERATION_UNSUPPORTED`.
 * What is written back is what `get` tells: value, tags, and the sliding TTL and `staleMs` where the entry says them.
 * A `commit` is asked only for keys that `transactions` says it can touch together; others are refused with that code before it is called.
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
 * @throws TypeError when a method is missing or none, a capability is unknown, or one is promised without its method
 */
export function defineBackend(definition: BackendDefinition): Backend {
  const capabilities = resolveCapabilities(definition);
  const backend: Backend = {
    close: () => undefined,
    getMulti: (keys, context) => mapAll(keys, (key) => backend.get(key, context)),
    setMulti: (items, context) => mapAll(items, ([key, write]) => backend.set(key, write, context)),
    deleteMulti: (keys, context) => countAll(mapAll(keys, (key) => backend.delete(key, context))),
    expire: (key, ttlMs, context) => rewriteWithTtl(backend, key, ttlMs, context),
    ...definition,
    ...boundMethods(definition),
    ...limitedCommit(definition, capabilities),
    name: definition.name,
    // Asked each time: a store that may have lost its data changes it.
    get epoch() {
      return definition.epoch ?? "1";
    },
    capabilities,
  };
  return backend;
}

/** The definition's methods, inherited ones too, each called on the definition. */
function boundMethods(definition: BackendDefinition): Pick<Backend, "get" | "set" | "delete"> & Partial<Backend> {
  const bound: Record<string, unknown> = {};
  for (const name of BACKEND_METHODS) {
    const method: unknown = definition[name];
    if (typeof method === "function") bound[name] = method.bind(definition);
  }
  return bound as unknown as Pick<Backend, "get" | "set" | "delete"> & Partial<Backend>;
}

/** A `commit` that is not asked for what it cannot do in one step, so that no store does half of it. */
function limitedCommit(definition: BackendDefinition, { transactions }: BackendCapabilities): Partial<Backend> {
  const { name, commit } = definition;
  if (commit === undefined || transactions === "any-keys") return {};
  const isWithin = (keys: ReadonlySet<string>): boolean =>
    keys.size <= 1 || (transactions === "co-located" && definition.areColocated?.([...keys]) === true);
  return {
    commit: (checks, writes, context) => {
      const keys = new Set([...checks, ...writes].map(({ key }) => key));
      if (isWithin(keys)) return commit.call(definition, checks, writes, context);
      const remedy = transactions === "co-located" ? ", or give the keys a common {hash tag}" : "";
      throw new UnsupportedOperationError(
        "transaction",
        `The store "${name}" cannot commit over these ${keys.size} keys in one step; nothing was changed. Keep what belongs together in one entry${remedy}.`,
      );
    },
  };
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
  return isLate ? settleAll(answers) : (answers as Out[]);
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
    slidingTtlMs: entry.slidingTtlMs,
    staleMs: entry.staleMs,
    tags: entry.tags,
    condition: { kind: "version", version: entry.version },
  };
  const result: WriteResult = await backend.set(key, write, context);
  return result.stored;
}
