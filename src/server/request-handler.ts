import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isAppTarget, serveApp } from "./app-mount.ts";
import { countHostHeaders, isLoopbackHostHeader, isLoopbackOrigin } from "./host-check.ts";
import type { ResolvedNodeOptions } from "./node-options.ts";
import { HttpProblem, sendProblem } from "./problem.ts";
import { assertKnownParameters, parseRequestTarget } from "./request-target.ts";
import { applySecurityHeaders } from "./respond.ts";
import { createRouter, type Router } from "./router.ts";
import { ALL_ROUTES } from "./routes/all-routes.ts";
import { selectNamespace } from "./select-namespace.ts";

/** Builds what answers every request of a node. It never rejects and never throws: every failure becomes an answer. */
export function createRequestHandler(options: ResolvedNodeOptions): RequestListener {
  const router = createRouter(ALL_ROUTES);
  return (request, response) => {
    answer(options, router, request, response).catch((error: unknown) => {
      const isClientGone = response.destroyed && !response.writableFinished;
      const { status } = sendProblem(response, error);
      if (status === 500 && !isClientGone) options.onError(error);
    });
  };
}

async function answer(
  options: ResolvedNodeOptions,
  router: Router,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader("X-Content-Type-Options", "nosniff");
  assertFromThisMachine(request);
  const url = request.url as string;
  if (isAppTarget(url)) return serveApp(options.app, request, response);
  applySecurityHeaders(response);
  const { segments, query } = parseRequestTarget(url);
  const { route, parameters } = router(request.method as string, segments);
  assertKnownParameters(query, [...route.query, "namespace"]);
  await route.handle({
    cache: selectNamespace(options.cache, query),
    request,
    response,
    parameters,
    query,
    signal: signalOf(response),
    maxBodyBytes: options.maxBodyBytes,
    hasApp: options.app !== undefined,
  });
}

/** See {@link isLoopbackHostHeader}: other names in `Host` or `Origin` mean that a web page of somebody else is asking. */
function assertFromThisMachine(request: IncomingMessage): void {
  if (request.headers.host === undefined) throw new HttpProblem(400, "The request has no Host header.");
  // RFC 9112 §3.2: somebody in front of the node may have gone by the other one.
  if (countHostHeaders(request.rawHeaders) > 1)
    throw new HttpProblem(400, "The request has more than one Host header.");
  if (!isLoopbackHostHeader(request.headers.host)) {
    throw new HttpProblem(
      403,
      "This node answers to localhost, 127.0.0.0/8 and [::1] only. Use one of them as the host.",
    );
  }
  const { origin } = request.headers;
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (origin !== undefined && !isRead && !isLoopbackOrigin(origin)) {
    throw new HttpProblem(403, "Pages of other origins may not change this cache.");
  }
}

/** Aborted when the client leaves before its answer is complete. */
function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) controller.abort(new HttpProblem(400, "The client closed the connection."));
  });
  return controller.signal;
}
