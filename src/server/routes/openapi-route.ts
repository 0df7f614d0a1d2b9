import { sendBody } from "../respond.ts";
import type { Route } from "../route.ts";

/** The document of the API, which is made out of the routes themselves. */
export const OPENAPI_ROUTE: Route = {
  method: "GET",
  path: "/v1/openapi.json",
  summary: "This document.",
  role: "read",
  isNamespaced: false,
  answers: { 200: { description: "OpenAPI 3.1.", content: { "application/json": { type: "object" } } } },
  usesCache: false,
  handle: ({ response, services }) => sendBody(response, 200, "application/json", services.apiDocument()),
};
