import type { SetOptions } from "../../cache/options.ts";
import type { CacheEntry } from "../../entry/cache-entry.ts";
import { isVersionListed, readPrecondition, toEntityTag } from "../entity-tag.ts";
import { objectSchema, schemaRef } from "../json-schema.ts";
import { HttpProblem } from "../problem.ts";
import { parseJson } from "../request-body.ts";
import type { RequestContext } from "../request-context.ts";
import { type RequestQuery, singleParameter } from "../request-target.ts";
import { beginBody, type HeaderList, sendBody, sendEmpty, sendJson } from "../respond.ts";
import type { Route, RouteAnswer, RouteParameter } from "../route.ts";
import { endWithText } from "../stream-body.ts";
import { TTL_IN, WRITTEN } from "../wire-schemas.ts";
import { parseTtlText, toBase64, toWireTtl, toWireValue, type WireValue } from "../wire-value.ts";

/** Query parameters of a write. */
const WRITE_PARAMETERS: Readonly<Record<string, RouteParameter>> = {
  ttl: { description: "Time to live; default: the cache's.", schema: TTL_IN },
  tags: { description: "Tags, separated by commas.", schema: { type: "string" } },
  tag: { description: "A tag, which may hold commas.", schema: { type: "string" }, isRepeatable: true },
};

const VALUE_ANSWER: RouteAnswer = {
  description: "The value, as it was written.",
  content: { "application/json": {}, "application/octet-stream": {} },
  headers: ["ETag", "X-Gocachex-Ttl", "X-Gocachex-Type", "X-Gocachex-Exact"],
};

/** Reading, writing and deleting one key. */
export const KEY_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/keys/:key",
    summary: "Read a value.",
    role: "read",
    conditions: ["If-None-Match"],
    answers: {
      200: VALUE_ANSWER,
      304: { description: "It is still that version.", headers: ["ETag", "X-Gocachex-Ttl"] },
    },
    problems: [404, 422],
    handle: getValue,
  },
  {
    method: "GET",
    path: "/v1/keys/:key/entry",
    summary: "Read a value with all that is known about it.",
    role: "read",
    answers: {
      200: { description: "The entry.", content: { "application/json": schemaRef("Entry") }, headers: ["ETag"] },
    },
    problems: [404, 422],
    handle: getEntryDocument,
  },
  {
    method: "PUT",
    path: "/v1/keys/:key",
    summary: "Write a value; with a condition, only over the named version or where there is none.",
    role: "write",
    query: WRITE_PARAMETERS,
    conditions: ["If-Match", "If-None-Match"],
    body: { kinds: ["json", "bytes"] },
    answers: { 200: { description: "It is written.", content: { "application/json": WRITTEN }, headers: ["ETag"] } },
    problems: [412, 422],
    handle: putValue,
  },
  {
    method: "DELETE",
    path: "/v1/keys/:key",
    summary: "Delete a key; with a condition, only that version of it.",
    role: "write",
    conditions: ["If-Match"],
    answers: {
      200: {
        description: "Whether a live entry was there.",
        content: { "application/json": objectSchema({ deleted: { type: "boolean" } }) },
      },
    },
    problems: [409, 412, 501],
    handle: deleteKey,
  },
  {
    method: "POST",
    path: "/v1/keys/:key/get-set",
    summary: "Write a value and answer the one that was there, atomically.",
    role: "write",
    query: WRITE_PARAMETERS,
    body: { kinds: ["json", "bytes"] },
    answers: {
      200: {
        ...VALUE_ANSWER,
        description: "The value that was there.",
        headers: ["X-Gocachex-Type", "X-Gocachex-Exact"],
      },
      204: { description: "It is written; there was none before." },
    },
    problems: [422, 501],
    handle: getSetValue,
  },
];

const MISS = new HttpProblem(404, "There is no live entry under this key.");

/** Texts up to this length, in UTF-16 units, are sent at once; longer ones in pieces, as fast as the client reads. */
const STREAMED_TEXT_LENGTH = 262_144;

/**
 * The value itself; what is known about it is in the headers. Without the client's signal: a read is over sooner than a signal is made,
 * and one that nobody waits for any more harms nobody.
 */
function getValue(context: RequestContext): Promise<void> {
  const { cache, parameters } = context;
  return cache.getEntry(parameters["key"] as string).then((entry) => sendEntry(context, entry));
}

function sendEntry(
  { request, response, services }: RequestContext,
  entry: CacheEntry<unknown> | undefined,
): Promise<void> | void {
  if (entry === undefined) throw MISS;
  const known: HeaderList = ["ETag", toEntityTag(entry.version), "X-Gocachex-Ttl", toWireTtl(entry.ttl)];
  const ifNoneMatch = request.headers["if-none-match"];
  if (ifNoneMatch !== undefined && isVersionListed(ifNoneMatch, entry.version)) {
    sendEmpty(response, 304, known);
    return;
  }
  return sendValue({ request, response, services }, entry.value, known);
}

