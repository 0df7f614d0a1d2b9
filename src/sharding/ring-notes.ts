import type { Backend } from "../backend/backend.ts";
import type { NodePicker } from "./node-picker.ts";
import { readRecord, writeRecord } from "./node-records.ts";
import { isOwnKey } from "./placed-keys.ts";
import { hasNode, isGrowthOnly, isRingDescription, pickerOf, type RingDescription } from "./ring-description.ts";
import type { ShardNode } from "./shard-node.ts";

/**
 * What a node remembers of the mapping it serves, as a record at the node itself:
 *
 * ```text
 * @%~shard:ring   {"number": 2, "ring": {"algorithm", "settings", "nodes": [["name", weight], …]}, "mayHoldStrays": false}
 * ```
 *
 * A *stray* is an entry at a node that the mapping gives to another one: it was left behind when the mapping changed, and would be served as if it were
 * new when a later mapping gives the key back. So before a node gets keys that it did not have, its strays are removed.
 */
export interface RingNote {
  /** Grows with every change of the mapping. A node whose number is behind was not part of what came between. */
  readonly number: number;
  readonly ring: RingDescription;
  /** Whether the node lost keys since its strays were last removed. */
  readonly mayHoldStrays: boolean;
}

const NOTE = "ring";
const DELETE_BATCH_COUNT = 500;

/** A node's note, or `undefined` when it has none that can be read. */
export async function readNote(node: ShardNode): Promise<RingNote | undefined> {
  const content = (await node.ask((backend) => readRecord(backend, NOTE)))?.content as Partial<RingNote> | undefined;
  if (!isRingDescription(content?.ring)) return undefined;
  const number = typeof content.number === "number" ? content.number : 0;
  return { number, ring: content.ring, mayHoldStrays: content.mayHoldStrays !== false };
}

/** Writes a node's note. */
export async function writeNote(node: ShardNode, note: RingNote): Promise<void> {
  await node.ask((backend) => writeRecord(backend, NOTE, note));
}

/** Whether a store can be rid of strays. */
export function canRemoveStrays({ capabilities }: Backend): boolean {
  return capabilities.clear || capabilities.scan;
}

/** A mapping and its number. */
export type NumberedRing = Omit<RingNote, "mayHoldStrays">;

/**
 * Makes a node fit to serve a mapping, and notes it. Fails when the node does not answer; then it must not serve.
 *
 * @param served what it served last; `"outdated"`: something before the last mapping, so all it holds is stray; `undefined`: nothing ever
 */
export async function adoptRing(
  node: ShardNode,
  served: RingNote | "outdated" | undefined,
  next: NumberedRing,
): Promise<void> {
  let mayHoldStrays = false;
  if (served === "outdated" || (served !== undefined && !hasNode(served.ring, node.name))) {
    await removeStrays(node, undefined);
  } else if (served !== undefined) {
    mayHoldStrays = served.mayHoldStrays;
    if (mayHoldStrays && !isGrowthOnly(served.ring, next.ring)) {
      await removeStrays(node, served.ring);
      mayHoldStrays = false;
    }
    // From smaller to larger, nodes lose keys; the other way round they only gain.
    if (!isGrowthOnly(next.ring, served.ring)) mayHoldStrays = true;
  }
  await writeNote(node, { ...next, mayHoldStrays });
}

/**
 * Removes what a node holds that a mapping does not give it. A store that lists its keys keeps the others; one that does not is cleared.
 *
 * @param ring `undefined`: everything goes
 */
async function removeStrays(node: ShardNode, ring: RingDescription | undefined): Promise<void> {
  const { capabilities } = node.backend;
  if (capabilities.clear && (!capabilities.scan || ring === undefined)) {
    await node.ask((backend) => backend.clear?.("", {}));
    return;
  }
  if (!capabilities.scan) return;
  const picker = ring && readPicker(ring);
  const isStray = (key: string): boolean => !isOwnKey(key) && picker?.nodes[picker.pick(key)]?.name !== node.name;
  let strays: string[] = [];
  for await (const slice of node.backend.scan?.("", {}) ?? []) {
    strays.push(...slice.filter(isStray));
    if (strays.length < DELETE_BATCH_COUNT) continue;
    await node.backend.deleteMulti(strays, {});
    strays = [];
  }
  if (strays.length > 0) await node.backend.deleteMulti(strays, {});
}

/** A mapping of a version that this one does not know gives a node nothing that could be told from strays. */
function readPicker(ring: RingDescription): NodePicker | undefined {
  try {
    return pickerOf(ring);
  } catch {
    return undefined;
  }
}
