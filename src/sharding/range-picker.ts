import { fromStoredKey } from "../entry/namespace-path.ts";
import { ConfigError } from "../foundation/errors.ts";
import { assignParts } from "./assign-parts.ts";
import { firstAfter } from "./jump-picker.ts";
import { routingPart } from "./key-hash.ts";
import type { NodePicker, PickerNode } from "./node-picker.ts";

const FIRST_PRINTABLE = 0x20;
const PRINTABLE_COUNT = 96;
/** Six characters of 96 values each, 39 bits: more than parts can tell apart. */
const LEADING_CHARACTERS = 6;
const RANGE_SIZE = PRINTABLE_COUNT ** LEADING_CHARACTERS;

/**
 * Splits keys by their order, so that neighbours live together. What counts is the key inside its namespace, or its hash tag. Parts are dealt to the
 * nodes in blocks in the order of the list, by weight. **The position in the list is the node's identity.** Shares are as even as the keys are.
 *
 * Without split points the range of the first six characters is split evenly, each taken for its place in printable ASCII (others for the nearest
 * end). Keys that share their beginning, such as `user:…`, then fall into one part: give split points.
 *
 * @param partCount parts; not less than the number of nodes
 * @param splitPoints first keys of all parts but the first, ascending by UTF-16 units; one fewer than there are parts
 * @throws ConfigError `GCX_CONFIG_INVALID` when the split points do not ascend or do not fit the number of parts
 */
export function createRangePicker(
  nodes: readonly PickerNode[],
  partCount: number,
  splitPoints?: readonly string[],
): NodePicker {
  if (splitPoints !== undefined) assertSplitPoints(splitPoints, partCount);
  const owners = assignParts(partCount, nodes);
  const partOf = splitPoints === undefined ? evenPart(partCount) : (text: string) => countUpTo(splitPoints, text);
  const pick = (key: string): number => owners[partOf(routingPart(fromStoredKey(key)))] as number;
  return {
    algorithm: "range",
    nodes,
    pick,
    pickNext: (key, isExcluded) => firstAfter(pick(key), nodes.length, isExcluded),
  };
}

function evenPart(partCount: number): (text: string) => number {
  return (text) => {
    let position = 0;
    for (let index = 0; index < LEADING_CHARACTERS; index += 1) {
      const unit = index < text.length ? text.charCodeAt(index) - FIRST_PRINTABLE : 0;
      position = position * PRINTABLE_COUNT + Math.min(PRINTABLE_COUNT - 1, Math.max(0, unit));
    }
    return Math.floor((position / RANGE_SIZE) * partCount);
  };
}

/** How many split points are not after the text: its part. */
function countUpTo(splitPoints: readonly string[], text: string): number {
  let low = 0;
  let high = splitPoints.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((splitPoints[middle] as string) <= text) low = middle + 1;
    else high = middle;
  }
  return low;
}

function assertSplitPoints(splitPoints: readonly string[], partCount: number): void {
  const isAscending = splitPoints.every((point, index) => index === 0 || (splitPoints[index - 1] as string) < point);
  if (isAscending && splitPoints.length === partCount - 1) return;
  throw new ConfigError(
    "GCX_CONFIG_INVALID",
    "sharding.splitPoints",
    `sharding.splitPoints must ascend and be one fewer than the parts (${partCount}); there are ${splitPoints.length}.`,
  );
}
