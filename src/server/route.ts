import type { JsonSchema } from "./json-schema.ts";
import type { RequestContext } from "./request-context.ts";
import type { RouteRole } from "./role.ts";
import type { RouteBody } from "./route-body.ts";

/** A query parameter that a route knows. */
export interface RouteParameter {
  readonly description: string;
  readonly schema: JsonSchema;
  /** Whether the route refuses to go without it. Default: false. */
  readonly isRequired?: boolean;
  /** Whether it may be given several times. Default: false. */
  readonly isRepeatable?: boolean;
}

/** Headers of answers that say something about an entry. */
export type EntryHeader = "ETag" | "X-Gocachex-Ttl" | "X-Gocachex-Type" | "X-Gocachex-Exact";

/** An answer that is no error. */
export interface RouteAnswer {
  readonly description: string;
  /** Schema of the body by its content type; absent: there is no body. */
  readonly content?: Readonly<Record<string, JsonSchema>>;
  readonly headers?: readonly EntryHeader[];
}

/**
 * One thing that the node can be asked: what it takes and answers, and who carries it out. The router, the access check, the checks of
 * parameters and fields, and the document at `/v1/openapi.json` all read this one declaration.
 */
export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** The path; a segment such as `:key` matches anything and is named. A `GET` route answers `HEAD` as well. */
  readonly path: string;
  /** What it does, in a few words. */
  readonly summary: string;
  readonly role: RouteRole;
  /** Query parameters besides `namespace`. Default: none. */
  readonly query?: Readonly<Record<string, RouteParameter>>;
  /** Whether `?namespace=` selects a view. Default: true. */
  readonly isNamespaced?: boolean;
  /** Request headers that make it conditional. Default: none. */
  readonly conditions?: readonly ("If-Match" | "If-None-Match")[];
  readonly body?: RouteBody;
  /** Answers by status. */
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** Statuses of problems that only this route has; those that follow from the rest are added. Default: none. */
  readonly problems?: readonly number[];
  /** Whether it asks the cache, whose failures it then passes on. Default: true. */
  readonly usesCache?: boolean;
  readonly handle: (context: RequestContext) => Promise<void> | void;
}
