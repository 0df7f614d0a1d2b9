import type { Cache } from "../cache/cache.ts";
import { InvalidArgumentError, NodeError } from "../foundation/errors.ts";
import { isLoopbackName } from "./host-check.ts";
import type { NodeApp } from "./node-app.ts";

/** Port of a node unless said otherwise. */
export const DEFAULT_NODE_PORT = 7411;

/** A value is loaded into memory whole; 8 MiB is far above what is sensible to cache and far below what hurts. */
const DEFAULT_MAX_BODY_BYTES: number = 8 * 1024 * 1024;
const DEFAULT_MAX_CONNECTION_COUNT = 1_024;
const DEFAULT_CLOSE_TIMEOUT_MS = 10_000;
const DEFAULT_HEADERS_TIMEOUT_MS = 10_000;
const DEFAULT_REQUEST_TIMEOUT_MS = 60_000;
const MAX_PORT = 65_535;
/** Longest delay of the platform's timers. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/** Options of `startNode`. */
export interface NodeOptions {
  /** The cache to serve. The node uses it and does not close it. */
  readonly cache: Cache;
  /** Address to listen on; loopback only (`localhost`, `127.0.0.0/8`, `::1`), because a node has no access control yet. Default: `"127.0.0.1"`. */
  readonly host?: string | undefined;
  /** Port to listen on, 0 to 65,535; 0: any free one. Default: 7411. */
  readonly port?: number | undefined;
  /** Whether to take another port when `port` is busy: the next of the 20 that follow, then any. Default: false, a busy port is an error. */
  readonly anyPort?: boolean | undefined;
  /** Application to mount under `/app/`. Default: none. */
  readonly app?: NodeApp | undefined;
  /** Largest request body of the API in bytes, 1 to 1 GiB; larger ones are answered with 413. Bodies of the app are its own. Default: 8 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Most connections at a time, at least 1; further ones are dropped. Default: 1,024. */
  readonly maxConnectionCount?: number | undefined;
  /** How long a client may take to send the headers of a request, in ms, at least 1. Default: 10,000. */
  readonly headersTimeoutMs?: number | undefined;
  /** How long a client may take to send a whole request, in ms, at least `headersTimeoutMs`. Default: 60,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long `close` waits for running requests before it cuts them, in ms; 0: not at all. Default: 10,000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Told of errors behind a 500 answer: defects, and what the app throws. Default: a process warning. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** {@link NodeOptions} with every default filled in. */
export type ResolvedNodeOptions = {
  readonly [Name in Exclude<keyof NodeOptions, "app">]-?: NonNullable<NodeOptions[Name]>;
} & { readonly app: NodeApp | undefined };

/**
 * Checks options and fills in defaults.
 *
 * @throws NodeError `GCX_NODE_LISTEN` for a host that other machines can reach; InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export function resolveNodeOptions(options: NodeOptions): ResolvedNodeOptions {
  const headersTimeoutMs = resolveNumber(
    "headersTimeoutMs",
    options.headersTimeoutMs,
    DEFAULT_HEADERS_TIMEOUT_MS,
    1,
    MAX_TIMEOUT_MS,
  );
  const defaultRequestTimeoutMs = Math.max(DEFAULT_REQUEST_TIMEOUT_MS, headersTimeoutMs);
  return Object.freeze({
    cache: options.cache,
    host: resolveHost(options.host ?? "127.0.0.1"),
    port: resolveNumber("port", options.port, DEFAULT_NODE_PORT, 0, MAX_PORT),
    anyPort: options.anyPort ?? false,
    app: options.app,
    maxBodyBytes: resolveNumber("maxBodyBytes", options.maxBodyBytes, DEFAULT_MAX_BODY_BYTES, 1, 1024 ** 3),
    maxConnectionCount: resolveNumber(
      "maxConnectionCount",
      options.maxConnectionCount,
      DEFAULT_MAX_CONNECTION_COUNT,
      1,
      MAX_TIMEOUT_MS,
    ),
    headersTimeoutMs,
    requestTimeoutMs: resolveNumber(
      "requestTimeoutMs",
      options.requestTimeoutMs,
      defaultRequestTimeoutMs,
      headersTimeoutMs,
      MAX_TIMEOUT_MS,
    ),
    closeTimeoutMs: resolveNumber(
      "closeTimeoutMs",
      options.closeTimeoutMs,
      DEFAULT_CLOSE_TIMEOUT_MS,
      0,
      MAX_TIMEOUT_MS,
    ),
    onError: options.onError ?? warn,
  });
}

function resolveHost(host: string): string {
  if (!isLoopbackName(host)) {
    throw new NodeError(
      "GCX_NODE_LISTEN",
      `A node listens on loopback only, not on "${host}": it has no access control yet, so everybody who can reach it could read and change the cache. Use 127.0.0.1, or put a proxy that checks access in front.`,
    );
  }
  // The name's address is not asked for: a changed hosts file must not open the node to the network.
  if (host.toLowerCase() === "localhost") return "127.0.0.1";
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

function resolveNumber(name: string, given: number | undefined, byDefault: number, min: number, max: number): number {
  const value = given ?? byDefault;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(
    "GCX_ARGUMENT_OPTION",
    name,
    `${name} must be a whole number from ${min} to ${max}; got ${String(value)}.`,
  );
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? (error.stack ?? error.message) : String(error), {
    type: "GocachexNodeWarning",
  });
}
