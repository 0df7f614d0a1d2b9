import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import type { CallTracer } from "../events/call-tracer.ts";
import type { CarriedTrace } from "../events/carried-trace.ts";
import type { RequestSpan, TracedRequest } from "../events/request-span.ts";
import type { SpanAttributes } from "../events/span-attributes.ts";
import { isAppTarget } from "./app-mount.ts";
import { HttpProblem, type ProblemDetails } from "./problem.ts";
import { parseRequestTarget } from "./request-target.ts";
import type { Route } from "./route.ts";
import type { Router } from "./router.ts";

/** A request whose answer is traced. */
export interface TracedExchange {
  readonly tracer: CallTracer;
  readonly router: Router;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Methods that the conventions know; any other is `_OTHER`. */
const METHODS: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"],
]);
/** What lies below it is the application's. */
const APP_ROUTE = "/app/*";

/**
 * Answers a request as one span of the trace that came with it, until all of the answer has left or the client has.
 *
 * By the semantic conventions for HTTP servers, but for `url.path`, `url.query` and what says who the client is: a path has the key in it.
 *
 * @param answer what is told when the request is refused; must not throw
 *
 * Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
 */
export function answerTraced(
  { tracer, router, request, response }: TracedExchange,
  answer: (onProblem: (problem: ProblemDetails) => void) => Promise<void> | undefined,
): void {
  let problem: ProblemDetails | undefined;
  const onProblem = (told: ProblemDetails): void => {
    problem = told;
  };
  const span = tracer.startRequest(describeRequest(router, request));
  if (span === undefined) {
    void answer(onProblem);
    return;
  }
  response.once("close", () => endRequest(span, response, problem));
  void span.run(() => answer(onProblem));
}

function describeRequest(router: Router, request: IncomingMessage): TracedRequest {
  const given = request.method as string;
  const isKnown = METHODS.has(given);
  const { path, beginsTrace } = findRoute(router, given, request.url as string);
  const attributes: SpanAttributes = {
    "http.request.method": isKnown ? given : "_OTHER",
    ...(path === undefined ? {} : { "http.route": path }),
    "url.scheme": (request.socket as Partial<TLSSocket>).encrypted === true ? "https" : "http",
    "network.protocol.version": request.httpVersion,
  };
  const method = isKnown ? given : "HTTP";
  const name = path === undefined ? method : `${method} ${path}`;
  return { name, attributes, carried: carriedBy(request), beginsTrace };
}

/** The route as it is declared, never as it was asked for. Probes, the dashboard's files and what is not there begin no traces. */
function findRoute(
  router: Router,
  method: string,
  url: string,
): { readonly path: string | undefined; readonly beginsTrace: boolean } {
  if (isAppTarget(url)) return { path: APP_ROUTE, beginsTrace: true };
  const route = routeOf(router, method, url);
  return { path: route?.path, beginsTrace: route !== undefined && route.usesCache !== false };
}

function routeOf(router: Router, method: string, url: string): Route | undefined {
  try {
    const found = router(method, parseRequestTarget(url).segments);
    return found instanceof HttpProblem ? undefined : found.route;
  } catch {
    // What is wrong with it its answer says.
    return undefined;
  }
}

/** Several `traceparent` are none that makes sense; several `tracestate` are one, which the platform has joined. */
function carriedBy({ headers }: IncomingMessage): CarriedTrace | undefined {
  const { traceparent, tracestate } = headers;
  return typeof traceparent === "string" ? { traceparent, tracestate: tracestate as string | undefined } : undefined;
}

function endRequest(span: RequestSpan, response: ServerResponse, problem: ProblemDetails | undefined): void {
  const { headersSent, statusCode } = response;
  if (!headersSent) {
    // The client has left, which is no failure of the node.
    span.end({}, undefined);
    return;
  }
  // An answer that failed when some of it had left, and was cut, has the status of one that went well.
  const isFailed = statusCode >= 500 || (problem !== undefined && problem.status !== statusCode);
  span.end({ "http.response.status_code": statusCode }, isFailed ? (problem?.code ?? String(statusCode)) : undefined);
}
