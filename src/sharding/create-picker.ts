import { ConfigError } from "../foundation/errors.ts";
import { createConsistentPicker } from "./consistent-picker.ts";
import { createHashPicker } from "./hash-picker.ts";
import { createJumpPicker } from "./jump-picker.ts";
import { createKetamaPicker } from "./ketama-picker.ts";
import type { NodePicker, PickerNode, PickerSettings, ShardingAlgorithm } from "./node-picker.ts";
import { createRangePicker } from "./range-picker.ts";
import { createRendezvousPicker } from "./rendezvous-picker.ts";

/** Node indexes are kept in 16 bits. */
const MAX_NODES = 65_535;
const MAX_PARTS = 65_536;

/** Settings that only some algorithms have: given to another one they would be ignored in silence. */
const ALGORITHMS_WITH: Readonly<Record<keyof PickerSettings, readonly ShardingAlgorithm[]>> = {
  replicas: ["consistent"],
  shards: ["hash", "range"],
  splitPoints: ["range"],
};

/**
 * Makes the picker of an algorithm.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` when there is no node, a name twice, a weight that is none, or a setting that the algorithm does not have
 */
export function createPicker(
  algorithm: ShardingAlgorithm,
  nodes: readonly PickerNode[],
  settings: PickerSettings = {},
): NodePicker {
  assertNodes(nodes);
  assertSettings(algorithm, settings);
  const { replicas, shards = settings.splitPoints === undefined ? nodes.length : settings.splitPoints.length + 1 } =
    settings;
  switch (algorithm) {
    case "consistent":
      if (replicas !== undefined) assertWhole("sharding.replicas", replicas, 1);
      return createConsistentPicker(nodes, replicas);
    case "ketama":
      return createKetamaPicker(nodes);
    case "rendezvous":
      return createRendezvousPicker(nodes);
    case "jump":
      return createJumpPicker(nodes);
    case "hash":
      assertWhole("sharding.shards", shards, nodes.length);
      return createHashPicker(nodes, shards);
    case "range":
      assertWhole("sharding.shards", shards, nodes.length);
      return createRangePicker(nodes, shards, settings.splitPoints);
    default:
      throw invalid("sharding.algorithm", "sharding.algorithm names no way to spread keys.");
  }
}

function assertNodes(nodes: readonly PickerNode[]): void {
  if (nodes.length === 0 || nodes.length > MAX_NODES) {
    throw invalid("sharding.nodes", `sharding.nodes must have 1 to ${MAX_NODES} nodes; there are ${nodes.length}.`);
  }
  const names = new Set<string>();
  for (const { name, weight } of nodes) {
    if (typeof name !== "string" || name === "" || names.has(name)) {
      throw invalid("sharding.nodes", "sharding.nodes: every node needs a name of its own.");
    }
    names.add(name);
    if (!(weight > 0 && weight < Number.POSITIVE_INFINITY)) {
      throw invalid("sharding.nodes", `sharding.nodes: the weight of "${name}" must be a finite number above 0.`);
    }
  }
}

function assertSettings(algorithm: ShardingAlgorithm, settings: PickerSettings): void {
  for (const [setting, algorithms] of Object.entries(ALGORITHMS_WITH)) {
    if (settings[setting as keyof PickerSettings] === undefined || algorithms.includes(algorithm)) continue;
    throw invalid(
      `sharding.${setting}`,
      `sharding.${setting} is of ${algorithms.join(" and ")} only; "${algorithm}" has none. Remove it.`,
    );
  }
}

function assertWhole(field: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min && value <= MAX_PARTS) return;
  throw invalid(field, `${field} must be a whole number from ${min} to ${MAX_PARTS}; it is ${value}.`);
}

function invalid(field: string, message: string): ConfigError {
  return new ConfigError("GCX_CONFIG_INVALID", field, message);
}
