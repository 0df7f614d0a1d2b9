import type { NodePicker } from "./node-picker.ts";

/** What a change of nodes moves. */
export interface MovePlan {
  /** Share of all keys that get another node, 0 … 1. */
  readonly movedRatio: number;
  /** By node name, those that come and those that go included. */
  readonly byNode: Readonly<Record<string, NodeMove>>;
}

/** What a change moves from and to one node, as shares of all keys. */
export interface NodeMove {
  readonly beforeRatio: number;
  readonly afterRatio: number;
  readonly gainedRatio: number;
  readonly lostRatio: number;
}

/** Synthetic keys that are asked for when no others are given: shares are right to half a percent. */
const SAMPLE_COUNT = 65_536;

/**
 * Compares two mappings on a sample. O(sample), some 20 ms.
 *
 * @param sampleKeys keys to look at; for `range` they should be real ones. Default: 65,536 synthetic ones
 */
export function planMove(before: NodePicker, after: NodePicker, sampleKeys?: Iterable<string>): MovePlan {
  const counts = new Map<string, { before: number; after: number; gained: number; lost: number }>();
  const countsOf = (name: string) => {
    const found = counts.get(name) ?? { before: 0, after: 0, gained: 0, lost: 0 };
    counts.set(name, found);
    return found;
  };
  for (const { name } of [...before.nodes, ...after.nodes]) countsOf(name);
  let keyCount = 0;
  let movedCount = 0;
  for (const key of sampleKeys ?? syntheticKeys()) {
    const from = before.nodes[before.pick(key)]?.name ?? "";
    const to = after.nodes[after.pick(key)]?.name ?? "";
    keyCount += 1;
    countsOf(from).before += 1;
    countsOf(to).after += 1;
    if (from === to) continue;
    movedCount += 1;
    countsOf(from).lost += 1;
    countsOf(to).gained += 1;
  }
  const ratio = (count: number): number => (keyCount === 0 ? 0 : count / keyCount);
  const byNode = [...counts].map(([name, count]): [string, NodeMove] => [
    name,
    {
      beforeRatio: ratio(count.before),
      afterRatio: ratio(count.after),
      gainedRatio: ratio(count.gained),
      lostRatio: ratio(count.lost),
    },
  ]);
  return { movedRatio: ratio(movedCount), byNode: Object.fromEntries(byNode) };
}

function* syntheticKeys(): Generator<string> {
  for (let index = 0; index < SAMPLE_COUNT; index += 1) yield `key:${index}`;
}
