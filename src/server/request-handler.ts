import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isAppTarget, serveApp } from "./app-mount.ts";
import { assertHost, assertOrigin } from "./host-check.ts";
import type { NodeServices } from "./node-services.ts";
import { HttpProblem, type ProblemDetails, sendProblem } from "./problem.ts";
import { RequestContext } from "./request-context.ts";
import { assertKnownParameters, parseRequestTarget, type RequestQuery } from "./request-target.ts";
import type { Route } from "./route.ts";
import { createRouter, type Router } from "./router.ts";
import { ALL_ROUTES } from "./routes/all-routes.ts";
import { selectNamespace } from "./select-namespace.ts";
import { answerTraced } from "./traced-request.ts";
import { wasSent } from "./was-sent.ts";

/** Builds what answers every request of a node. It never rejects and never throws: every failure becomes an answer. */
export function createRequestHandler(services: NodeServices): RequestListener {
  const router = createRouter(ALL_ROUTES);
  const carryOut = (
    request: IncomingMessage,
    response: ServerResponse,
    onProblem?: OnProblem,
  ): Promise<void> | undefined => {
    try {
      // Without a promise where the route answers at once.
      const pending = answer(services, router, request, response);
      return pending?.catch((error: unknown) => fail(services, response, error, onProblem));
    } catch (error) {
      fail(services, response, error, onProblem);
      return undefined;
    }
  };
  const { tracing } = services;
  return (request, response) => {
    const tracer = tracing.current;
    if (tracer === undefined) void carryOut(request, response);
    else answerTraced({ tracer, router, request, response }, (onProblem) => carryOut(request, response, onProblem));
  };
}

/** Told what a request was refused with. */
type OnProblem = (problem: ProblemDetails) => void;

function fail(services: NodeServices, response: ServerResponse, error: unknown, onProblem?: OnProblem): void {
  const isClientGone = response.destroyed && !wasSent(response);
  const problem = sendProblem(response, error);
  if (isClientGone) return;
  onProblem?.(problem);
  if (problem.status === 500) services.options.onError(error);
}

function answer(
  services: NodeServices,
  router: Router,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> | undefined {
  const { access, options } = services;
  assertHost(request, access.isRequired);
  assertOrigin(request);
  const url = request.url as string;
  if (isAppTarget(url)) {
    access.authorize(request, access.appRole);
    response.setHeader("X-Content-Type-Options", "nosniff");
    return serveApp(options.app, request, response);
  }
  const { segments, query } = parseRequestTarget(url);
  const found = router(request.method as string, segments);
  // Strangers are not even told what there is.
  access.authorize(request, found instanceof HttpProblem ? "read" : found.route.role);
  if (found instanceof HttpProblem) throw found;
  const { route, parameters } = found;
  if (query.size > 0) assertParameters(route, query);
  const isNamespaced = query.size > 0 && route.isNamespaced !== false;
  const cache = isNamespaced ? selectNamespace(options.cache, query) : options.cache;
  // What has a body takes its place among the running requests when all of it is there.
  if (route.body === undefined && route.role !== "open") services.requests.admit(response);
  return route.handle(
    new RequestContext(request, response, { body: route.body, cache, parameters, query }, services),
  ) as Promise<void> | undefined;
}

function assertParameters(route: Route, query: RequestQuery): void {
  const known = Object.keys(route.query ?? {});
  assertKnownParameters(query, route.isNamespaced === false ? known : [...known, "namespace"]);
}
