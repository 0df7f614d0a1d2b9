import type { IncomingMessage, ServerResponse } from "node:http";
import type { Cache } from "../cache/cache.ts";
import type { NodeServices } from "./node-services.ts";
import { HttpProblem } from "./problem.ts";
import { bodyKindOf, parseJsonObject, type RequestBodyKind, readBody } from "./request-body.ts";
import type { RequestQuery } from "./request-target.ts";
import type { RouteBody } from "./route-body.ts";
import { wasSent } from "./was-sent.ts";

/** Where a request is sent to, as the router and the query say. */
export interface RequestPlace {
  /** The body that the route takes. */
  readonly body: RouteBody | undefined;
  /** The view that `?namespace=` selects. */
  readonly cache: Cache;
  /** Parts of the path that the route names, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: RequestQuery;
}

/** What a route is given. A class, so that what few routes need costs the others nothing. */
export class RequestContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #body: RouteBody | undefined;
  readonly cache: Cache;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: RequestQuery;
  readonly services: NodeServices;
  #signal: AbortSignal | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, place: RequestPlace, services: NodeServices) {
    this.request = request;
    this.response = response;
    this.#body = place.body;
    this.cache = place.cache;
    this.parameters = place.parameters;
    this.query = place.query;
    this.services = services;
  }

  /** Aborted when the client has gone before its answer is complete. Made when it is asked for. */
  get signal(): AbortSignal {
    this.#signal ??= watchClient(this.response);
    return this.#signal;
  }

  /** What the body is; see {@link bodyKindOf}. */
  bodyKind(): RequestBodyKind {
    return bodyKindOf(this.request, this.#body?.kinds ?? []);
  }

  /**
   * Reads the whole body, then takes a place among the running requests: while it comes in, the request holds none, so that slow senders
   * keep nobody out.
   *
   * @throws HttpProblem 400, 413, 503
   */
  async readBody(): Promise<Buffer> {
    const { options, uploads, requests } = this.services;
    const body = await readBody(this.request, options.maxBodyBytes, uploads);
    requests.admit(this.response);
    return body;
  }

  /**
   * Reads a JSON object with the fields that the route declares.
   *
   * @throws HttpProblem 400 for others or missing ones, 413, 415, 503
   */
  async readFields(): Promise<Readonly<Record<string, unknown>>> {
    this.bodyKind();
    const { fields = {}, requiredFields = [] } = this.#body ?? {};
    const body = parseJsonObject(await this.readBody(), Object.keys(fields));
    for (const name of requiredFields) {
      if (body[name] === undefined) throw new HttpProblem(400, `The body needs the field "${name}".`);
    }
    return body;
  }
}

function watchClient(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const leave = (): void => {
    if (!wasSent(response)) controller.abort(new HttpProblem(400, "The client closed the connection."));
  };
  if (response.destroyed) leave();
  else response.once("close", leave);
  return controller.signal;
}
