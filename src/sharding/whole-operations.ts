import type { Backend, BackendUsage, OperationContext } from "../backend/backend.ts";
import type { BackendReport, NodeReport } from "../backend/backend-report.ts";
import type { ConnectionCounts } from "../backend/connection-counts.ts";
import type { NamespacePath } from "../entry/namespace-path.ts";
import type { Clock } from "../foundation/clock.ts";
import { waitUnlessAborted } from "../foundation/deadline.ts";
import { ALL_MOVED_TAG } from "./moved-keys.ts";
import { gatherParts } from "./node-outcomes.ts";
import { isOwnKey, placeNamespace, placePrefix, unplaceKey } from "./placed-keys.ts";
import type { ShardNode } from "./shard-node.ts";
import type { ShardParts } from "./shard-parts.ts";
import type { Shards } from "./shards.ts";
import type { StampVector } from "./stamp-vectors.ts";

/** Asks every node that is there; all must succeed. */
async function askAll<T>(
  shards: Shards,
  nodes: readonly ShardNode[],
  operation: string,
  context: OperationContext,
  invoke: (backend: Backend, node: ShardNode) => Promise<T> | T,
): Promise<T[]> {
  const parts = nodes.map((node) => ({
    node,
    count: 1,
    call: () => node.call(operation, context, (backend) => invoke(backend, node)),
  }));
  return gatherParts(shards.name, operation, parts, context);
}

/** Nodes that may have entries of users: those of the mapping, and those whose entries are being copied to it. */
function holders({ shards, moved }: ShardParts): readonly ShardNode[] {
  return [...new Set([...(moved?.previous.nodes ?? []), ...shards.presentNodes()])];
}

/** Does what asks all holders. Former nodes among them are not closed meanwhile. */
function withHolders(parts: ShardParts, work: () => Promise<void>): Promise<void> {
  return parts.moved === undefined ? work() : parts.moved.use(work);
}

/** `invalidateTags` of a sharded store. Twice while entries move: a copy that was read before the first is met by the second. */
export function invalidateTags(parts: ShardParts, tags: readonly string[], context: OperationContext): Promise<void> {
  return withHolders(parts, () => invalidateAtHolders(parts, tags, context));
}

async function invalidateAtHolders(
  parts: ShardParts,
  tags: readonly string[],
  context: OperationContext,
): Promise<void> {
  const { shards, hotKeys, moved } = parts;
  await shards.ready(context);
  shards.assertSettled();
  hotKeys?.noteChangeOfAll();
  const nodes = holders(parts);
  const invalidate = (): Promise<unknown> =>
    askAll(shards, nodes, "invalidateTags", context, (backend) => backend.invalidateTags?.(tags, context));
  await invalidate();
  if (moved !== undefined) await invalidate();
}

/** `clear` of a sharded store, with what stands in for nodes that are away. */
export function clear(parts: ShardParts, path: NamespacePath, context: OperationContext): Promise<void> {
  return withHolders(parts, () => clearAtHolders(parts, path, context));
}

async function clearAtHolders(parts: ShardParts, path: NamespacePath, context: OperationContext): Promise<void> {
  const { shards, hotKeys, moved } = parts;
  await shards.ready(context);
  shards.assertSettled();
  hotKeys?.noteChangeOfAll();
  const inside = [...shards.standInNamespaces(), ...(hotKeys?.namespaces ?? [])];
  const paths = path === "" ? [""] : [path, ...inside.map((namespace) => placeNamespace(namespace, path))];
  const clearNodes = (nodes: readonly ShardNode[]): Promise<unknown> =>
    askAll(shards, nodes, "clear", context, async (backend, node) => {
      for (const each of paths) await backend.clear?.(each, context);
      if (path === "") await node.emptied();
    });
  // Records go with everything else and are written again. One node after the other, so that the others have them meanwhile.
  const all = holders(parts);
  const steps = path === "" && shards.view !== undefined ? all.map((node) => [node]) : [all];
  const clearAll = async (): Promise<void> => {
    for (const nodes of steps) {
      await shards.ready(context);
      shards.assertSettled();
      await clearNodes(nodes);
    }
  };
  await clearAll();
  if (moved === undefined) return;
  await askAll(shards, all, "clear", context, (backend) => backend.invalidateTags?.([ALL_MOVED_TAG], context));
  await clearAll();
}

/** Stamps of all nodes that answer. */
export async function stampAll({ shards }: ShardParts): Promise<StampVector> {
  const { nodes, names } = shards.ring;
  const stamps = new Float64Array(nodes.length).fill(Number.NaN);
  await Promise.allSettled(
    nodes.map(async (node, index) => {
      if (shards.view?.isAway(node.name) === true) return;
      stamps[index] = await node.call("stamp", {}, (backend) => (backend as Required<Backend>).stamp({}));
    }),
  );
  return { nodes: names, stamps };
}

