import type { Backend, OperationContext } from "../backend/backend.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import { behindLoadTier } from "./behind-load-tier.ts";
import { createForwardingBackend } from "./forwarding-backend.ts";
import { WriteBehind, type WriteBehindParts } from "./write-behind.ts";

/** As {@link WriteBehind} says. Opens nothing. */
export function createWriteBehindBackend(parts: WriteBehindParts): Backend {
  const { target } = parts;
  const behind = new WriteBehind(parts);
  const { queue } = behind;
  return Object.assign(createForwardingBackend(target), {
    peek(key) {
      const pending = queue.count === 0 ? undefined : behind.find(key);
      return pending === undefined ? target.peek?.(key) : pending.entry?.value;
    },
    get(key, context) {
      if (queue.count === 0) return target.get(key, context);
      if (context.isCommitAwaited === true) return readCommitted(target, behind, key, context);
      const pending = behind.find(key);
      return pending === undefined ? target.get(key, context) : pending.entry;
    },
    getMulti: (keys, context) => readMulti(behind, keys, context, (missing) => target.getMulti(missing, context)),
    set: (key, write, context) => behind.set(key, write, context),
    setMulti: (items, context) => behind.setMulti(items, context),
    delete: (key, context) => behind.delete(key, context),
    deleteMulti: (keys, context) => behind.deleteMulti(keys, context),
    async expire(key, ttlMs, context) {
      await behind.arrival([key], "expire", context);
      return target.expire(key, ttlMs, context);
    },
    close: () => behind.close(),
    pendingWrites: () => ({ count: queue.count, failingForMs: queue.failingForMs }),
    ...optionalMethods(target, behind),
  } satisfies Partial<Backend>);
}

async function readCommitted(
  target: Backend,
  behind: WriteBehind,
  key: string,
  context: OperationContext,
): Promise<StoredEntry | undefined> {
  await behind.arrival([key], "get", context);
  return target.get(key, context);
}

/** Methods that exist where the shared store has them. */
function optionalMethods(target: Backend, behind: WriteBehind): Partial<Backend> {
  const { getStale, increment, commit, lease, invalidateTags, scan, clear, loadTier } = target;
  return {
    ...(getStale && {
      getStale: (keys, context) =>
        readMulti(behind, keys, context, (missing) => getStale.call(target, missing, context)),
    }),
    ...(increment && {
      async increment(key, request, context) {
        await behind.arrival([key], "increment", context);
        return increment.call(target, key, request, context);
      },
    }),
    ...(commit && {
      async commit(checks, writes, context) {
        await behind.arrival([...new Set([...checks, ...writes].map(({ key }) => key))], "commit", context);
        return commit.call(target, checks, writes, context);
      },
    }),
    ...(lease && {
      async lease(request, context) {
        // Who gets a lock sees what was written under it before; a lock that is held needs its time.
        if (request.kind !== "extend") await behind.arrival(undefined, "lock", context);
        return lease.call(target, request, context);
      },
    }),
    ...(invalidateTags && {
      async invalidateTags(tags, context) {
        await behind.arrival(undefined, "invalidateTags", context);
        await invalidateTags.call(target, tags, context);
      },
    }),
    ...(scan && {
      async *scan(prefix, context) {
        await behind.arrival(undefined, "scan", context);
        yield* scan.call(target, prefix, context);
      },
    }),
    ...(clear && {
      async clear(path, context) {
        await behind.arrival(undefined, "clear", context);
        await clear.call(target, path, context);
      },
    }),
    ...(loadTier && { loadTier: behindLoadTier(loadTier, behind) }),
  };
}

/** What waits is answered from here, and the rest in one call. */
async function readMulti(
  behind: WriteBehind,
  keys: readonly string[],
  context: OperationContext,
  read: (
    missing: readonly string[],
  ) => ReadonlyArray<StoredEntry | undefined> | Promise<ReadonlyArray<StoredEntry | undefined>>,
): Promise<ReadonlyArray<StoredEntry | undefined>> {
  if (context.isCommitAwaited === true) await behind.arrival(keys, "get", context);
  if (behind.queue.count === 0) return read(keys);
  const entries: (StoredEntry | undefined)[] = new Array(keys.length).fill(undefined);
  const missing: number[] = [];
  for (const [index, key] of keys.entries()) {
    const pending = context.isCommitAwaited === true ? undefined : behind.find(key);
    if (pending === undefined) missing.push(index);
    else entries[index] = pending.entry;
  }
  if (missing.length === 0) return entries;
  const found = await read(missing.map((index) => keys[index] as string));
  for (const [at, index] of missing.entries()) entries[index] = found[at];
  return entries;
}