/** Answers with a value as its body. */
function sendValue(
  { request, response, services }: Pick<RequestContext, "request" | "response" | "services">,
  value: unknown,
  headers: HeaderList,
): Promise<void> | void {
  const wire = toWireValue(value);
  const all = [...headers, "X-Gocachex-Type", wire.kind, "X-Gocachex-Exact", wire.exact ? "true" : "false"];
  if (wire.kind === "bytes") {
    sendBody(response, 200, "application/octet-stream", wire.value as Uint8Array, all);
    return;
  }
  const text = toText(wire);
  if (text.length <= STREAMED_TEXT_LENGTH) {
    sendBody(response, 200, "application/json", text, all);
    return;
  }
  beginBody(response, 200, "application/json", Buffer.byteLength(text), all);
  if (request.method !== "HEAD") return endWithText(response, text, services.options.stallTimeoutMs);
  response.end();
}

function toText({ kind, value }: WireValue): string {
  return JSON.stringify(kind === "bigint" ? { value, type: "bigint" } : value);
}

/** The value with all that is known about it, as one document. */
async function getEntryDocument({ cache, response, parameters }: RequestContext): Promise<void> {
  const entry = await cache.getEntry(parameters["key"] as string);
  if (entry === undefined) throw MISS;
  const { kind, value, exact } = toWireValue(entry.value);
  const document = {
    key: parameters["key"],
    value: kind === "bytes" ? toBase64(value as Uint8Array) : value,
    type: kind,
    exact,
    version: entry.version,
    ttl: toWireTtl(entry.ttl),
    tags: entry.tags,
    tier: entry.tier,
  };
  sendJson(response, 200, document, ["ETag", toEntityTag(entry.version)]);
}

async function readValue(context: RequestContext): Promise<unknown> {
  const bodyKind = context.bodyKind();
  const body = await context.readBody();
  return bodyKind === "json" ? parseJson(body) : body;
}

async function putValue(context: RequestContext): Promise<void> {
  const { cache, request, response, parameters } = context;
  const key = parameters["key"] as string;
  const precondition = readPrecondition(request.headers["if-match"], request.headers["if-none-match"]);
  const options = writeOptions(context.query);
  const value = await readValue(context);
  // Without the request's signal: a write that has begun is finished, whether or not somebody waits for the answer.
  if (precondition.kind === "none") {
    const { version, epoch } = await cache.set(key, value, options);
    sendJson(response, 200, { key, version, epoch }, ["ETag", toEntityTag(version)]);
    return;
  }
  const { ok, version } = await cache.compareAndSet(key, precondition.version, value, options);
  if (!ok) throw conflict("written", precondition.version, version);
  sendJson(response, 200, { key, version }, ["ETag", toEntityTag(version)]);
}

/** Why a condition did not hold; version 0 stands for an absent key. */
function conflict(what: "written" | "deleted", expectedVersion: number, foundVersion: number): HttpProblem {
  const absent = expectedVersion === 0 ? "the key is there already" : "the entry has another version";
  const words = foundVersion > 0 ? absent : "the entry is not there";
  const headers = foundVersion > 0 ? { ETag: toEntityTag(foundVersion) } : {};
  return new HttpProblem(412, `Nothing was ${what}: ${words}.`, headers);
}

async function getSetValue(context: RequestContext): Promise<void> {
  const { cache, response, parameters } = context;
  const options = writeOptions(context.query);
  const value = await readValue(context);
  const previous = await cache.getSet(parameters["key"] as string, value, options);
  if (previous === undefined) sendEmpty(response, 204, []);
  else await sendValue(context, previous, []);
}

function writeOptions(query: RequestQuery): SetOptions {
  const ttl = singleParameter(query, "ttl");
  const listed = singleParameter(query, "tags");
  // `tags=a,b` for people, `tag=` once per tag for programs whose tags may hold commas.
  const tags = [...(listed === undefined ? [] : listed.split(",")), ...(query.get("tag") ?? [])];
  return {
    ...(ttl === undefined ? {} : { ttl: parseTtlText(ttl) }),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

async function deleteKey({ cache, request, response, parameters }: RequestContext): Promise<void> {
  const key = parameters["key"] as string;
  const precondition = readPrecondition(request.headers["if-match"], request.headers["if-none-match"]);
  if (precondition.kind === "none") {
    sendJson(response, 200, { deleted: await cache.delete(key) });
    return;
  }
  if (precondition.version === 0) throw new HttpProblem(400, "A deletion takes If-Match only.");
  // The commit says whether the key is still as the transaction has read it, so nothing can come between the check and the deletion.
  const found = await cache.transaction([key], (tx) => {
    const version = tx.version(key);
    if (version === precondition.version) tx.delete(key);
    return version;
  });
  if (found !== precondition.version) throw conflict("deleted", precondition.version, found);
  sendJson(response, 200, { deleted: true });
}
