import type { CoherenceMessage } from "./coherence-message.ts";
import type { CacheTransport, CoherenceTransport, PeerStatus, TransportListener } from "./transport.ts";

/**
 * Caches of one thread tell each other what they change: all to which the same object is given. Each message is heard by the others before the call that sends it returns.
 *
 * Caches in worker threads need `workerTransport`.
 *
 * @example
 * ```ts
 * import { createCache, inProcessTransport } from "gocachex";
 *
 * const transport = inProcessTransport();
 * const l2 = { backend: "memcached", memcached: { servers: ["127.0.0.1:11211"] } };
 * const shop = createCache({ hierarchical: true, l1: { backend: "memory" }, l2, transport });
 * const admin = createCache({ hierarchical: true, l1: { backend: "memory" }, l2, transport });
 * await Promise.all([shop.close(), admin.close()]);
 * ```
 */
export function inProcessTransport(): CacheTransport {
  return new InProcessHub();
}

/** Joins the nodes of one thread: caches side by side, and tests. */
export class InProcessHub implements CacheTransport {
  readonly name = "in-process";
  readonly #listeners = new Map<string, TransportListener>();

  /** The transport of a node. Each message is heard by the others before the call that sends it returns. */
  join(nodeId: string): CoherenceTransport {
    const listeners = this.#listeners;
    const deliver = (to: string, message: CoherenceMessage): void => listeners.get(to)?.onMessage(message, nodeId);
    const others = (): readonly string[] => [...listeners.keys()].filter((id) => id !== nodeId);
    return {
      name: "in-process",
      isFedByStore: false,
      open(listener) {
        listeners.set(nodeId, listener);
        // What was said before was not heard.
        listener.onGap();
      },
      broadcast(message) {
        for (const id of others()) deliver(id, message);
      },
      send: deliver,
      peers: () =>
        others().map(
          (id): PeerStatus => ({
            id,
            address: id,
            state: "connected",
            heardAtMs: Number.POSITIVE_INFINITY,
            queuedCount: 0,
          }),
        ),
      close() {
        listeners.delete(nodeId);
      },
    };
  }
}
