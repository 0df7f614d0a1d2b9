import { assignParts } from "./assign-parts.ts";
import { hashRoutingPart, type KeyHash, mix } from "./key-hash.ts";
import type { NodePicker, PickerNode } from "./node-picker.ts";

const scratch: KeyHash = { high: 0, low: 0 };

/**
 * The hash modulo a fixed number of parts, which are dealt to the nodes in blocks by weight. As even as can be, and the plainest to reproduce in
 * another program. **The position in the list is the node's identity**, and another number of nodes moves most keys.
 *
 * @param partCount parts; not less than the number of nodes
 */
export function createHashPicker(nodes: readonly PickerNode[], partCount: number): NodePicker {
  const owners = assignParts(partCount, nodes);
  return {
    algorithm: "hash",
    nodes,
    pick(key) {
      hashRoutingPart(key, scratch);
      return owners[(scratch.high >>> 0) % partCount] as number;
    },
    pickNext(key, isExcluded) {
      hashRoutingPart(key, scratch);
      const node = owners[(scratch.high >>> 0) % partCount] as number;
      if (!isExcluded(node)) return node;
      // Not simply the next of the list: that one would get all keys of the node that is away.
      const present = nodes.flatMap((_, other) => (isExcluded(other) ? [] : [other]));
      return present[(mix(scratch.low) >>> 0) % present.length] ?? -1;
    },
  };
}
