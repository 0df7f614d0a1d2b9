import type { Cache } from "../cache/cache.ts";
import { InvalidArgumentError, NodeError } from "../foundation/errors.ts";
import { type AccessOptions, type ResolvedAccessOptions, resolveAccessOptions } from "./access/access-options.ts";
import { type NodeTlsOptions, resolveTlsOptions } from "./access/tls-options.ts";
import { isLoopbackName } from "./host-check.ts";
import type { NodeApp } from "./node-app.ts";
import type { NodeMetrics } from "./node-metrics.ts";

/** Port of a node unless said otherwise. */
export const DEFAULT_NODE_PORT = 7411;

/** A value is loaded into memory whole; 8 MiB is far above what is sensible to cache and far below what hurts. */
const DEFAULT_MAX_BODY_BYTES: number = 8 * 1024 * 1024;
/** What all bodies that are coming in may take together, or one body where that is more. */
const DEFAULT_MAX_UPLOAD_BYTES: number = 256 * 1024 * 1024;
const DEFAULT_MAX_BATCH_KEY_COUNT = 1_000;
const DEFAULT_MAX_RUNNING_REQUESTS = 1_024;
/** Idle connections are cheap, and are closed where room is short: the bound is against running out of memory and descriptors. */
const DEFAULT_MAX_CONNECTION_COUNT = 16_384;
/** As for listings: half a minute without reading anything is longer than networks hiccup. */
const DEFAULT_STALL_TIMEOUT_MS = 30_000;
const DEFAULT_HEALTH_TIMEOUT_MS = 5_000;
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
  /**
   * Address to listen on: loopback (`localhost`, `127.0.0.0/8`, `::1`), or any other one with `access` or with `tls` that requires client
   * certificates. Default: `"127.0.0.1"`.
   */
  readonly host?: string | undefined;
  /** Port to listen on, 0 to 65,535; 0: any free one. Default: 7411. */
  readonly port?: number | undefined;
  /** Whether to take another port when `port` is busy: the next of the 20 that follow, then any. Default: false, a busy port is an error. */
  readonly anyPort?: boolean | undefined;
  /** Application to mount under `/app/`. Default: none. */
  readonly app?: NodeApp | undefined;
  /** Tokens, without which nothing but `/healthz`, `/readyz` and the page is answered. Default: none; everybody on this machine may do everything. */
  readonly access?: AccessOptions | undefined;
  /** Certificate of the node, for HTTPS, and whether callers need one. Default: none, HTTP. */
  readonly tls?: NodeTlsOptions | undefined;
  /**
   * Gives the text of `GET /metrics` for Prometheus, for example that of `prometheusMetrics(cache)`; told the header `Accept`. Default: none are kept, and who asks is told so.
   */
  readonly metrics?: NodeMetrics | undefined;
  /** Largest request body of the API in bytes, 1 to 1 GiB; larger ones are answered with 413. Bodies of the app are its own. Default: 8 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Bytes that request bodies may take while they come in, all together, at least `maxBodyBytes`; beyond them requests are answered with 503. Default: 256 MiB, or `maxBodyBytes` if that is more. */
  readonly maxUploadBytes?: number | undefined;
  /** Most keys in a batch or transaction, 1 to 100,000; more are answered with 413. Default: 1,000. */
  readonly maxBatchKeyCount?: number | undefined;
  /** Most requests of the API that are carried out at a time, at least 1; further ones are answered with 503 and `Retry-After`. Default: 1,024. */
  readonly maxRunningRequests?: number | undefined;
  /** Most connections at a time, at least 1; for a further one the connection that has been idle longest is closed, or it is dropped where none is. Default: 16,384. */
  readonly maxConnectionCount?: number | undefined;
  /** How long a client may take to send the headers of a request, in ms, at least 1. Default: 10,000. */
  readonly headersTimeoutMs?: number | undefined;
  /** How long a client may take to send a whole request, in ms, at least `headersTimeoutMs`. Default: 60,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long a client may leave an answer unread before its connection is cut, in ms, at least 1. Default: 30,000. */
  readonly stallTimeoutMs?: number | undefined;
  /** How long a health check may take before the node says `down`, in ms, at least 1; above `deadlines.health` of the cache, which ends first. Default: 5,000. */
  readonly healthTimeoutMs?: number | undefined;
  /** How long `close` waits for running requests before it cuts them, in ms; 0: not at all. Default: 10,000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Told of errors behind a 500 answer: defects, and what the app throws. Default: a process warning. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** {@link NodeOptions} with every default filled in. */
