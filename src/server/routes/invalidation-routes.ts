import { objectSchema } from "../json-schema.ts";
import { HttpProblem } from "../problem.ts";
import type { RequestContext } from "../request-context.ts";
import { singleParameter } from "../request-target.ts";
import { sendJson } from "../respond.ts";
import type { Route } from "../route.ts";

/** Ending many entries at once. */
export const INVALIDATION_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/tags/invalidate",
    summary: "Make every entry with one of the tags a miss, in the whole cache.",
    role: "write",
    body: {
      kinds: ["json"],
      fields: { tags: { type: "array", items: { type: "string" }, minItems: 1 } },
      requiredFields: ["tags"],
    },
    answers: {
      200: {
        description: "How many tags.",
        content: { "application/json": objectSchema({ invalidated: { type: "integer", minimum: 1 } }) },
      },
    },
    problems: [501],
    handle: invalidateTags,
  },
  {
    method: "DELETE",
    path: "/v1/keys",
    summary: "Delete the keys that begin with a prefix. O(number of keys).",
    role: "admin",
    query: {
      prefix: { description: "At least one character.", schema: { type: "string", minLength: 1 }, isRequired: true },
    },
    answers: {
      200: {
        description: "How many.",
        content: { "application/json": objectSchema({ deleted: { type: "integer", minimum: 0 } }) },
      },
    },
    problems: [501],
    handle: deleteByPrefix,
  },
  {
    method: "POST",
    path: "/v1/clear",
    summary: "End every entry of the view and of the namespaces inside it.",
    role: "admin",
    body: { kinds: ["json"], fields: {} },
    answers: {
      200: {
        description: "It is empty.",
        content: { "application/json": objectSchema({ cleared: { const: true } }) },
      },
    },
    problems: [501],
    handle: clear,
  },
];

async function invalidateTags(context: RequestContext): Promise<void> {
  const { tags } = await context.readFields();
  if (!Array.isArray(tags) || tags.length === 0 || !tags.every((tag): tag is string => typeof tag === "string")) {
    throw new HttpProblem(400, '"tags" must be an array of at least one string.');
  }
  await context.cache.invalidateTags(tags);
  sendJson(context.response, 200, { invalidated: tags.length });
}

async function deleteByPrefix({ cache, response, query }: RequestContext): Promise<void> {
  const prefix = singleParameter(query, "prefix") ?? "";
  // A forgotten or empty prefix must not end everything.
  if (prefix === "") throw new HttpProblem(400, "Name a prefix. To end everything, POST to /v1/clear.");
  sendJson(response, 200, { deleted: await cache.deleteByPrefix(prefix) });
}

async function clear(context: RequestContext): Promise<void> {
  await context.readFields();
  await context.cache.clear();
  sendJson(context.response, 200, { cleared: true });
}
