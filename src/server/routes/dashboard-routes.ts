import { sendDashboardFile } from "../dashboard/send-dashboard.ts";
import type { RequestContext } from "../request-context.ts";
import { sendJson } from "../respond.ts";
import type { Route } from "../route.ts";

const SAME = { description: "It is still the same." };
const TEXT = { type: "string" };

/** The dashboard's page and files, and what it shows. The files hold no data, so they need no token; what the page shows it asks for with one. */
export const DASHBOARD_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/",
    summary: "The dashboard's page.",
    role: "open",
    isNamespaced: false,
    conditions: ["If-None-Match"],
    answers: { 200: { description: "The page.", content: { "text/html; charset=utf-8": TEXT } }, 304: SAME },
    usesCache: false,
    handle: ({ request, response }) => sendDashboardFile(request, response, "/"),
  },
  {
    method: "GET",
    path: "/assets/:file",
    summary: "A file of the dashboard.",
    role: "open",
    isNamespaced: false,
    conditions: ["If-None-Match"],
    answers: {
      200: {
        description: "The file.",
        content: {
          "text/javascript; charset=utf-8": TEXT,
          "text/css; charset=utf-8": TEXT,
          "image/svg+xml": TEXT,
        },
      },
      304: SAME,
    },
    problems: [404],
    usesCache: false,
    handle: ({ request, response, parameters }) =>
      sendDashboardFile(request, response, `/assets/${parameters["file"]}`),
  },
  {
    method: "GET",
    path: "/v1/live",
    summary:
      "What the cache does now and did in the last five minutes; as a stream of one document a second where that is accepted.",
    role: "read",
    isNamespaced: false,
    answers: {
      200: {
        description: "The document, or the stream.",
        content: {
          "application/json": {
            type: "object",
            required: ["at", "backend", "stats", "second", "operations", "loads", "hotKeys", "events", "history"],
          },
          "text/event-stream; charset=utf-8": TEXT,
        },
      },
    },
    usesCache: false,
    handle: sendLive,
  },
];

function sendLive({ request, response, services }: RequestContext): void {
  const wantsStream = request.method === "GET" && request.headers.accept?.includes("text/event-stream") === true;
  if (wantsStream) services.live.stream(response);
  else sendJson(response, 200, services.live.snapshot());
}
