import type { Backend, OperationContext } from "../backend/backend.ts";
import type { BackendHost } from "../backend/registry.ts";
import type { EntryWrite, StoredEntry } from "../backend/stored-entry.ts";
import { pause } from "../foundation/deadline.ts";
import { groupBy } from "./group-by.ts";
import { type MovedKeys, movedTags, withoutMovedTags } from "./moved-keys.ts";
import { isOwnKey } from "./placed-keys.ts";
import type { ShardNode } from "./shard-node.ts";
import type { ShardParts } from "./shard-parts.ts";

/** How entries are moved. */
export interface MigrateOptions {
  /** Entries a second at most, over all nodes. Default: 5,000. `Infinity` is no bound. */
  readonly entriesPerSecond?: number | undefined;
  /** Ends the migration; what was moved stays moved, and it can be begun again. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each batch. Must not throw. */
  readonly onProgress?: ((report: MigrateReport) => void) | undefined;
}

/** What was moved so far. */
export interface MigrateReport {
  /** Keys that were looked at. */
  readonly scannedCount: number;
  /** Entries that are at their new node now. */
  readonly movedCount: number;
  /** Entries that were not copied, because they ended or because something newer was there; gone from their former node as well. */
  readonly droppedCount: number;
  /** Entries that could not be moved because a node failed. They stay at their former node, which nobody reads. */
  readonly failedCount: number;
}

const BATCH_COUNT = 100;
const DEFAULT_ENTRIES_PER_SECOND = 5_000;

type Counts = { -readonly [K in keyof MigrateReport]: number };

/** Whether entries of a store can be moved without bringing back what others delete meanwhile; see `MovedKeys`. */
export function canMigrate({ capabilities }: Backend): boolean {
  return capabilities.scan && capabilities.tags && capabilities.conditionalWrites;
}

/**
 * Copies the entries of moved keys to their new nodes, with what is left of their TTLs, and removes them from their former ones. Whatever anybody writes,
 * deletes or invalidates meanwhile wins; see {@link MovedKeys} for why. Rejects only when the signal aborts or a node cannot be listed.
 */
export async function migrateEntries(
  parts: ShardParts,
  moved: MovedKeys,
  { clock, scheduler }: Pick<BackendHost, "clock" | "scheduler">,
  options: MigrateOptions,
): Promise<MigrateReport> {
  const { entriesPerSecond = DEFAULT_ENTRIES_PER_SECOND, signal, onProgress } = options;
  const counts: Counts = { scannedCount: 0, movedCount: 0, droppedCount: 0, failedCount: 0 };
  const context: OperationContext = { signal };
  for (const source of moved.previous.nodes) {
    for await (const batch of movedKeysOf(source, moved, context, counts)) {
      signal?.throwIfAborted();
      const startedAt = clock.monotonicMs();
      await moveBatch({ parts, source, wallMs: () => clock.wallMs(), context, counts }, batch);
      onProgress?.({ ...counts });
      const restMs = (batch.length / entriesPerSecond) * 1_000 - (clock.monotonicMs() - startedAt);
      if (restMs > 0) await pause(restMs, scheduler, signal);
    }
  }
  return { ...counts };
}

/** Keys at a node that it had before the change and has no more. */
async function* movedKeysOf(
  source: ShardNode,
  moved: MovedKeys,
  context: OperationContext,
  counts: Counts,
): AsyncGenerator<readonly string[], void, undefined> {
  const { picker, nodes } = moved.previous;
  let batch: string[] = [];
  for await (const slice of (source.backend as Required<Backend>).scan("", context)) {
    for (const key of slice) {
      counts.scannedCount += 1;
      // What is not its own by the former mapping either is older than that: never to be copied.
      if (isOwnKey(key) || nodes[picker.pick(key)] !== source || !moved.hasMoved(key)) continue;
      batch.push(key);
      if (batch.length < BATCH_COUNT) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

interface BatchMove {
  readonly parts: ShardParts;
  readonly source: ShardNode;
  readonly wallMs: () => number;
  readonly context: OperationContext;
  readonly counts: Counts;
}

async function moveBatch(move: BatchMove, keys: readonly string[]): Promise<void> {
  const { parts, counts, context } = move;
  const byTarget = groupBy(keys, (key) => parts.shards.homeOf(key).node);
  await Promise.all(
    [...byTarget].map(async ([target, own]) => {
      try {
        await parts.shards.ready(context);
        // Stand-ins forget what they hold, so nothing is moved to them; and nothing from a node at which others delete nothing any more.
        for (const node of [move.source, target]) {
          if (parts.shards.view?.standingOf(node.name) === "away") throw node.unavailable("migrate", "it is away");
        }
        await moveToTarget(move, target, own);
      } catch {
        context.signal?.throwIfAborted();
        counts.failedCount += own.length;
      }
    }),
  );
}

async function moveToTarget(
  { source, wallMs, context, counts }: BatchMove,
  target: ShardNode,
  keys: readonly string[],
): Promise<void> {
  // Before the entries are read: an invalidation that comes after it refuses or ends the copies.
  const stamp = await target.call("stamp", context, (backend) => (backend as Required<Backend>).stamp(context));
  const entries = await source.call("getMulti", context, (backend) => backend.getMulti(keys, context));
  const results = await Promise.all(
    keys.map(async (key, index) => {
      const write = copyOf(key, entries[index], stamp, wallMs());
      if (write === undefined) return false;
      const result = await target.call("set", context, (backend) => backend.set(key, write, context));
      return result.stored;
    }),
  );
  await source.call("deleteMulti", context, (backend) => backend.deleteMulti(keys, context));
  const movedCount = results.filter(Boolean).length;
  counts.movedCount += movedCount;
  counts.droppedCount += keys.length - movedCount;
}

function copyOf(
  key: string,
  found: StoredEntry | undefined,
  tagsUnchangedSince: number,
  wallMs: number,
): EntryWrite | undefined {
  const entry = withoutMovedTags(found);
  const ttlMs = entry === undefined ? 0 : entry.expiresAt - wallMs;
  if (entry === undefined || ttlMs <= 0) return undefined;
  return {
    value: entry.value,
    ttlMs,
    slidingTtlMs: entry.slidingTtlMs,
    tags: [...entry.tags, ...movedTags(key)],
    tagsUnchangedSince,
    condition: { kind: "absent" },
  };
}
