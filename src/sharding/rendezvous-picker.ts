import { hashKey, hashRoutingPart, type KeyHash, mix } from "./key-hash.ts";
import type { NodePicker, PickerNode } from "./node-picker.ts";

const scratch: KeyHash = { high: 0, low: 0 };

/**
 * Rendezvous hashing: every node draws a number for the key, the largest one has it. Exactly even shares, exactly 1/n moves when a node comes or
 * goes, nothing to build; a pick costs O(nodes), about 10 ns each. The order of the nodes does not matter.
 *
 * Weights by the logarithmic method: score = -weight / ln(u), u uniform in (0, 1), so a changed weight moves only what its share changes by. The
 * larger score is also the larger u when weights are equal, which then need no logarithm.
 *
 * Sources: D. Thaler, C. Ravishankar, "A Name-Based Mapping Scheme for Rendezvous", 1996; J. Resch, "New Hashing Algorithms for Data Storage", 2015.
 */
export function createRendezvousPicker(nodes: readonly PickerNode[]): NodePicker {
  const seedCount = nodes.length;
  const seeds = Int32Array.from(nodes, ({ name }) => {
    hashKey(name, scratch);
    return scratch.high ^ mix(scratch.low);
  });
  const isWeighted = nodes.some(({ weight }) => weight !== nodes[0]?.weight);

  function best(key: string, isExcluded: ((node: number) => boolean) | undefined): number {
    hashRoutingPart(key, scratch);
    const { high, low } = scratch;
    let bestNode = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let node = 0; node < seedCount; node += 1) {
      if (isExcluded?.(node) === true) continue;
      const drawn = mix(high ^ (seeds[node] as number)) >>> 0;
      const score = isWeighted ? -(nodes[node] as PickerNode).weight / Math.log((drawn + 0.5) / 4_294_967_296) : drawn;
      if (score > bestScore || (score === bestScore && wins(low, node, bestNode))) {
        bestScore = score;
        bestNode = node;
      }
    }
    return bestNode;
  }

  /** Decides between equal draws, by the other half of the key's hash; names decide in the end, so that the order of the list never does. */
  function wins(low: number, node: number, other: number): boolean {
    const ours = mix(low ^ (seeds[node] as number)) >>> 0;
    const theirs = mix(low ^ (seeds[other] as number)) >>> 0;
    return ours === theirs ? isBefore(nodes, node, other) : ours > theirs;
  }

  return {
    algorithm: "rendezvous",
    nodes,
    pick: (key) => best(key, undefined),
    pickNext: best,
  };
}

function isBefore(nodes: readonly PickerNode[], node: number, other: number): boolean {
  return (nodes[node] as PickerNode).name < (nodes[other] as PickerNode).name;
}
