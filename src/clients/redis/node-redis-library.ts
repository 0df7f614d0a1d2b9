import { loadDependency, type OptionalDependency } from "../../foundation/optional-dependency.ts";
import type { RedisArgument } from "./redis-client.ts";

/** What the library calls of a signal. Ours is no AbortSignal: it tells when a command is taken to be written. */
export interface NodeRedisSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A client of the library: one connection. */
export interface NodeRedisClient {
  readonly isReady: boolean;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "sharded-channel-moved", listener: (channel: string) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
  /** Its socket, also the next one, keeps no process alive. */
  unref(): void;
  subscribe(channels: readonly string[], listener: (message: Buffer) => void, givesBytes: true): Promise<unknown>;
  sSubscribe(channel: string, listener: (message: Buffer) => void, givesBytes: true): Promise<unknown>;
  sendCommand(args: readonly RedisArgument[]): Promise<unknown>;
  withCommandOptions(options: object): NodeRedisClient;
}

/** A class of errors of the library's; only to be recognized by. */
export type NodeRedisErrorClass = new (...parameters: never[]) => Error;

/** The library, as far as we use it. */
export interface NodeRedisLibrary {
  readonly RedisClient: {
    /** Builds a class with a method for every command that the library knows, and returns what makes clients of it. */
    factory(config: { readonly RESP: 2 }): (options: object) => NodeRedisClient;
  };
  readonly RESP_TYPES: Readonly<Record<"BLOB_STRING" | "SIMPLE_STRING" | "NUMBER", number>>;
  /** The class of the server's errors. */
  readonly ErrorReply: NodeRedisErrorClass;
  /** The class of the error of a command that its signal took back. */
  readonly AbortError: NodeRedisErrorClass;
}

const DEPENDENCY: OptionalDependency<NodeRedisLibrary> = {
  name: "@redis/client",
  purpose: "A Redis store",
  range: "^6.3.1",
  load: async () => (await import("@redis/client")) as unknown as NodeRedisLibrary,
};

/** Loads the library. @throws DependencyError when it is not installed */
export function loadNodeRedis(): Promise<NodeRedisLibrary> {
  return loadDependency(DEPENDENCY);
}

/** One class for all clients, by library. */
const factories = new WeakMap<NodeRedisLibrary, (options: object) => NodeRedisClient>();

/**
 * Makes a client that is not connected. It speaks version 2 of the protocol: what every server and proxy speaks, and as fast; version 3 adds
 * nothing that is used here.
 *
 * The library's own `createClient` remembers one class, that of its last options. Where servers take turns, as in a cluster and with sharding, it
 * builds another for every connection, with a thousand methods: several ms of the event loop and 0.5 MB each, when many connections are
 * opened at once.
 *
 * @param options as `createClient` of the library takes them, without `RESP`
 */
export function createNodeRedisClient(library: NodeRedisLibrary, options: object): NodeRedisClient {
  let make = factories.get(library);
  if (make === undefined) {
    make = library.RedisClient.factory({ RESP: 2 });
    factories.set(library, make);
  }
  return make({ ...options, RESP: 2 });
}
