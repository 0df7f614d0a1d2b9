import { sendJson, sendText } from "../respond.ts";
import type { Route, RouteContext } from "../route.ts";
import { sendStatusPage } from "../status-page.ts";

/** How the node and its cache are. */
export const STATUS_ROUTES: readonly Route[] = [
  { method: "GET", path: "/", query: [], handle: ({ response, hasApp }) => sendStatusPage(response, hasApp) },
  {
    method: "GET",
    path: "/v1/stats",
    query: [],
    handle: ({ cache, response }) => sendJson(response, 200, cache.stats()),
  },
  { method: "GET", path: "/v1/health", query: [], handle: sendHealth },
  // Liveness says only that the process answers: restarting it would not mend a store.
  { method: "GET", path: "/healthz", query: [], handle: ({ response }) => sendText(response, 200, "ok") },
  { method: "GET", path: "/readyz", query: [], handle: sendReadiness },
];

async function sendHealth({ cache, response, signal }: RouteContext): Promise<void> {
  const health = await cache.health({ signal });
  sendJson(response, health.status === "down" ? 503 : 200, health);
}

async function sendReadiness({ cache, response, signal }: RouteContext): Promise<void> {
  const { status } = await cache.health({ signal });
  sendText(response, status === "down" ? 503 : 200, status);
}
