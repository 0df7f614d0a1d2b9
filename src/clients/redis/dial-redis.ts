import { waitWithin } from "../../foundation/deadline.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { parseServerAddress } from "../server-address.ts";
import { readTlsMaterial, type TlsSettings } from "../tls-settings.ts";
import {
  createNodeRedisClient,
  loadNodeRedis,
  type NodeRedisClient,
  type NodeRedisLibrary,
} from "./node-redis-library.ts";
import type { RedisHost } from "./redis-host.ts";
import type { RedisCredentials } from "./redis-settings.ts";

/** What a connection is opened with. */
export interface RedisDialPlan {
  /** As `server-address.ts` takes it. */
  readonly address: string;
  readonly credentials: RedisCredentials | (() => Promise<RedisCredentials> | RedisCredentials);
  readonly db: number;
  readonly tls: TlsSettings | undefined;
  /** For everything: name look-up, connecting, TLS, credentials, and the server's first answer. */
  readonly dialTimeoutMs: number;
  /** Whether it is for reads of a cluster's replica. */
  readonly isReplica: boolean;
  /** Whether nobody waits for it: it keeps no process alive, neither while it is opened nor later. Default: false. */
  readonly isBackground?: boolean | undefined;
  readonly host: RedisHost;
  /** Asks the server what must hold before the connection is used. Rejects when it does not. */
  readonly verify: (client: NodeRedisClient) => Promise<void>;
}

/** An open connection of the library. */
export interface DialedRedis {
  readonly library: NodeRedisLibrary;
  readonly client: NodeRedisClient;
  /** Ends the socket. */
  readonly abort: AbortController;
  /** When its credentials end, wall-clock ms; `undefined`: never. */
  readonly expiresAtMs: number | undefined;
}

/**
 * How much the socket holds before the library stops writing. The default of Node.js (16 or 64 KiB) breaks a burst of small commands into
 * several turns of the event loop; much more would only move what waits from our queue, where it can be taken back, to the socket's.
 */
const SOCKET_BUFFER_BYTES = 256 * 1_024;

/**
 * Opens a connection: files of TLS are read and credentials are asked for anew. The library never connects again by itself, keeps nothing
 * for later, and has no deadline of its own for commands.
 *
 * @throws DependencyError; Error of the network, of TLS, of the server, of the credentials' function, or of the deadline
 */
export async function dialRedis(plan: RedisDialPlan, signal?: AbortSignal): Promise<DialedRedis> {
  // Once for the process, from its disk: no part of the network's deadline.
  const library = await loadNodeRedis();
  const abort = new AbortController();
  let client: NodeRedisClient | undefined;
  const dialing = (async (): Promise<DialedRedis> => {
    const credentials = typeof plan.credentials === "function" ? await plan.credentials() : plan.credentials;
    const socket = await describeSocket(plan, abort.signal);
    // The deadline passed while a file or a password was waited for: nobody would close what is opened now.
    abort.signal.throwIfAborted();
    client = createNodeRedisClient(library, describeClient(library, plan, credentials, socket));
    client.on("error", ignore);
    if (plan.isBackground === true) client.unref();
    await client.connect();
    await plan.verify(client);
    return { library, client, abort, expiresAtMs: credentials.expiresAtMs };
  })();
  const { scheduler } = plan.host;
  try {
    return await waitWithin(dialing, {
      signal,
      timeoutMs: plan.dialTimeoutMs,
      onTimeout: () => new Error(`no connection within ${plan.dialTimeoutMs} ms`),
      scheduler: plan.isBackground === true ? restful(scheduler) : scheduler,
    });
  } catch (error) {
    abort.abort();
    client?.destroy();
    dialing.catch(ignore);
    throw error;
  }
}

/** Timers that keep no process alive, whatever was asked. */
function restful(scheduler: Scheduler): Scheduler {
  return { after: (delayMs, task) => scheduler.after(delayMs, task), soon: (task) => scheduler.soon(task) };
}

async function describeSocket(plan: RedisDialPlan, signal: AbortSignal): Promise<object> {
  const address = parseServerAddress(plan.address);
  const tls = plan.tls === undefined ? {} : await readTlsMaterial(plan.tls);
  return {
    ...(address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port }),
    ...(plan.tls === undefined ? {} : { ...tls, tls: true }),
    // A socket that connects is in no field of the library's yet: only this ends it.
    signal,
    connectTimeout: plan.dialTimeoutMs,
    // Connecting again is ours: the library would send nothing twice, but would keep commands without a bound and a deadline.
    reconnectStrategy: false,
    highWaterMark: SOCKET_BUFFER_BYTES,
  };
}

function describeClient(
  library: NodeRedisLibrary,
  plan: RedisDialPlan,
  { username, password }: RedisCredentials,
  socket: object,
): object {
  const { BLOB_STRING, SIMPLE_STRING, NUMBER } = library.RESP_TYPES;
  return {
    socket,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database: plan.db,
    readonly: plan.isReplica,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    commandOptions: {
      // The library's own deadline makes an AbortSignal for every command, and ends when the command is written.
      timeout: undefined,
      typeMapping: { [BLOB_STRING]: Buffer, [SIMPLE_STRING]: Buffer, [NUMBER]: String },
    },
  };
}

function ignore(): void {
  // A failed dial is told by its promise, a failed connection by the listener that its connection adds.
}
