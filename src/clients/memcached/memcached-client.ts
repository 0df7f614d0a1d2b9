import type { Clock } from "../../foundation/clock.ts";
import type { RandomSource } from "../../foundation/random-source.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import type { MemcachedServerError } from "./memcached-server-error.ts";
import type { MetaReply, MetaRequest } from "./meta-message.ts";

/** How a request is made. Share one object among requests that are made alike. */
export interface MemcachedCallOptions {
  /** What the call is, for messages, for example `"get"`. */
  readonly operation: string;
  /** `read`: may be sent again after a failure. `write`: never, once its bytes may have left. */
  readonly kind: "read" | "write";
  /** Aborted when nobody waits any more: rejects at once with the reason, whatever becomes of the request. */
  readonly signal?: AbortSignal | undefined;
  /** Who waits, where listening to a signal would cost too much: looked at before the request is sent, and not afterwards. */
  readonly caller?: MemcachedCaller | undefined;
  /**
   * Send on this connection or not at all: a lease's token means nothing to another. Rejects with `BackendUnavailableError` when
   * the connection is gone.
   */
  readonly connection?: MemcachedConnectionId | undefined;
}

/** Who waits for an answer. */
export interface MemcachedCaller {
  /** Whether nobody waits any more, now. */
  readonly isAbandoned?: boolean | undefined;
  /** Asked for once `isAbandoned`: its reason is what the call rejects with. */
  readonly signal?: AbortSignal | undefined;
}

/** Names a connection for its life; never used again by another. */
export type MemcachedConnectionId = number;

/** A reply and the connection that brought it. */
export interface MemcachedAnswer {
  readonly reply: MetaReply;
  readonly connection: MemcachedConnectionId;
}

/**
 * Is told the answer as it is read, where a promise of it would be one too many. Exactly one of the two is called, once, and must neither throw
 * nor use the client.
 */
export interface MemcachedReceiver {
  resolve(answer: MemcachedAnswer): void;
  reject(error: unknown): void;
}

/** Answers to a batch, in the order of its requests, and the connection that brought them. */
export interface MemcachedBatchAnswer {
  /**
   * One for each request: the reply, or the server's error to that request alone. Of a batch of gets alone the server does not say which
   * one an error belongs to: then all that have no reply get it.
   */
  readonly replies: readonly (MetaReply | MemcachedServerError)[];
  readonly connection: MemcachedConnectionId;
}

/** What a client tells besides the answers to calls. */
export type MemcachedNotice =
  /** A connection came up, or went away although nobody wanted that; `error` is why. */
  | { readonly kind: "connection"; readonly state: "connected" | "lost"; readonly error?: unknown }
  /** Something works, but with less than it should. Told once each. */
  | { readonly kind: "warning"; readonly message: string };

/** What a client takes of its surroundings. */
export interface MemcachedHost {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Scheduler;
  /** Jitter of the pauses between attempts to connect. */
  readonly random: RandomSource;
  /** Told of connections and warnings; must not throw. */
  readonly onNotice?: ((notice: MemcachedNotice) => void) | undefined;
}

/**
 * One Memcached server, over pipelined connections that speak the meta protocol.
 *
 * Every promise settles within the client's deadlines:
 * - `BackendUnavailableError`: nothing was sent.
 * - `BackendOverloadedError`: nothing was sent; too much waits already.
 * - `BackendTimeoutError`: a read had no answer in time.
 * - `OutcomeUnknownError`: a write was sent, or may have been, and has no answer.
 * - `MemcachedServerError`: the server answered with an error. After CLIENT_ERROR, ERROR and anything that is no protocol the connection
 *   is closed, and what was in flight on it rejects.
 *
 * A failure is never a miss, and a reply that comes after its deadline is never given to another request.
 */
export interface MemcachedClient {
  /** Its address, for example `"127.0.0.1:11211"`. */
  readonly address: string;
  /**
   * Counts the incarnations of the server as far as this client can tell: it changes when the server restarted, or may have: then CAS
   * numbers and tokens may repeat.
   */
  readonly incarnation: number;
  /** Connects once. @throws BackendUnavailableError */
  connect(signal?: AbortSignal): Promise<void>;
  /** Ends every connection and timer. Requests in flight reject. */
  close(): Promise<void>;
  /**
   * One request. Requests of one turn leave in one write on one connection, in their order, up to some thousand of them or 1 MiB. A value that
   * is written must not be changed afterwards, whatever becomes of the promise.
   *
   * @throws TypeError (rejects) for a key or flags that the protocol does not allow; nothing was sent
   */
  send(request: MetaRequest, options: MemcachedCallOptions): Promise<MemcachedAnswer>;
  /** As {@link MemcachedClient.send}, without a promise. */
  sendTo(request: MetaRequest, options: MemcachedCallOptions, receiver: MemcachedReceiver): void;
  /**
   * Many requests in one write on one connection, with quiet flags where that saves replies (misses of a batch of gets alone); answers in
   * their order. Rejects as a whole when the connection fails; a server's error to one request is that request's answer.
   */
  sendBatch(requests: readonly MetaRequest[], options: MemcachedCallOptions): Promise<MemcachedBatchAnswer>;
  /** `stats`, optionally of a group such as `"settings"`. */
  stats(group: string | undefined, options: MemcachedCallOptions): Promise<ReadonlyMap<string, string>>;
  /** The server's version, for example `"1.6.18"`; known once connected. */
  readonly version: string | undefined;
  /** What the server was found to know (`true`) or not (`false`), by name; empty before the first connection. See `server-features.ts`. */
  readonly features: Readonly<Record<string, boolean>>;
  /** Largest item that the server takes (`-I`), in bytes, with its key and some 50 bytes of its own; `undefined`: it did not say. */
  readonly maxItemBytes: number | undefined;
  /** Connections now. */
  connections(): { readonly open: number; readonly inFlight: number; readonly waiting: number };
}
