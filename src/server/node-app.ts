import type { IncomingMessage, ServerResponse } from "node:http";
import type { Cache } from "../cache/cache.ts";

/**
 * An application that lives in the node's process and shares its cache. It is mounted under `/app/`, and sees paths
 * without that prefix: `/app/users?x=1` arrives as `/users?x=1`. Express and Fastify handlers have this shape.
 *
 * An app that throws or rejects is answered for with 500; the node goes on.
 */
export type NodeApp = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What the module of `gocachex serve --app` is given. */
export interface NodeAppContext {
  /** The node's own cache. The node closes it; the app must not. */
  readonly cache: Cache;
  /** Aborted when the node begins to close: stop timers and connections of the app then. */
  readonly signal: AbortSignal;
}

/** The default export of the module of `gocachex serve --app`. */
export type NodeAppFactory = (context: NodeAppContext) => NodeApp | Promise<NodeApp>;
