import { readElement, readItemValue, readKeys, readList, readTags, readText, readTtl } from "../body-fields.ts";
import { objectSchema } from "../json-schema.ts";
import type { RequestContext } from "../request-context.ts";
import { beginBody, sendJson } from "../respond.ts";
import type { Route } from "../route.ts";
import { writeWithBackpressure } from "../stream-body.ts";
import { KEYS, listOf, TAGS_IN, TTL_IN } from "../wire-schemas.ts";
import { toBase64, toWireValue } from "../wire-value.ts";

/** Many keys at once: one round trip to the node, and one from it to each server. */
export const BATCH_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/batch/get",
    summary: "Read many values.",
    role: "read",
    body: { kinds: ["json"], fields: { keys: KEYS }, requiredFields: ["keys"] },
    answers: {
      200: {
        description: "What was found; what misses is left out.",
        content: { "application/json": objectSchema({ entries: listOf("FoundValue") }) },
      },
    },
    problems: [422],
    handle: getMany,
  },
  {
    method: "POST",
    path: "/v1/batch/set",
    summary: "Write many values with the same options. Not atomic as a whole.",
    role: "write",
    body: {
      kinds: ["json"],
      fields: { entries: { ...listOf("WriteItem"), minItems: 1 }, ttl: TTL_IN, tags: TAGS_IN },
      requiredFields: ["entries"],
    },
    answers: {
      200: {
        description: "How many keys are written.",
        content: { "application/json": objectSchema({ written: { type: "integer", minimum: 1 } }) },
      },
    },
    problems: [422],
    handle: setMany,
  },
  {
    method: "POST",
    path: "/v1/batch/delete",
    summary: "Delete many keys.",
    role: "write",
    body: { kinds: ["json"], fields: { keys: KEYS }, requiredFields: ["keys"] },
    answers: {
      200: {
        description: "How many live entries were there.",
        content: { "application/json": objectSchema({ deleted: { type: "integer", minimum: 0 } }) },
      },
    },
    handle: deleteMany,
  },
];

/** Pieces of an answer are sent when they are about this long. */
const PIECE_LENGTH = 65_536;

/** Sends the answer entry by entry, as fast as the client reads: together the values of a batch may be far larger than one. */
async function getMany(context: RequestContext): Promise<void> {
  const { cache, response, services } = context;
  const { maxBatchKeyCount, stallTimeoutMs } = services.options;
  const keys = readKeys(await context.readFields(), maxBatchKeyCount);
  const values = await cache.getMulti(keys);
  // The first entry is made before anything is sent, so that a value which cannot be sent answers with its error.
  let piece = '{"entries":[';
  let count = 0;
  for (const [key, value] of values) {
    piece += (count === 0 ? "" : ",") + entryText(key, value);
    count += 1;
    if (piece.length < PIECE_LENGTH) continue;
    if (!response.headersSent) beginBody(response, 200, "application/json", undefined);
    await writeWithBackpressure(response, piece, stallTimeoutMs);
    piece = "";
  }
  if (!response.headersSent) beginBody(response, 200, "application/json", Buffer.byteLength(piece) + 2);
  response.end(`${piece}]}`);
}

function entryText(key: string, stored: unknown): string {
  const { kind, value, exact } = toWireValue(stored);
  return JSON.stringify({ key, value: kind === "bytes" ? toBase64(value as Uint8Array) : value, type: kind, exact });
}

async function setMany(context: RequestContext): Promise<void> {
  const { cache, response, services } = context;
  const body = await context.readFields();
  const items = readList(body, "entries", services.options.maxBatchKeyCount).map((element) => {
    const item = readElement(element, "entries", ["key", "value", "type"]);
    return [readText(item, "key"), readItemValue(item, "entries")] as const;
  });
  const ttl = readTtl(body, "ttl");
  const tags = readTags(body);
  await cache.setMulti(items, { ...(ttl === undefined ? {} : { ttl }), ...(tags === undefined ? {} : { tags }) });
  sendJson(response, 200, { written: new Set(items.map(([key]) => key)).size });
}

async function deleteMany(context: RequestContext): Promise<void> {
  const { cache, response, services } = context;
  const keys = readKeys(await context.readFields(), services.options.maxBatchKeyCount);
  sendJson(response, 200, { deleted: await cache.deleteMulti(keys) });
}
