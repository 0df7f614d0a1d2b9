import type { OperationContext } from "../backend/backend.ts";
import { assertWanted } from "../backend/caller.ts";
import type { BackendHost } from "../backend/registry.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import type { NamespacePath } from "../entry/namespace-path.ts";
import { decodeCopy, encodeCopy, pendingCopy } from "./hot-copy.ts";
import { hashKey, type KeyHash } from "./key-hash.ts";
import { withoutMovedTags } from "./moved-keys.ts";
import { placedNamespace, placeKey } from "./placed-keys.ts";
import { ReadShares } from "./read-shares.ts";
import type { ShardNode } from "./shard-node.ts";
import type { Shards } from "./shards.ts";

/** How keys are treated that many ask for. */
export interface HotKeySettings {
  /** Share of this process's reads from which a key is copied to further nodes, above 0 and below 1. Default: 0.01. */
  readonly share?: number | undefined;
  /** Further nodes that each hot key is copied to. Default: 2, as far as there are so many. */
  readonly copies?: number | undefined;
  /** How old a value read from a copy may be at most, in ms, from 20. Default: 1,000. */
  readonly maxStalenessMs?: number | undefined;
}

/** Settings with their defaults. */
export type ResolvedHotKeySettings = { readonly [K in keyof HotKeySettings]-?: number };

const NAMESPACE: NamespacePath = placedNamespace("hot", 0);
/** Keys of one slot are taken for changed together; then they are read at their own node for a while. */
const CHANGE_SLOTS = 4_096;

const scratch: KeyHash = { high: 0, low: 0 };

/**
 * Spreads the reads of hot keys over copies at other nodes.
 *
 * A copy lives for half of `maxStalenessMs`, and is made in two steps: a pending mark with that TTL is put in its place if nothing is there; then the entry is
 * read at its own node, and replaces the mark if that is still there. So a value is at most one life old when it arrives, however long it was
 * on its way, and lives for one more: the bound holds by the stores' own clocks, whatever other processes know of the key.
 *
 * A process that changes a key reads it at its own node until every copy of the old value is over, and one that takes the key for hot removes them at
 * once. So a process always reads its own writes.
 */
export class HotKeys {
  readonly #shards: Shards;
  readonly #settings: ResolvedHotKeySettings;
  readonly #host: Pick<BackendHost, "clock" | "random">;
  readonly #shares: ReadShares;
  /** When a key of each slot was last changed here; monotonic. */
  readonly #changedAt: Float64Array = new Float64Array(CHANGE_SLOTS).fill(Number.NEGATIVE_INFINITY);
  #allChangedAt = Number.NEGATIVE_INFINITY;
  readonly #filling = new Set<string>();
  /** Where copies are. */
  readonly namespaces: readonly NamespacePath[] = [NAMESPACE];

  constructor(shards: Shards, settings: ResolvedHotKeySettings, host: Pick<BackendHost, "clock" | "random">) {
    this.#shards = shards;
    this.#settings = settings;
    this.#host = host;
    this.#shares = new ReadShares(settings.share, host.random);
  }