export type ResolvedNodeOptions = {
  readonly [Name in Exclude<keyof NodeOptions, "app" | "metrics" | "access" | "tls">]-?: NonNullable<NodeOptions[Name]>;
} & {
  readonly app: NodeApp | undefined;
  readonly metrics: NodeMetrics | undefined;
  readonly access: ResolvedAccessOptions | undefined;
  readonly tls: NodeTlsOptions | undefined;
};

/**
 * Checks options and fills in defaults.
 *
 * @throws NodeError `GCX_NODE_LISTEN` for a host that other machines can reach without proof of who they are; InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export function resolveNodeOptions(options: NodeOptions): ResolvedNodeOptions {
  const access = resolveAccessOptions(options.access);
  const tls = resolveTlsOptions(options.tls);
  const isGuarded = access !== undefined || tls?.requireClientCert === true;
  return Object.freeze({
    cache: options.cache,
    host: resolveHost(options.host ?? "127.0.0.1", isGuarded),
    port: resolveNumber("port", options.port, DEFAULT_NODE_PORT, 0, MAX_PORT),
    anyPort: options.anyPort ?? false,
    app: options.app,
    metrics: options.metrics,
    access,
    tls,
    ...resolveSizes(options),
    ...resolveTimes(options),
    onError: options.onError ?? warn,
  });
}

type SizeName = "maxBodyBytes" | "maxUploadBytes" | "maxBatchKeyCount" | "maxRunningRequests" | "maxConnectionCount";

function resolveSizes(options: NodeOptions): Pick<ResolvedNodeOptions, SizeName> {
  const size = (name: SizeName, byDefault: number, min: number, max: number): number =>
    resolveNumber(name, options[name], byDefault, min, max);
  const maxBodyBytes = size("maxBodyBytes", DEFAULT_MAX_BODY_BYTES, 1, 1024 ** 3);
  return {
    maxBodyBytes,
    maxUploadBytes: size(
      "maxUploadBytes",
      Math.max(DEFAULT_MAX_UPLOAD_BYTES, maxBodyBytes),
      maxBodyBytes,
      Number.MAX_SAFE_INTEGER,
    ),
    maxBatchKeyCount: size("maxBatchKeyCount", DEFAULT_MAX_BATCH_KEY_COUNT, 1, 100_000),
    maxRunningRequests: size("maxRunningRequests", DEFAULT_MAX_RUNNING_REQUESTS, 1, MAX_TIMEOUT_MS),
    maxConnectionCount: size("maxConnectionCount", DEFAULT_MAX_CONNECTION_COUNT, 1, MAX_TIMEOUT_MS),
  };
}

type TimeName = "headersTimeoutMs" | "requestTimeoutMs" | "stallTimeoutMs" | "healthTimeoutMs" | "closeTimeoutMs";

function resolveTimes(options: NodeOptions): Pick<ResolvedNodeOptions, TimeName> {
  const time = (name: TimeName, byDefaultMs: number, minMs: number): number =>
    resolveNumber(name, options[name], byDefaultMs, minMs, MAX_TIMEOUT_MS);
  const headersTimeoutMs = time("headersTimeoutMs", DEFAULT_HEADERS_TIMEOUT_MS, 1);
  return {
    headersTimeoutMs,
    requestTimeoutMs: time(
      "requestTimeoutMs",
      Math.max(DEFAULT_REQUEST_TIMEOUT_MS, headersTimeoutMs),
      headersTimeoutMs,
    ),
    stallTimeoutMs: time("stallTimeoutMs", DEFAULT_STALL_TIMEOUT_MS, 1),
    healthTimeoutMs: time("healthTimeoutMs", DEFAULT_HEALTH_TIMEOUT_MS, 1),
    closeTimeoutMs: time("closeTimeoutMs", DEFAULT_CLOSE_TIMEOUT_MS, 0),
  };
}

function resolveHost(host: string, isGuarded: boolean): string {
  if (!isLoopbackName(host)) {
    if (isGuarded && host !== "") return host.startsWith("[") ? host.slice(1, -1) : host;
    throw new NodeError(
      "GCX_NODE_LISTEN",
      `A node without access control listens on loopback only, not on "${host}": everybody who can reach it could read and change the cache. Give it tokens (access) or client certificates (tls.requireClientCert), on the command line by --access FILE, or use 127.0.0.1.`,
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
