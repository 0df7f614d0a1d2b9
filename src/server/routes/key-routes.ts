import type { SetOptions } from "../../cache/options.ts";
import type { CacheEntry } from "../../entry/cache-entry.ts";
import { isVersionListed, readPrecondition, toEntityTag } from "../entity-tag.ts";
import { HttpProblem } from "../problem.ts";
import { bodyKindOf, parseJson, readBody } from "../request-body.ts";
import { type RequestQuery, singleParameter } from "../request-target.ts";
import { sendBody, sendJson } from "../respond.ts";
import type { Route, RouteContext } from "../route.ts";
import { parseTtlText, toWireTtl, toWireValue, type WireValue } from "../wire-value.ts";

/** Reading, writing and deleting one key. */
export const KEY_ROUTES: readonly Route[] = [
  { method: "GET", path: "/v1/keys/:key", query: [], handle: getValue },
  { method: "GET", path: "/v1/keys/:key/entry", query: [], handle: getEntryDocument },
  { method: "PUT", path: "/v1/keys/:key", query: ["ttl", "tags", "tag"], handle: putValue },
  { method: "DELETE", path: "/v1/keys/:key", query: [], handle: deleteKey },
];

async function readEntry({ cache, parameters, signal }: RouteContext): Promise<CacheEntry<unknown>> {
  const entry = await cache.getEntry(parameters["key"] as string, { signal });
  if (entry === undefined) throw new HttpProblem(404, "There is no live entry under this key.");
  return entry;
}

/** The value itself; what is known about it is in the headers. */
async function getValue(context: RouteContext): Promise<void> {
  const { request, response } = context;
  const entry = await readEntry(context);
  response.setHeader("ETag", toEntityTag(entry.version));
  response.setHeader("X-Gocachex-Ttl", toWireTtl(entry.ttl));
  const ifNoneMatch = request.headers["if-none-match"];
  if (ifNoneMatch !== undefined && isVersionListed(ifNoneMatch, entry.version)) {
    response.statusCode = 304;
    response.end();
    return;
  }
  const wire = toWireValue(entry.value);
  const body = toBody(wire);
  response.setHeader("X-Gocachex-Type", wire.kind);
  response.setHeader("X-Gocachex-Exact", String(wire.exact));
  sendBody(response, 200, wire.kind === "bytes" ? "application/octet-stream" : "application/json", body);
}

function toBody({ kind, value }: WireValue): Uint8Array {
  if (kind === "bytes") return value as Uint8Array;
  return Buffer.from(JSON.stringify(kind === "bigint" ? { value, type: "bigint" } : value));
}

/** The value with all that is known about it, as one document. */
async function getEntryDocument(context: RouteContext): Promise<void> {
  const entry = await readEntry(context);
  const { kind, value, exact } = toWireValue(entry.value);
  context.response.setHeader("ETag", toEntityTag(entry.version));
  sendJson(context.response, 200, {
    key: context.parameters["key"],
    value: kind === "bytes" ? toBase64(value as Uint8Array) : value,
    type: kind,
    exact,
    version: entry.version,
    ttl: toWireTtl(entry.ttl),
    tags: entry.tags,
    tier: entry.tier,
  });
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

async function putValue(context: RouteContext): Promise<void> {
  const { cache, request, response, parameters, maxBodyBytes } = context;
  const key = parameters["key"] as string;
  const bodyKind = bodyKindOf(request, ["json", "bytes"]);
  const precondition = readPrecondition(request.headers["if-match"], request.headers["if-none-match"]);
  const options = writeOptions(context.query);
  const body = await readBody(request, maxBodyBytes);
  const value = bodyKind === "json" ? parseJson(body) : body;
  // Without the request's signal: a write that has begun is finished, whether or not somebody waits for the answer.
  if (precondition.kind === "none") {
    const receipt = await cache.set(key, value, options);
    response.setHeader("ETag", toEntityTag(receipt.version));
    sendJson(response, 200, { key, version: receipt.version, epoch: receipt.epoch });
    return;
  }
  const { ok, version } = await cache.compareAndSet(key, precondition.version, value, options);
  if (!ok) {
    const headers = version > 0 ? { ETag: toEntityTag(version) } : {};
    throw new HttpProblem(412, `Nothing was written: ${conflictWords(precondition.version, version)}.`, headers);
  }
  response.setHeader("ETag", toEntityTag(version));
  sendJson(response, 200, { key, version });
}

/** Why a condition did not hold; version 0 stands for an absent key. */
function conflictWords(expectedVersion: number, foundVersion: number): string {
  if (expectedVersion === 0) return "the key is there already";
  return foundVersion > 0 ? "the entry has another version" : "the entry is not there";
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

async function deleteKey({ cache, response, parameters }: RouteContext): Promise<void> {
  sendJson(response, 200, { deleted: await cache.delete(parameters["key"] as string) });
}