  /** Counts a read, and answers it from a copy if the key is hot and it is a copy's turn; `undefined`: ask its own node. */
  async read(key: string, context: OperationContext): Promise<{ readonly entry: StoredEntry } | undefined> {
    if (!this.#shares.count(key) || !this.#isQuiet(key)) return undefined;
    if (this.#shards.placeOf(key).namespace !== undefined) return undefined;
    const nodes = this.#copyNodes(key);
    const turn = Math.floor(this.#host.random.next() * (nodes.length + 1));
    const node = nodes[turn];
    if (node === undefined) return undefined;
    const entry = await this.#readCopy(node, key, context);
    // A change of this process that came meanwhile wins.
    return entry === undefined || !this.#isQuiet(key) ? undefined : { entry };
  }

  /** Keys are about to change. */
  noteChange(keys: readonly string[]): void {
    const nowMs = this.#host.clock.monotonicMs();
    for (const key of keys) this.#changedAt[slotOf(key)] = nowMs;
  }

  /** Any key may be about to change. */
  noteChangeOfAll(): void {
    this.#allChangedAt = this.#host.clock.monotonicMs();
  }

  /** Keys have changed: copies that this process can know of go. A node that does not answer keeps them until they are over. */
  async dropCopies(keys: readonly string[]): Promise<void> {
    this.noteChange(keys);
    const drops = keys
      .filter((key) => this.#shares.isHot(key))
      .flatMap((key) =>
        this.#copyNodes(key).map((node) =>
          node.call("delete", {}, (backend) => backend.delete(placeKey(NAMESPACE, key), {})),
        ),
      );
    if (drops.length > 0) await Promise.allSettled(drops);
  }

  #isQuiet(key: string): boolean {
    const changedAt = Math.max(this.#allChangedAt, this.#changedAt[slotOf(key)] as number);
    return this.#host.clock.monotonicMs() - changedAt > this.#settings.maxStalenessMs;
  }

  /** The nodes after the key's own in its own order: the same in every process. */
  #copyNodes(key: string): ShardNode[] {
    const { nodes, picker } = this.#shards.ring;
    const taken = new Set([picker.pick(key)]);
    const copyNodes: ShardNode[] = [];
    while (copyNodes.length < this.#settings.copies) {
      const next = picker.pickNext(key, (node) => taken.has(node));
      if (next < 0) break;
      taken.add(next);
      const node = nodes[next] as ShardNode;
      if (this.#shards.view?.isAway(node.name) !== true) copyNodes.push(node);
    }
    return copyNodes;
  }

  async #readCopy(node: ShardNode, key: string, context: OperationContext): Promise<StoredEntry | undefined> {
    const { storage } = node.backend.capabilities;
    try {
      const copy = await node.call("get", context, (backend) => backend.get(placeKey(NAMESPACE, key), context));
      if (copy === undefined) {
        this.#fill(node, key);
        return undefined;
      }
      const entry = decodeCopy(storage, copy);
      return entry !== undefined && entry.expiresAt > this.#host.clock.wallMs() ? entry : undefined;
    } catch {
      // The key's own node has the answer; only a caller that left wants none.
      assertWanted(context);
      return undefined;
    }
  }

  /** Makes a copy, in the background: whoever missed it reads the key itself. */
  #fill(node: ShardNode, key: string): void {
    const id = `${node.name}\n${key}`;
    if (this.#filling.has(id)) return;
    this.#filling.add(id);
    this.#makeCopy(node, key)
      .catch(() => undefined)
      .finally(() => this.#filling.delete(id));
  }

  async #makeCopy(node: ShardNode, key: string): Promise<void> {
    const { storage } = node.backend.capabilities;
    const lifeMs = this.#settings.maxStalenessMs / 2;
    const copyKey = placeKey(NAMESPACE, key);
    const pending = { value: pendingCopy(storage), ttlMs: lifeMs, tags: [], condition: { kind: "absent" } } as const;
    const mark = await node.call("set", {}, (backend) => backend.set(copyKey, pending, {}));
    if (!mark.stored) return;
    await this.#shards.ready({});
    const { node: home, namespace } = this.#shards.placeOf(key);
    if (namespace !== undefined) return;
    const entry = withoutMovedTags(await home.call("get", {}, (backend) => backend.get(key, {})));
    // Reads of a sliding entry must reach the entry.
    if (entry === undefined || entry.slidingTtlMs !== undefined) return;
    const ttlMs = Math.min(lifeMs, entry.expiresAt - this.#host.clock.wallMs());
    if (ttlMs <= 0) return;
    const copy = {
      value: encodeCopy(storage, entry),
      ttlMs,
      tags: entry.tags,
      condition: { kind: "version", version: mark.version },
    } as const;
    await node.call("set", {}, (backend) => backend.set(copyKey, copy, {}));
  }
}

function slotOf(key: string): number {
  hashKey(key, scratch);
  return (scratch.low >>> 0) % CHANGE_SLOTS;
}
