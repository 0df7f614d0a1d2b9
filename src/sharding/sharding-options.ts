import type { BackendCapabilities } from "../backend/capabilities.ts";
import type { BreakerSettings } from "../foundation/circuit-breaker.ts";
import { ConfigError } from "../foundation/errors.ts";
import type { HotKeySettings, ResolvedHotKeySettings } from "./hot-keys.ts";
import type { PickerSettings, ShardingAlgorithm } from "./node-picker.ts";
import type { ShardedNode } from "./shard-node.ts";

/** Options of `createShardedBackend`. */
export interface ShardedBackendOptions extends PickerSettings {
  /** Name for messages, metrics and `getEntry().tier`. Default: `"sharded"`. */
  readonly name?: string | undefined;
  /** The stores to spread keys over; all keep the same kind of values. The sharded store owns them: it connects and closes them. */
  readonly nodes: readonly ShardedNode[];
  /** How a key finds its node. Default: `"consistent"`. */
  readonly algorithm?: ShardingAlgorithm | undefined;
  /**
   * What becomes of the keys of a node that does not answer. `error`: their calls fail at once. `next`: other nodes stand in, and the node is emptied
   * before it serves again; needs stores with `clear` and `conditionalWrites`, and three nodes to be safe when processes see different nodes. Default: `"error"`.
   */
  readonly failover?: "error" | "next" | undefined;
  /**
   * `failover: "next"` only: how long this process trusts what it knows of which nodes are away, in ms, from 10. Keys fail for so long when a node goes
   * and when it comes back. The same in all processes. Default: 1,000.
   */
  readonly viewMs?: number | undefined;
  /** `failover: "next"` only: how long a node stays away at least, in ms, so that one that comes and goes does not empty itself all the time. Default: 10,000. */
  readonly returnAfterMs?: number | undefined;
  /** When calls to a node are stopped. */
  readonly breaker?: BreakerSettings | undefined;
  /** Copies of keys that many ask for, at other nodes; needs `conditionalWrites`. Default: `false`. */
  readonly hotKeys?: HotKeySettings | false | undefined;
}

/** Options with their defaults. */
export interface ResolvedShardingOptions {
  readonly name: string;
  readonly nodes: readonly ShardedNode[];
  readonly algorithm: ShardingAlgorithm;
  readonly settings: PickerSettings;
  readonly failover: "error" | "next";
  readonly viewMs: number;
  readonly returnAfterMs: number;
  readonly breaker: BreakerSettings;
  readonly hotKeys: ResolvedHotKeySettings | undefined;
}

/** Half of the staleness that most caches are content with. */
const DEFAULT_VIEW_MS = 1_000;
const DEFAULT_RETURN_AFTER_MS = 10_000;
const DEFAULT_HOT_SHARE = 0.01;
const DEFAULT_HOT_COPIES = 2;
const DEFAULT_HOT_STALENESS_MS = 1_000;

/** Fills in defaults and refuses what does not fit together. @throws ConfigError `GCX_CONFIG_INVALID` */
export function resolveShardingOptions(options: ShardedBackendOptions): ResolvedShardingOptions {
  const { failover = "error", viewMs = DEFAULT_VIEW_MS, returnAfterMs = DEFAULT_RETURN_AFTER_MS, hotKeys } = options;
  const { replicas, shards, splitPoints } = options;
  if (failover === "error" && (options.viewMs !== undefined || options.returnAfterMs !== undefined)) {
    throw invalid("failover", 'viewMs and returnAfterMs are of failover "next" only. Remove them.');
  }
  if (failover !== "error" && failover !== "next") throw invalid("failover", 'failover must be "error" or "next".');
  assertAtLeast("viewMs", viewMs, 10);
  assertAtLeast("returnAfterMs", returnAfterMs, 0);
  const resolved: ResolvedShardingOptions = {
    name: options.name ?? "sharded",
    nodes: options.nodes,
    algorithm: options.algorithm ?? "consistent",
    settings: {
      ...(replicas !== undefined && { replicas }),
      ...(shards !== undefined && { shards }),
      ...(splitPoints !== undefined && { splitPoints }),
    },
    failover,
    viewMs,
    returnAfterMs,
    breaker: options.breaker ?? {},
    hotKeys: hotKeys === undefined || hotKeys === false ? undefined : resolveHotKeys(hotKeys),
  };
  assertNodesFit(resolved);
  return resolved;
}

function resolveHotKeys(settings: HotKeySettings): ResolvedHotKeySettings {
  const { share = DEFAULT_HOT_SHARE, copies = DEFAULT_HOT_COPIES } = settings;
  const { maxStalenessMs = DEFAULT_HOT_STALENESS_MS } = settings;
  if (!(share > 0 && share < 1)) throw invalid("hotKeys.share", "hotKeys.share must be above 0 and below 1.");
  if (!Number.isInteger(copies)) throw invalid("hotKeys.copies", "hotKeys.copies must be a whole number.");
  assertAtLeast("hotKeys.copies", copies, 1);
  assertAtLeast("hotKeys.maxStalenessMs", maxStalenessMs, 20);
  return { share, copies, maxStalenessMs };
}

function assertNodesFit({ nodes, failover, hotKeys }: ResolvedShardingOptions): void {
  const [first] = nodes;
  for (const node of nodes) {
    const { capabilities } = node.backend;
    if (capabilities.storage !== first?.backend.capabilities.storage) {
      throw invalid("nodes", "all nodes must keep values, or all must keep bytes.");
    }
    if (failover === "next") assertCapable(node, ["clear", "conditionalWrites"], 'failover "next"');
    if (hotKeys !== undefined) assertCapable(node, ["conditionalWrites"], "hotKeys");
  }
}

function assertCapable(
  { name, backend }: ShardedNode,
  needed: readonly (keyof BackendCapabilities)[],
  feature: string,
): void {
  const missing = needed.find((capability) => backend.capabilities[capability] !== true);
  if (missing === undefined) return;
  throw invalid("nodes", `${feature} needs stores with the capability "${missing}", which ${name} does not have.`);
}

function assertAtLeast(field: string, value: number, min: number): void {
  if (value >= min && value < Number.POSITIVE_INFINITY) return;
  throw invalid(field, `${field} must be a finite number from ${min}; it is ${value}.`);
}

function invalid(field: string, message: string): ConfigError {
  return new ConfigError("GCX_CONFIG_INVALID", `sharding.${field}`, `sharding: ${message}`);
}
