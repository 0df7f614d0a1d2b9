import type { OtelAttributes } from "./otel-api.ts";

/** Where a store is, as far as there is one place. */
export interface ServerPlace {
  /** Host name or IP address, or the path of a Unix socket. */
  readonly address: string;
  /** `undefined` for a Unix socket. */
  readonly port?: number | undefined;
}

/** What is known of a store before it is asked anything. */
export interface StoreDescription {
  /** As the cache names it, for example `"redis"`. */
  readonly backend: string;
  /** Path of the cache's own namespace, `""` for the root. */
  readonly cacheName: string;
  readonly server: ServerPlace | undefined;
}

/**
 * What each span and measurement of calls to a store says, by the semantic conventions for database clients. Nodes that keep the keys themselves are called `gocachex`; other stores are
 * called what they call themselves, which for Redis and Memcached is what the conventions say.
 *
 * Source: https://opentelemetry.io/docs/specs/semconv/db/database-spans/
 */
export function storeAttributes({ backend, cacheName, server }: StoreDescription): OtelAttributes {
  return {
    "db.system.name": systemNameOf(backend),
    ...(cacheName === "" ? {} : { "gocachex.cache": cacheName }),
    ...(server === undefined ? {} : { "server.address": server.address }),
    ...(server?.port === undefined ? {} : { "server.port": server.port }),
  };
}

/** The store's name in `db.system.name`, and in names of spans. */
export function systemNameOf(backend: string): string {
  return backend === "memory" ? "gocachex" : backend;
}

/**
 * What kind of error it was, from a short list: the code of an error of this package, otherwise the name of the error's class. Never a message, which may have a key or a value in it.
 */
export function errorTypeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === "string" && code.startsWith("GCX_")) return code;
  return error instanceof Error && typeof name === "string" && name !== "" ? name : "_OTHER";
}
