import type { BackendCapabilities } from "../../backend/capabilities.ts";

/** What one Memcached server can do. `hasMarks`: entries carry marks, so that tags and namespaces can end, and may be kept beyond their TTL (mode
 * `coherent`). */
export function memcachedCapabilities(hasMarks: boolean): BackendCapabilities {
  return Object.freeze({
    storage: "bytes",
    local: false,
    conditionalWrites: true,
    counters: true,
    transactions: "single-key",
    // An item may be evicted at any time, and a lease with it.
    leases: false,
    tags: hasMarks,
    stale: hasMarks,
    scan: false,
    clear: hasMarks,
  });
}
