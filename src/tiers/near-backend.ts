import type { Backend, OperationContext } from "../backend/backend.ts";
import type { BackendReport } from "../backend/backend-report.ts";
import type { CoherenceStatus } from "../backend/coherence-status.ts";
import type { MiddleReader } from "./middle-reader.ts";
import type { NearBackendParts } from "./near-backend-parts.ts";
import { NearChanger } from "./near-changer.ts";
import { nearLoadTier } from "./near-load-tier.ts";
import { NearReader } from "./near-reader.ts";
import { ReceiptCheck } from "./receipt-check.ts";
import { whenUnanswered } from "./when-unanswered.ts";

/**
 * A shared store with copies of its entries in this process. Reads that find a copy which is proven current are answered from it, all others, and all changes, by the shared
 * store. A copy is kept only of what an answer proves, in one synchronous step with the look at everything that was heard of since the question was sent.
 *
 * ```text
 * get ─▶ copy, proven? ── yes ─▶ value
 *          │ no
 *          ▼
 *        ticket ─▶ read of the store ─▶ still the newest that was heard of? ── yes ─▶ copy
 *                                            │ no
 *                                            └─▶ answered, not kept
 *
 * set ─▶ ticket ─▶ write to the store ─▶ older copies end ─▶ copy of what was written, unless something newer was heard of
 *                       └─ failed, or nobody knows ─▶ no copy
 * ```
 */
export function createNearBackend(parts: NearBackendParts): Backend {
  const { far, copies, node, near, fleet, middle } = parts;
  const { capabilities } = far;
  const reader = new NearReader(parts);
  const changer = new NearChanger(parts);
  const receipts = new ReceiptCheck(parts);
  return {
    name: far.name,
    nearTier: near.name,
    // Answers come from two places: a copy at once, all else through promises.
    capabilities: Object.freeze({ ...capabilities, local: false, slidingTtl: false }),
    get epoch() {
      return far.epoch;
    },
    async connect(context) {
      await near.connect?.(context);
      middle?.open();
      await far.connect?.(context);
      receipts.begin();
      await Promise.all([fleet.open(), node.join()]);
    },
    async close() {
      node.close();
      await Promise.all([fleet.close(), middle?.close()]);
      await near.close();
      await far.close();
    },
    peek(key) {
      const copy = copies.find(key, node);
      return copy === undefined ? undefined : copies.reveal(copy);
    },
    get(key, context) {
      receipts.follow(context);
      const copy = copies.find(key, node);
      if (copy === undefined || !receipts.isLateEnough(copy, context)) return reader.read(key, context);
      return copies.toEntry(copy);
    },
    getMulti: (keys, context) => reader.readMulti(keys, context),
    set: (key, write, context) => changer.set(key, write, context),
    setMulti: (items, context) => changer.setMulti(items, context),
    delete: (key, context) => changer.change([key], context, () => far.delete(key, context)),
    deleteMulti: (keys, context) => changer.change(keys, context, () => far.deleteMulti(keys, context)),
    expire: (key, ttlMs, context) => changer.change([key], context, () => far.expire(key, ttlMs, context)),
    coherence: () => statusOf(parts),
    tierUsages: (path) => [
      { ...near.usage?.(path), name: near.name, connections: undefined },
      ...(middle?.usages() ?? []),
      { ...far.usage?.(path), name: far.name, connections: far.connections?.().open },
    ],
    awaitCoherence: (change, context) => fleet.waitForAll(change, context.signal),
    ...optionalMethods(parts, reader, changer),
  };
}

function statusOf({ node, fleet }: NearBackendParts): CoherenceStatus {
  const { received, sent, gaps, pendingAcks } = fleet.counts;
  const nowMs = node.nowMs();
  return {
    maxStalenessMs: node.maxStalenessMs,
    ...node.status(),
    ...{ messagesReceived: received, messagesSent: sent, gaps, pendingAcks },
    peers: fleet.peers().map(({ id, address, transport, state, heardAtMs, queuedCount }) => ({
      ...{ id, address, transport, state, queuedCount },
      silentMs: Math.max(0, nowMs - heardAtMs),
    })),
  };
}

/** The servers of the shared store, and the tiers in front of it. */
async function reportAll(
  far: Backend,
  middle: MiddleReader | undefined,
  context: OperationContext,
): Promise<BackendReport> {
  const asked = middle?.report();
  const report = await (far.report as NonNullable<Backend["report"]>)(context);
  return asked === undefined ? report : { nodes: [...(await asked), ...report.nodes] };
}

/** Methods that exist where the shared store has them. */
function optionalMethods(parts: NearBackendParts, reader: NearReader, changer: NearChanger): Partial<Backend> {
  const { far, near, node, fleet, middle } = parts;
  const { ping, getStale, increment, commit, areColocated, lease, invalidateTags, stamp, scan, clear } = far;
  return {
    usage: (path) => near.usage?.(path) ?? { keyCount: undefined, memoryUsageBytes: undefined, evictions: 0 },
    ...(near.resize && { resize: near.resize.bind(near) }),
    ...(near.changePolicy && { changePolicy: near.changePolicy.bind(near) }),
    ...(ping && { ping: ping.bind(far) }),
    ...(getStale && { getStale: getStale.bind(far) }),
    ...(increment && {
      increment: (key, request, context) =>
        changer.change([key], context, () => increment.call(far, key, request, context)),
    }),
    ...(commit && {
      commit: (checks, writes, context) =>
        // Also what was only checked: a copy that made the check fail would do so again.
        changer.change([...new Set([...checks, ...writes].map(({ key }) => key))], context, () =>
          commit.call(far, checks, writes, context),
        ),
    }),
    ...(areColocated && { areColocated: areColocated.bind(far) }),
    ...(lease && { lease: lease.bind(far) }),
    ...(invalidateTags && {
      async invalidateTags(tags, context) {
        const stop = whenUnanswered(context, () => node.invalidated(tags));
        try {
          await invalidateTags.call(far, tags, context);
        } finally {
          stop();
          // Also when nobody knows whether it happened.
          node.invalidated(tags);
          fleet.broadcast({ kind: "tags", tags, number: undefined, previousNumber: undefined });
        }
      },
    }),
    ...(stamp && { stamp: stamp.bind(far) }),
    ...(scan && { scan: scan.bind(far) }),
    ...(clear && {
      async clear(path, context) {
        const stop = whenUnanswered(context, () => node.cleared(path));
        try {
          await clear.call(far, path, context);
        } finally {
          stop();
          node.cleared(path);
          fleet.broadcast({ kind: "clear", path, heads: [] });
        }
      },
    }),
    ...(far.connections && { connections: far.connections.bind(far) }),
    ...(far.report && { report: (context) => reportAll(far, middle, context) }),
    ...(far.loadTier && { loadTier: nearLoadTier(parts, reader, changer) }),
  };
}
