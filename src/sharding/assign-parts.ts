import type { PickerNode } from "./node-picker.ts";

/**
 * Gives numbered parts to nodes, in blocks in the order of the list, each as many as its weight says (by largest remainders) and at least one.
 *
 * @param partCount not less than the number of nodes
 * @returns the node of each part
 */
export function assignParts(partCount: number, nodes: readonly PickerNode[]): Uint16Array {
  const totalWeight = nodes.reduce((sum, { weight }) => sum + weight, 0);
  const spare = partCount - nodes.length;
  const exact = nodes.map(({ weight }) => (spare * weight) / totalWeight);
  const counts = exact.map((share) => 1 + Math.floor(share));
  let left = partCount - counts.reduce((sum, count) => sum + count, 0);
  const byRemainder = exact.map((share, node) => ({ node, remainder: share - Math.floor(share) }));
  byRemainder.sort((a, b) => b.remainder - a.remainder || a.node - b.node);
  for (const { node } of byRemainder) {
    if (left === 0) break;
    counts[node] = (counts[node] as number) + 1;
    left -= 1;
  }
  const owners = new Uint16Array(partCount);
  let part = 0;
  for (const [node, count] of counts.entries()) {
    owners.fill(node, part, part + count);
    part += count;
  }
  return owners;
}
