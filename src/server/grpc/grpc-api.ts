import { DependencyError, NodeError } from "../../foundation/errors.ts";
import { readTlsFiles } from "../access/tls-options.ts";
import { HealthProbe } from "../health-probe.ts";
import { HeldLeases } from "../held-leases.ts";
import { tracingOf } from "../tracing-of.ts";
import { createCacheService, type ServedService } from "./cache-service.ts";
import { CallRunner } from "./call-runner.ts";
import { createGrpcAccess } from "./grpc-access.ts";
import { type GrpcApiOptions, type ResolvedGrpcApiOptions, resolveGrpcApiOptions } from "./grpc-api-options.ts";
import { type GrpcApiServer, type GrpcServerLibrary, loadGrpcServer } from "./grpc-server-library.ts";
import { listenForSockets, type SocketServer } from "./grpc-socket-server.ts";
import { createHealthService, type HealthService } from "./health-service.ts";
import { createReflectionServices } from "./reflection-service.ts";

/** A running gRPC API. */
export interface GrpcApi {
  /** The address it listens on. */
  readonly host: string;
  /** The port it listens on. */
  readonly port: number;
  /** What clients dial, for example `"127.0.0.1:7412"`; of one on all addresses, as this machine finds it. */
  readonly address: string;
  /**
   * Says `NOT_SERVING`, accepts no more, waits for running calls up to `closeTimeoutMs`, then cuts what is left. Leaves the cache open.
   * Repeatable.
   */
  close(): Promise<void>;
  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Memory that one connection may take for what it has not read or finished, in MiB; beyond it its new calls are refused. The library has no bound of its own. */
const MAX_SESSION_MIB = 256;

/**
 * Serves a cache over gRPC: `docs/proto/gocachex/v1/cache.proto`, and where the optional packages `grpc-health-check` and `@grpc/reflection`
 * are installed, `grpc.health.v1` and reflection. See `docs/guide/node.md`.
 *
 * @example
 * ```ts
 * const cache = createCache();
 * const api = await startGrpcApi({ cache });
 * console.log(`dial ${api.address}`);
 * ```
 * @throws DependencyError when `@grpc/grpc-js` is not installed; NodeError `GCX_NODE_LISTEN` when it cannot or must not listen there, or a
 * file of `tls` cannot be read; InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export async function startGrpcApi(options: GrpcApiOptions): Promise<GrpcApi> {
  const resolved = resolveGrpcApiOptions(options);
  const library = await loadGrpcServer();
  const credentials = await createCredentials(library, resolved);
  const server = new library.Server(serverOptions(resolved));
  const health = await addServices(server, library, resolved);
  const injector = server.createConnectionInjector(credentials);
  let sockets: SocketServer;
  try {
    sockets = await listenForSockets({ ...resolved, onConnection: (socket) => injector.injectConnection(socket) });
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
  const { host } = resolved;
  const { port } = sockets;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeApi(server, sockets, health, resolved.closeTimeoutMs);
    return closing;
  };
  return { host, port, address: dialAddress(host, port), close, [Symbol.asyncDispose]: close };
}

function serverOptions(options: ResolvedGrpcApiOptions): Readonly<Record<string, number>> {
  return {
    "grpc.max_receive_message_length": options.maxMessageBytes,
    "grpc.max_send_message_length": options.maxMessageBytes,
    "grpc.max_concurrent_streams": options.maxStreamCount,
    "grpc.keepalive_time_ms": options.keepaliveMs,
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs,
    "grpc.max_connection_idle_ms": options.maxIdleMs,
    "grpc-node.max_session_memory": MAX_SESSION_MIB,
    // Its records of each call and connection are read by nobody here.
    "grpc.enable_channelz": 0,
  };
}

async function createCredentials(library: GrpcServerLibrary, { tls }: ResolvedGrpcApiOptions): Promise<object> {
  if (tls === undefined) return library.ServerCredentials.createInsecure();
  const { cert, key, ca = null } = await readTlsFiles(tls);
  const { createSecureContext } = await import("node:tls");
  try {
    // The library would find out with the first connection.
    createSecureContext({ cert, key, ca: ca ?? undefined });
    return library.ServerCredentials.createSsl(
      ca as Buffer | null,
      [{ private_key: key as Buffer, cert_chain: cert as Buffer }],
      tls.requireClientCert === true,
    );
  } catch (cause) {
    throw new NodeError("GCX_NODE_LISTEN", "The files of tls are no certificate and key that belong together.", {
      cause,
    });
  }
}

/** Adds every service that can be. @returns the health service, where its package is installed */
async function addServices(
  server: GrpcApiServer,
  library: GrpcServerLibrary,
  options: ResolvedGrpcApiOptions,
): Promise<HealthService | undefined> {
  const { cache, access, tls, healthTimeoutMs, onMissing } = options;
  const now = (): number => performance.now();
  const probe = new HealthProbe({ cache, timeoutMs: healthTimeoutMs, now });
  const clientRole = tls?.requireClientCert === true ? (tls.clientRole ?? "admin") : undefined;
  const authorize = createGrpcAccess({ access, clientRole, now });
  const runner = new CallRunner({
    ...options,
    services: { cache, health: probe, leases: new HeldLeases(), maxBatchKeyCount: options.maxBatchKeyCount },
    authorize,
    tracing: tracingOf(cache),
    createMetadata: () => new library.Metadata(),
  });
  const add = ({ definition, implementation }: ServedService): void => server.addService(definition, implementation);
  add(createCacheService(runner));
  const health = await orMissing(createHealthService(probe), onMissing);
  if (health !== undefined) add(health);
  const reflection = await orMissing(createReflectionServices(runner, authorize), onMissing);
  reflection?.forEach(add);
  return health;
}

/** `undefined` where an optional package is not installed, or does not work as it was bundled; which is told. The cache is served without. */
async function orMissing<Made>(making: Promise<Made>, tell: (message: string) => void): Promise<Made | undefined> {
  try {
    return await making;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    tell(error instanceof DependencyError ? reason : `A package that gRPC tools need does not work here: ${reason}`);
    return undefined;
  }
}

/** All addresses are none that can be connected to. */
function dialAddress(host: string, port: number): string {
  if (host === "0.0.0.0") return `127.0.0.1:${port}`;
  if (host === "::") return `[::1]:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

async function closeApi(
  server: GrpcApiServer,
  sockets: SocketServer,
  health: HealthService | undefined,
  closeTimeoutMs: number,
): Promise<void> {
  health?.drain();
  sockets.stop();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, closeTimeoutMs);
    // Its error says that the server was closed already; closed is what was asked for.
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  server.forceShutdown();
  sockets.destroyAll();
}
