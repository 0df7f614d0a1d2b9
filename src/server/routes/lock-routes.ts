import type { Lock } from "../../atomic/lock.ts";
import { LockLostError } from "../../foundation/errors.ts";
import { readText, readTtl } from "../body-fields.ts";
import { objectSchema, schemaRef } from "../json-schema.ts";
import type { RequestContext } from "../request-context.ts";
import { sendJson } from "../respond.ts";
import type { Route, RouteAnswer } from "../route.ts";
import { wasSent } from "../was-sent.ts";
import { TTL_IN } from "../wire-schemas.ts";

const LEASE: RouteAnswer = { description: "The lease.", content: { "application/json": schemaRef("Lease") } };
const LEASE_FIELD = { type: "string", description: "As acquire has answered it." } as const;

/** Locks with fencing tokens. Who holds one proves it by its lease, which nobody else was told. */
export const LOCK_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/locks/:name/acquire",
    summary: "Take a lock for a while, waiting for it where asked to.",
    role: "write",
    body: {
      kinds: ["json"],
      fields: { ttl: TTL_IN, wait: { ...TTL_IN, default: 0 } },
      requiredFields: ["ttl"],
    },
    answers: { 200: LEASE },
    problems: [409, 501],
    handle: acquire,
  },
  {
    method: "POST",
    path: "/v1/locks/:name/extend",
    summary: "Lengthen a lease.",
    role: "write",
    body: { kinds: ["json"], fields: { lease: LEASE_FIELD, ttl: TTL_IN }, requiredFields: ["lease"] },
    answers: { 200: LEASE },
    problems: [409],
    handle: extend,
  },
  {
    method: "POST",
    path: "/v1/locks/:name/release",
    summary: "Give a lock back.",
    role: "write",
    body: { kinds: ["json"], fields: { lease: LEASE_FIELD }, requiredFields: ["lease"] },
    answers: {
      200: {
        description: "Whether it was held until now.",
        content: { "application/json": objectSchema({ released: { type: "boolean" } }) },
      },
    },
    handle: release,
  },
];

async function acquire(context: RequestContext): Promise<void> {
  const { cache, response, parameters, signal, services } = context;
  const body = await context.readFields();
  const ttl = readTtl(body, "ttl") as number | string;
  const wait = readTtl(body, "wait");
  services.leases.assertRoom();
  const lock = await cache.lock(parameters["name"] as string, { ttl, signal, ...(wait === undefined ? {} : { wait }) });
  // The client left in the moment in which the lock was given: nobody else can give it back.
  if (signal.aborted) {
    await lock.release();
    return;
  }
  sendLease(context, services.leases.keep(placeOf(context), lock), lock);
  response.once("close", () => {
    if (!wasSent(response)) lock.release().catch(() => undefined);
  });
}

async function extend(context: RequestContext): Promise<void> {
  const body = await context.readFields();
  const lease = readText(body, "lease");
  const ttl = readTtl(body, "ttl");
  const lock = context.services.leases.find(placeOf(context), lease);
  if (lock === undefined) throw new LockLostError("The lease has ended, or it was given by another node or lock.");
  await lock.extend(ttl);
  sendLease(context, lease, lock);
}

async function release(context: RequestContext): Promise<void> {
  const { response, services } = context;
  const lease = readText(await context.readFields(), "lease");
  const lock = services.leases.find(placeOf(context), lease);
  sendJson(response, 200, { released: lock === undefined ? false : await lock.release() });
}

function sendLease({ response }: RequestContext, lease: string, { token, validUntil }: Lock): void {
  const validForMs = Math.max(0, Math.floor(validUntil - performance.now()));
  sendJson(response, 200, { lease, token, validForMs });
}

/** A lock's name with the namespaces it is in, told apart from every other. */
function placeOf({ parameters, query }: RequestContext): string {
  return JSON.stringify([(query.get("namespace") ?? []).join("/"), parameters["name"]]);
}
