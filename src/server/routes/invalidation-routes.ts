import { HttpProblem } from "../problem.ts";
import { bodyKindOf, parseJsonObject, readBody } from "../request-body.ts";
import { sendJson } from "../respond.ts";
import type { Route, RouteContext } from "../route.ts";

/** Ending many entries at once. */
export const INVALIDATION_ROUTES: readonly Route[] = [
  { method: "POST", path: "/v1/tags/invalidate", query: [], handle: invalidateTags },
  { method: "POST", path: "/v1/clear", query: [], handle: clear },
];

async function invalidateTags({ cache, request, response, maxBodyBytes }: RouteContext): Promise<void> {
  bodyKindOf(request, ["json"]);
  const { tags } = parseJsonObject(await readBody(request, maxBodyBytes), ["tags"]);
  if (!Array.isArray(tags) || tags.length === 0 || !tags.every((tag): tag is string => typeof tag === "string")) {
    throw new HttpProblem(400, '"tags" must be an array of at least one string.');
  }
  await cache.invalidateTags(tags);
  sendJson(response, 200, { invalidated: tags.length });
}

async function clear({ cache, request, response, maxBodyBytes }: RouteContext): Promise<void> {
  bodyKindOf(request, ["json"]);
  parseJsonObject(await readBody(request, maxBodyBytes), []);
  await cache.clear();
  sendJson(response, 200, { cleared: true });
}
