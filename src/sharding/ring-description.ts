import { createPicker } from "./create-picker.ts";
import { hashKey, type KeyHash } from "./key-hash.ts";
import type { NodePicker, PickerSettings, ShardingAlgorithm } from "./node-picker.ts";

/** All that decides where keys live. Plain JSON: nodes keep it to know what they were part of. */
export interface RingDescription {
  readonly algorithm: ShardingAlgorithm;
  readonly settings: PickerSettings;
  readonly nodes: readonly (readonly [name: string, weight: number])[];
}

/** Algorithms for which a node that joins takes keys from others and moves none between them. */
const MOVES_LITTLE: ReadonlySet<ShardingAlgorithm> = new Set(["consistent", "ketama", "rendezvous", "jump"]);
/** Algorithms for which the order of the list does not matter. */
const BY_NAME: ReadonlySet<ShardingAlgorithm> = new Set(["consistent", "ketama", "rendezvous"]);

/** Describes a mapping. */
export function describeRing({ algorithm, nodes }: NodePicker, settings: PickerSettings): RingDescription {
  const list = nodes.map(({ name, weight }) => [name, weight] as const);
  if (BY_NAME.has(algorithm)) list.sort(([a], [b]) => (a < b ? -1 : 1));
  return { algorithm, settings, nodes: list };
}

/** The mapping that a description stands for. */
export function pickerOf({ algorithm, settings, nodes }: RingDescription): NodePicker {
  return createPicker(
    algorithm,
    nodes.map(([name, weight]) => ({ name, weight })),
    settings,
  );
}

/** A short name of a mapping: equal for equal ones. */
export function ringId(ring: RingDescription): string {
  const hash: KeyHash = { high: 0, low: 0 };
  hashKey(JSON.stringify(ring), hash);
  return [hash.high, hash.low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}

/** Whether something read from a node has the shape of a description. Whether a picker can be made of it is seen when one is. */
export function isRingDescription(value: unknown): value is RingDescription {
  const { algorithm, settings, nodes } = (value ?? {}) as Partial<Record<keyof RingDescription, unknown>>;
  if (typeof algorithm !== "string" || typeof settings !== "object" || settings === null || !Array.isArray(nodes)) {
    return false;
  }
  return nodes.every((node) => Array.isArray(node) && typeof node[0] === "string" && typeof node[1] === "number");
}

/** Whether a node is part of a mapping. */
export function hasNode(ring: RingDescription, name: string): boolean {
  return ring.nodes.some(([member]) => member === name);
}

/**
 * Whether no node that is part of both gets a key that it did not have: true only when `to` is `from` with more nodes, of an algorithm that moves
 * little. False is the safe answer.
 */
export function isGrowthOnly(from: RingDescription, to: RingDescription): boolean {
  const { algorithm } = from;
  if (algorithm !== to.algorithm || !MOVES_LITTLE.has(algorithm)) return false;
  if (JSON.stringify(from.settings) !== JSON.stringify(to.settings)) return false;
  // libmemcached scales points by the share of the total: with weights that differ, every node's points change.
  if (algorithm === "ketama" && to.nodes.some(([, weight]) => weight !== to.nodes[0]?.[1])) return false;
  return from.nodes.every(([name, weight], index) => {
    const same = BY_NAME.has(algorithm) ? to.nodes.find(([other]) => other === name) : to.nodes[index];
    return same?.[0] === name && same[1] === weight;
  });
}
