import type { IncomingMessage, ServerResponse } from "node:http";
import type { Cache } from "../cache/cache.ts";
import type { RequestQuery } from "./request-target.ts";

/** What a route is given. */
export interface RouteContext {
  /** The view that `?namespace=` selects. */
  readonly cache: Cache;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Parts of the path that the route names, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: RequestQuery;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Most bytes of a request body. */
  readonly maxBodyBytes: number;
  /** Whether an application is mounted under `/app/`. */
  readonly hasApp: boolean;
}

/** One thing that the node can be asked. */
export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** The path; a segment such as `:key` matches anything and is named. A `GET` route answers `HEAD` as well. */
  readonly path: string;
  /** Query parameters that the route knows, besides `namespace`. */
  readonly query: readonly string[];
  readonly handle: (context: RouteContext) => Promise<void> | void;
}
