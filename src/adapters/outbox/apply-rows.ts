import type { Cache } from "../../cache/cache.ts";
import { MAX_TAGS_PER_ENTRY } from "../../entry/tag.ts";
import type { ErrorCode } from "../../foundation/error-codes.ts";
import type { CheckedInvalidation } from "./invalidation.ts";
import type { ClaimedRow } from "./outbox-table.ts";
import { decodePayload } from "./payload.ts";

/** A row whose payload was read. */
interface ReadRow {
  readonly row: ClaimedRow;
  readonly invalidation: CheckedInvalidation;
}

/** What became of a batch of rows. */
export interface AppliedBatch {
  readonly applied: readonly ClaimedRow[];
  /** Rows to try again, with the reason. */
  readonly failed: readonly { readonly row: ClaimedRow; readonly error: unknown }[];
  /** Rows that no repetition can help, with the reason. */
  readonly hopeless: readonly { readonly row: ClaimedRow; readonly error: unknown }[];
  /** Different keys and tags of the rows that were applied. */
  readonly keyCount: number;
  readonly tagCount: number;
}

/** The invalidations of many rows as one: what several rows name is done once. */
interface Merged {
  readonly tags: Set<string>;
  readonly views: Map<string, MergedView>;
}

interface MergedView {
  readonly view: Cache;
  readonly keys: Set<string>;
  readonly prefixes: Set<string>;
  isClear: boolean;
}

/** Most keys in one call, so that a call's deadline covers a bounded amount of work. */
const MAX_KEYS_PER_CALL = 1_000;

/**
 * Applies rows to the cache, all together in as few calls as that takes. When that fails for a reason that may concern some of them alone, each is
 * tried by itself, so that one that cannot be applied keeps no other from it. What was done and is done again does no harm.
 *
 * Never rejects.
 */
export async function applyRows(cache: Cache, rows: readonly ClaimedRow[], signal: AbortSignal): Promise<AppliedBatch> {
  const readable: ReadRow[] = [];
  const hopeless: { row: ClaimedRow; error: unknown }[] = [];
  for (const row of rows) {
    try {
      readable.push({ row, invalidation: decodePayload(row.payload) });
    } catch (error) {
      hopeless.push({ row, error });
    }
  }
  const failed: { row: ClaimedRow; error: unknown }[] = [];
  const applied = await applyTogether(cache, readable, signal, ({ row }, error) =>
    (isHopeless(error) ? hopeless : failed).push({ row, error }),
  );
  const keys = new Set(
    applied.flatMap(({ invalidation: { namespace, keys: own } }) => own.map((key) => JSON.stringify([namespace, key]))),
  );
  const tags = new Set(applied.flatMap(({ invalidation }) => invalidation.tags));
  return { applied: applied.map(({ row }) => row), failed, hopeless, keyCount: keys.size, tagCount: tags.size };
}

/** @returns the rows that were applied; each other one is given to `onFailure` */
async function applyTogether(
  cache: Cache,
  rows: readonly ReadRow[],
  signal: AbortSignal,
  onFailure: (row: ReadRow, error: unknown) => void,
): Promise<readonly ReadRow[]> {
  if (rows.length === 0) return [];
  try {
    await perform(cache, merge(cache, rows), signal);
    return rows;
  } catch (error) {
    // When the whole store is away, a call for each row would be a hundred calls that wait for nothing.
    if (rows.length === 1 || signal.aborted || concernsAll(error)) {
      for (const row of rows) onFailure(row, error);
      return [];
    }
  }
  const each = await Promise.all(rows.map((row) => applyTogether(cache, [row], signal, onFailure)));
  return each.flat();
}

function merge(cache: Cache, rows: readonly ReadRow[]): Merged {
  const tags = new Set<string>();
  const views = new Map<string, MergedView>();
  for (const { invalidation } of rows) {
    for (const tag of invalidation.tags) tags.add(tag);
    const name = JSON.stringify(invalidation.namespace);
    let merged = views.get(name);
    if (merged === undefined) {
      const view = invalidation.namespace.reduce((outer, inner) => outer.namespace(inner), cache);
      merged = { view, keys: new Set(), prefixes: new Set(), isClear: false };
      views.set(name, merged);
    }
    for (const key of invalidation.keys) merged.keys.add(key);
    if (invalidation.prefix !== undefined) merged.prefixes.add(invalidation.prefix);
    merged.isClear ||= invalidation.isClear;
  }
  return { tags, views };
}

/** All calls at once. Waits for each of them before it fails with the first failure: none may still be under way when rows are tried again. */
async function perform(cache: Cache, { tags, views }: Merged, signal: AbortSignal): Promise<void> {
  const calls: Promise<unknown>[] = [];
  for (const slice of slices([...tags], MAX_TAGS_PER_ENTRY)) calls.push(cache.invalidateTags(slice, { signal }));
  for (const { view, keys, prefixes, isClear } of views.values()) {
    if (isClear) {
      calls.push(view.clear({ signal }));
      continue;
    }
    for (const slice of slices([...keys], MAX_KEYS_PER_CALL)) calls.push(view.deleteMulti(slice, { signal }));
    if (prefixes.size > 0) calls.push(deletePrefixes(view, prefixes, signal));
  }
  const failure = (await Promise.allSettled(calls)).find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

/** One after the other: each looks through the whole store. */
async function deletePrefixes(view: Cache, prefixes: Iterable<string>, signal: AbortSignal): Promise<void> {
  for (const prefix of prefixes) await view.deleteByPrefix(prefix, { signal });
}

function slices(all: readonly string[], size: number): readonly string[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

const WHOLE_STORE_CODES: ReadonlySet<unknown> = new Set<ErrorCode>([
  "GCX_BACKEND_UNAVAILABLE",
  "GCX_BACKEND_TIMEOUT",
  "GCX_BACKEND_OVERLOADED",
  "GCX_CACHE_CLOSED",
]);

/** Whether an error says that the store, not a row, is the trouble. By code: the cache may come from another copy of the package, with classes of its own. */
function concernsAll(error: unknown): boolean {
  const code = codeOf(error);
  if (code === "GCX_BACKEND_OUTCOME_UNKNOWN") return codeOf((error as Error).cause) !== "GCX_BACKEND_PARTIAL";
  return WHOLE_STORE_CODES.has(code);
}

/** Whether an error says that the same call will fail for ever. */
function isHopeless(error: unknown): boolean {
  const code = codeOf(error);
  return code === "GCX_OPERATION_UNSUPPORTED" || String(code).startsWith("GCX_ARGUMENT_");
}

/** The stable code of an error of the library; `undefined` for others. */
export function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null | undefined)?.code;
}
