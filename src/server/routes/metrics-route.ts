import { HttpProblem } from "../problem.ts";
import type { RequestContext } from "../request-context.ts";
import { sendBody } from "../respond.ts";
import type { Route } from "../route.ts";

/** What the cache of the node does, for Prometheus. Of the whole cache: a namespace has none of its own. */
export const METRICS_ROUTE: Route = {
  method: "GET",
  path: "/metrics",
  summary: "The metrics of the whole cache, for Prometheus.",
  role: "read",
  isNamespaced: false,
  answers: {
    200: {
      description: "The text format of Prometheus, or OpenMetrics where the header Accept asks for it.",
      content: {
        "text/plain; version=0.0.4; charset=utf-8": { type: "string" },
        "application/openmetrics-text; version=1.0.0; charset=utf-8": { type: "string" },
      },
    },
  },
  problems: [501],
  usesCache: false,
  handle: sendMetrics,
};

async function sendMetrics({ services, request, response }: RequestContext): Promise<void> {
  const { metrics } = services.options;
  if (metrics === undefined) {
    throw new HttpProblem(
      501,
      "This node keeps no metrics. Give startNode the option metrics, or run gocachex serve, which keeps them where prom-client is installed.",
    );
  }
  const { contentType, body } = await metrics(request.headers.accept);
  sendBody(response, 200, contentType, Buffer.from(body));
}
