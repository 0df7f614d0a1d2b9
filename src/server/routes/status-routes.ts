import { type JsonSchema, schemaRef } from "../json-schema.ts";
import type { RequestContext } from "../request-context.ts";
import { sendJson, sendText } from "../respond.ts";
import type { Route } from "../route.ts";

const HEALTH = { "application/json": schemaRef("Health") };
const WORD = (words: readonly string[]): Readonly<Record<string, JsonSchema>> => ({
  "text/plain; charset=utf-8": { type: "string", enum: words },
});

/** How the node and its cache are. */
export const STATUS_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/stats",
    summary: "The counters of the view.",
    role: "read",
    answers: { 200: { description: "The counters.", content: { "application/json": schemaRef("Stats") } } },
    usesCache: false,
    handle: ({ cache, response }) => sendJson(response, 200, cache.stats()),
  },
  {
    method: "GET",
    path: "/v1/health",
    summary: "How the cache and its stores are, as of at most half a second ago.",
    role: "read",
    answers: {
      200: { description: "It works, perhaps with less than it should.", content: HEALTH },
      503: { description: "It does not work.", content: HEALTH },
    },
    usesCache: false,
    handle: sendHealth,
  },
  // Liveness says only that the process answers: restarting it would not mend a store.
  {
    method: "GET",
    path: "/healthz",
    summary: "Whether the process lives.",
    role: "open",
    isNamespaced: false,
    answers: { 200: { description: "It does.", content: WORD(["ok"]) } },
    usesCache: false,
    handle: ({ response }) => sendText(response, 200, "ok"),
  },
  {
    method: "GET",
    path: "/readyz",
    summary: "Whether the cache works: the word of its status.",
    role: "open",
    isNamespaced: false,
    answers: {
      200: { description: "It does, perhaps with less than it should.", content: WORD(["up", "degraded"]) },
      503: { description: "It does not.", content: WORD(["down"]) },
    },
    usesCache: false,
    handle: sendReadiness,
  },
];

async function sendHealth({ response, services }: RequestContext): Promise<void> {
  const health = await services.health.check();
  sendJson(response, health.status === "down" ? 503 : 200, health);
}

async function sendReadiness({ response, services }: RequestContext): Promise<void> {
  const { status } = await services.health.check();
  sendText(response, status === "down" ? 503 : 200, status);
}