/** `scan` of a sharded store: node after node, each with the keys that live there now. */
export async function* scan(
  { shards }: ShardParts,
  prefix: string,
  context: OperationContext,
): AsyncGenerator<readonly string[], void, undefined> {
  await shards.ready(context);
  for (const node of shards.presentNodes()) {
    if (!node.isConnected) await node.call("scan", context, () => undefined);
    const own = (key: string): boolean => {
      if (isOwnKey(key)) return false;
      const place = shards.placeOf(key);
      return place.node === node && place.namespace === undefined;
    };
    yield* slices(node, prefix, context, (key) => (own(key) ? key : undefined));
    for (const namespace of shards.standInNamespaces()) {
      yield* slices(node, placePrefix(namespace, prefix), context, (stored) => {
        const key = unplaceKey(namespace, stored);
        if (key === undefined || !key.startsWith(prefix)) return undefined;
        const place = shards.placeOf(key);
        return place.node === node && place.namespace === namespace ? key : undefined;
      });
    }
  }
}

async function* slices(
  node: ShardNode,
  prefix: string,
  context: OperationContext,
  keyOf: (storedKey: string) => string | undefined,
): AsyncGenerator<readonly string[], void, undefined> {
  for await (const slice of (node.backend as Required<Backend>).scan(prefix, context)) {
    const keys = slice.map(keyOf).filter((key) => key !== undefined);
    if (keys.length > 0) yield keys;
  }
}

/** `usage` of a sharded store. What one node does not know, nobody knows. */
export function usage({ shards }: ShardParts, namespace: NamespacePath): BackendUsage {
  const usages = shards.ring.nodes.map(({ backend }) => backend.usage?.(namespace));
  const sum = (field: "keyCount" | "memoryUsageBytes"): number | undefined =>
    usages.reduce<number | undefined>((total, one) => {
      const value = one?.[field];
      return total === undefined || value === undefined ? undefined : total + value;
    }, 0);
  return {
    keyCount: sum("keyCount"),
    memoryUsageBytes: sum("memoryUsageBytes"),
    evictions: usages.reduce((total, one) => total + (one?.evictions ?? 0), 0),
  };
}

/** `connections` of a sharded store. */
export function connections({ shards }: ShardParts): ConnectionCounts {
  let [open, inFlight, waiting] = [0, 0, 0];
  for (const { backend } of shards.ring.nodes) {
    const counts = backend.connections?.();
    open += counts?.open ?? 0;
    inFlight += counts?.inFlight ?? 0;
    waiting += counts?.waiting ?? 0;
  }
  return { open, inFlight, waiting };
}

/** `ping` of a sharded store: past the breakers, since it is asked in order to know. */
export async function ping({ shards }: ShardParts, context: OperationContext): Promise<void> {
  const parts = shards.ring.nodes.map((node) => ({ node, count: 1, call: () => pingNode(node, context) }));
  await gatherParts(shards.name, "ping", parts, context);
}

async function pingNode(node: ShardNode, context: OperationContext): Promise<void> {
  await node.connect(context);
  await node.ask((backend) => backend.ping?.(context));
}

/** `report` of a sharded store: what every node says, under its name. One that has not answered when the signal is aborted is down, not the others. */
export async function report(
  { shards }: ShardParts,
  clock: Pick<Clock, "monotonicMs">,
  context: OperationContext,
): Promise<BackendReport> {
  const reports = await Promise.all(shards.ring.nodes.map((node) => reportNode(shards, node, clock, context)));
  return { nodes: reports.flat() };
}

async function reportNode(
  shards: Shards,
  node: ShardNode,
  clock: Pick<Clock, "monotonicMs">,
  context: OperationContext,
): Promise<readonly NodeReport[]> {
  const warnings =
    shards.view?.isAway(node.name) === true
      ? ["Other nodes stand in for it. It is emptied and serves again when it answers for a while."]
      : [];
  const startedAt = clock.monotonicMs();
  try {
    const inner = await waitUnlessAborted(
      node.ask((backend) => backend.report?.(context)),
      context.signal,
    );
    if (inner !== undefined) {
      return inner.nodes.map((one) => ({
        ...one,
        node: one.node === node.name ? one.node : `${node.name}/${one.node}`,
        status: warnings.length > 0 && one.status === "up" ? "degraded" : one.status,
        warnings: [...one.warnings, ...warnings],
      }));
    }
    await waitUnlessAborted(pingNode(node, context), context.signal);
    const status = warnings.length > 0 || node.breaker.state !== "closed" ? "degraded" : "up";
    return [{ node: node.name, status, latencyMs: clock.monotonicMs() - startedAt, warnings }];
  } catch (error) {
    const message = error instanceof Error ? error.message : "It does not answer.";
    return [{ node: node.name, status: "down", latencyMs: clock.monotonicMs() - startedAt, warnings, message }];
  }
}
