import type { MemcachedSettings } from "../../clients/memcached/memcached-settings.ts";

/** All that a store on one Memcached server is told, with units settled. */
export interface MemcachedBackendSettings extends MemcachedSettings {
  /**
   * How entries are kept. `coherent`: with a head of their own, so that an invalidation of a key, a tag or a namespace always wins, and TTLs are exact to
   * the millisecond. `plain`: the bytes alone under the key alone, as other programs read and write them; no tags, no `clear`, no `opId`.
   */
  readonly mode: "coherent" | "plain";
}
