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
  connect(): Promise<unknown>;
  destroy(): void;
  /** Its socket, also the next one, keeps no process alive. */
  unref(): void;
  subscribe(channel: string, listener: (message: Buffer) => void, givesBytes: true): Promise<unknown>;
  sendCommand(args: readonly RedisArgument[]): Promise<unknown>;
  withCommandOptions(options: object): NodeRedisClient;
}

/** A class of errors of the library's; only to be recognized by. */
export type NodeRedisErrorClass = new (...parameters: never[]) => Error;

/** The library, as far as we use it. */
export interface NodeRedisLibrary {
  createClient(options: object): NodeRedisClient;
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
