import { readTtl } from "../body-fields.ts";
import { objectSchema } from "../json-schema.ts";
import { HttpProblem } from "../problem.ts";
import type { RequestContext } from "../request-context.ts";
import { sendJson } from "../respond.ts";
import type { Route } from "../route.ts";
import { TTL_IN, TTL_OUT } from "../wire-schemas.ts";
import { toWireTtl } from "../wire-value.ts";

/** Whether a key is there and how long it lives, without its value. */
export const EXPIRY_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/keys/:key/exists",
    summary: "Whether a live entry is there; counts as neither hit nor miss.",
    role: "read",
    answers: {
      200: {
        description: "Whether it is.",
        content: { "application/json": objectSchema({ exists: { type: "boolean" } }) },
      },
    },
    handle: async ({ cache, response, parameters }) => {
      sendJson(response, 200, { exists: await cache.exists(parameters["key"] as string) });
    },
  },
  {
    method: "GET",
    path: "/v1/keys/:key/ttl",
    summary: "How long an entry still lives.",
    role: "read",
    answers: {
      200: { description: "Its remaining TTL.", content: { "application/json": objectSchema({ ttl: TTL_OUT }) } },
    },
    problems: [404],
    handle: getTtl,
  },
  {
    method: "POST",
    path: "/v1/keys/:key/expire",
    summary: "Give a live entry a new TTL; 0 ends it.",
    role: "write",
    body: { kinds: ["json"], fields: { ttl: TTL_IN }, requiredFields: ["ttl"] },
    answers: {
      200: {
        description: "Whether a live entry was there.",
        content: { "application/json": objectSchema({ expired: { type: "boolean" } }) },
      },
    },
    handle: expire,
  },
];

async function getTtl({ cache, response, parameters }: RequestContext): Promise<void> {
  const ttlMs = await cache.ttl(parameters["key"] as string);
  if (ttlMs === undefined) throw new HttpProblem(404, "There is no live entry under this key.");
  sendJson(response, 200, { ttl: toWireTtl(ttlMs) });
}

async function expire(context: RequestContext): Promise<void> {
  const { cache, response, parameters } = context;
  const ttl = readTtl(await context.readFields(), "ttl") as number | string;
  sendJson(response, 200, { expired: await cache.expire(parameters["key"] as string, ttl) });
}
