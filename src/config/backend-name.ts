/** Stores that need no registration. */
export type BackendName = "memory" | "redis" | "memcached";
