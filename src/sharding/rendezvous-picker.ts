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
  const seeds = nodes.map(({ name }): KeyHash => {
    const seed = { high: 0, low: 0 };
    hashKey(name, seed);
    return seed;
  });
  const isWeighted = nodes.some(({ weight }) => weight !== nodes[0]?.weight);

  function best(key: string, isExcluded: ((node: number) => boolean) | undefined): number {
    hashRoutingPart(key, scratch);
    const { high, low } = scratch;
    let bestNode = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let node = 0; node < seeds.length; node += 1) {
      if (isExcluded?.(node) === true) continue;
      const drawn = draw(high, low, seeds[node] as KeyHash);
      const score = isWeighted ? -(nodes[node] as PickerNode).weight / Math.log(drawn) : drawn;
      // Equal draws of 2^53 do not happen; names decide all the same, so that the order of the list never does.
      if (score > bestScore || (score === bestScore && isBefore(nodes, node, bestNode))) {
        bestScore = score;
        bestNode = node;
      }
    }
    return bestNode;
  }

  return {
    algorithm: "rendezvous",
    nodes,
    pick: (key) => best(key, undefined),
    pickNext: best,
  };
}

/** A number in (0, 1) with 53 bits that depends on key and node alone. */
function draw(high: number, low: number, seed: KeyHash): number {
  const first = mix(high ^ seed.high);
  const second = mix(low ^ seed.low ^ first);
  const upper = mix(first ^ second) >>> 0;
  return (upper * 2_097_152 + (second >>> 11) + 0.5) / 9_007_199_254_740_992;
}

function isBefore(nodes: readonly PickerNode[], node: number, other: number): boolean {
  return (nodes[node] as PickerNode).name < (nodes[other] as PickerNode).name;
}
