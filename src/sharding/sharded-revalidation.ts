import type { ChangeListener } from "../backend/change-feed.ts";
import type { TierContext } from "../backend/load-tier.ts";
import type { EntryVerdict, KnownEntry, Revalidation } from "../backend/revalidation.ts";
import type { MovedKeys } from "./moved-keys.ts";
import type { ShardNode } from "./shard-node.ts";
import type { ShardParts } from "./shard-parts.ts";
import { keyAt, type Place, type Ring, type Shards } from "./shards.ts";

/** Whether a store can say which entries are current. */
export function hasRevalidation({ backend }: Pick<ShardNode, "backend">): boolean {
  return backend.revalidation !== undefined;
}

/** The entries that live at one place, with where in the question they stood. */
interface PlaceGroup {
  readonly place: Place;
  readonly entries: KnownEntry[];
  readonly positions: number[];
}

/**
 * The questions of a sharded store: each entry's at the key's place, all places at the same time. One that does not answer leaves its entries unknown, and the others' are not.
 *
 * Another mapping, a node that is stood in for or has come back, and another life of a node begin another life of the whole: a key may have another place then, where the same version can
 * be another entry's. So what was read before is proven by nothing afterwards; it lapses, and is read at its place. While entries are moving nothing is known.
 */
export class ShardedRevalidation implements Revalidation {
  readonly #parts: ShardParts;
  #ring: Ring | undefined;
  #turn = 0;
  #moved: MovedKeys | undefined;
  #lives: readonly string[] = [];
  #life = 0;
  readonly #watches = new Set<NodeWatches>();
  readonly watchChanges?: NonNullable<Revalidation["watchChanges"]>;

  constructor(parts: ShardParts) {
    this.#parts = parts;
    const { nodes } = parts.shards.ring;
    if (nodes.every(({ backend }) => backend.revalidation?.watchChanges !== undefined)) {
      this.watchChanges = (listener) => this.#watch(listener);
    }
  }

  /** Asked before each read, so compared part by part and written only when something is another. */
  get life(): string {
    const { shards, moved } = this.#parts;
    const { ring } = shards;
    const turn = shards.view?.turn ?? 0;
    const isSame = this.#ring === ring && this.#turn === turn && this.#moved === moved;
    if (this.#ring !== ring) for (const watches of this.#watches) watches.follow(ring);
    if (!isSame || ring.nodes.some((node, index) => lifeOf(node) !== this.#lives[index])) {
      this.#ring = ring;
      this.#turn = turn;
      this.#moved = moved;
      this.#lives = ring.nodes.map(lifeOf);
      this.#life += 1;
    }
    return String(this.#life);
  }

  /** Of all nodes of the mapping, and of another one from the next read on. What stands in for a node is told under the names it has there, which nobody's copies have. */
  #watch(listener: ChangeListener): () => void {
    const watches = new NodeWatches(listener);
    this.#watches.add(watches);
    watches.follow(this.#parts.shards.ring);
    return () => {
      this.#watches.delete(watches);
      watches.follow(undefined);
    };
  }

  async revalidate(entries: readonly KnownEntry[], context: TierContext): Promise<readonly EntryVerdict[]> {
    const { shards, moved } = this.#parts;
    const verdicts = new Array<EntryVerdict>(entries.length).fill("unknown");
    await shards.ready(context);
    if (moved !== undefined) return verdicts;
    await Promise.all(
      splitByPlace(shards, entries).map(async ({ place, entries: own, positions }) => {
        const answers = await askPlace(place, own, context);
        for (const [index, position] of positions.entries()) verdicts[position] = answers?.[index] ?? "unknown";
      }),
    );
    return verdicts;
  }
}

/** One listener at all nodes of a mapping. */
class NodeWatches {
  readonly #listener: ChangeListener;
  #stops = new Map<ShardNode, () => void>();

  constructor(listener: ChangeListener) {
    this.#listener = listener;
  }

  /** Begins at the nodes that are new, and ends at those that are not there any more. */
  follow(ring: Ring | undefined): void {
    const before = this.#stops;
    this.#stops = new Map();
    for (const node of ring?.nodes ?? []) {
      const stop = before.get(node) ?? node.backend.revalidation?.watchChanges?.(this.#listener);
      if (stop !== undefined) this.#stops.set(node, stop);
    }
    for (const [node, stop] of before) if (!this.#stops.has(node)) stop();
  }
}

/** `undefined` when the node did not answer: its breaker has heard of that. */
async function askPlace(
  place: Place,
  entries: readonly KnownEntry[],
  context: TierContext,
): Promise<readonly EntryVerdict[] | undefined> {
  try {
    return await place.node.call("revalidate", context, ({ revalidation }) =>
      // A node that joined later may not know how.
      revalidation?.revalidate(
        entries.map((entry) => ({ ...entry, key: keyAt(place, entry.key) })),
        context,
      ),
    );
  } catch {
    return undefined;
  }
}

/** Keys whose place is changing are in none. */
function splitByPlace(shards: Shards, entries: readonly KnownEntry[]): readonly PlaceGroup[] {
  const groups = new Map<Place, PlaceGroup>();
  for (const [position, entry] of entries.entries()) {
    const place = placeNow(shards, entry.key);
    if (place === undefined) continue;
    let group = groups.get(place);
    if (group === undefined) {
      group = { place, entries: [], positions: [] };
      groups.set(place, group);
    }
    group.entries.push(entry);
    group.positions.push(position);
  }
  return [...groups.values()];
}

function placeNow(shards: Shards, key: string): Place | undefined {
  try {
    return shards.placeOf(key);
  } catch {
    return undefined;
  }
}

function lifeOf({ backend }: ShardNode): string {
  return backend.revalidation?.life ?? "";
}
