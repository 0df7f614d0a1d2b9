import type { OperationContext } from "../backend/backend.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import { groupBy } from "./group-by.ts";
import { hashKey, type KeyHash } from "./key-hash.ts";
import { gatherParts, type NodePart } from "./node-outcomes.ts";
import type { Ring, Shards } from "./shards.ts";

/** Tags of entries that were copied to their new node. A user's tag cannot be told from one only if it begins the same way, which it should not. */
const MOVED_TAG = "\u0000gocachex:moved:";
/** Carried by every copy: what a clear has to name. */
export const ALL_MOVED_TAG: string = `${MOVED_TAG}all`;
/** Copies that share a bucket end together; then they are merely cold. */
const BUCKET_COUNT = 4_096;

const scratch: KeyHash = { high: 0, low: 0 };

/** The tags of a copy of a key. */
export function movedTags(key: string): readonly string[] {
  return [bucketTag(key), ALL_MOVED_TAG];
}

function bucketTag(key: string): string {
  hashKey(key, scratch);
  return MOVED_TAG + ((scratch.low >>> 0) % BUCKET_COUNT);
}

/** An entry as it was before it was copied. */
export function withoutMovedTags(entry: StoredEntry): StoredEntry;
export function withoutMovedTags(entry: StoredEntry | undefined): StoredEntry | undefined;
export function withoutMovedTags(entry: StoredEntry | undefined): StoredEntry | undefined {
  if (entry === undefined || entry.tags.length === 0 || !entry.tags.some(isMovedTag)) return entry;
  const { value, version, expiresAt, slidingTtlMs } = entry;
  return { value, version, expiresAt, slidingTtlMs, tags: entry.tags.filter((tag) => !isMovedTag(tag)) };
}

function isMovedTag(tag: string): boolean {
  return tag.startsWith(MOVED_TAG);
}

/**
 * What every process does about keys that changed their node, as long as somebody may still copy their entries from the old node to the new one.
 *
 * A copy is read at the old node and written at the new one. A change that comes between must win, whoever makes it:
 *
 * ```text
 * copy    stamp = new.stamp()      entry = old.get(k)      new.set(k, entry, tags + moved, absent, tags unchanged since stamp)
 * change  old.delete(k)            new.invalidateTags(moved of k)            then the change itself at new
 * ```
 *
 * If the delete comes before the copy's read, there is nothing to copy. Else the invalidation comes after the copy's stamp: then it ends the copy if
 * that was written, and refuses it if it was not.
 */
export class MovedKeys {
  readonly #shards: Shards;
  /** The mapping before the change. */
  readonly previous: Ring;
  /** Work that may ask former nodes. */
  readonly #running = new Set<Promise<unknown>>();

  constructor(shards: Shards, previous: Ring) {
    this.#shards = shards;
    this.previous = previous;
  }

  /** Does work that may ask former nodes; they are not closed before it has ended. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Resolves when nothing is running that began before. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  /** To be awaited before keys are changed: nothing older of them can appear afterwards. */
  async retire(keys: readonly string[], operation: string, context: OperationContext): Promise<void> {
    const moved = keys.filter((key) => this.hasMoved(key));
    if (moved.length > 0) await this.use(() => this.#retireMoved(moved, operation, context));
  }

  async #retireMoved(moved: readonly string[], operation: string, context: OperationContext): Promise<void> {
    await this.#deleteAtOldNodes(moved, operation, context);
    const tagsByNode = new Map<Ring["nodes"][number], Set<string>>();
    for (const key of moved) {
      const { node } = this.#shards.placeOf(key);
      const tags = tagsByNode.get(node) ?? new Set();
      tagsByNode.set(node, tags.add(bucketTag(key)));
    }
    const parts = [...tagsByNode].map(([node, tags]): NodePart<void> => {
      const call = (): Promise<void> =>
        node.call(operation, context, (backend) => backend.invalidateTags?.([...tags], context));
      return { node, count: tags.size, call };
    });
    await gatherParts(this.#shards.name, operation, parts, context);
  }

  /** Whether a key had another node. */
  hasMoved(key: string): boolean {
    return this.#oldNodeOf(key) !== this.#shards.homeOf(key).node;
  }

  #oldNodeOf(key: string): Ring["nodes"][number] {
    return this.previous.nodes[this.previous.picker.pick(key)] as Ring["nodes"][number];
  }

  async #deleteAtOldNodes(keys: readonly string[], operation: string, context: OperationContext): Promise<void> {
    const parts: NodePart<number>[] = [];
    for (const [node, own] of groupBy(keys, (key) => this.#oldNodeOf(key))) {
      // Emptied before it serves again, so there is nothing to delete and nothing to copy.
      if (this.#shards.view?.standingOf(node.name) === "away") continue;
      const call = (): Promise<number> => node.call(operation, context, (backend) => backend.deleteMulti(own, context));
      parts.push({ node, count: own.length, call });
    }
    await gatherParts(this.#shards.name, operation, parts, context);
  }
}
