import { objectSchema } from "../json-schema.ts";
import { HttpProblem } from "../problem.ts";
import type { RequestContext } from "../request-context.ts";
import { singleParameter } from "../request-target.ts";
import { sendJson } from "../respond.ts";
import type { Route } from "../route.ts";
import { TTL_OUT } from "../wire-schemas.ts";
import { toWireTtl, toWireValue, type WireValue } from "../wire-value.ts";

const DEFAULT_LIMIT_BYTES = 16_384;
const MAX_LIMIT_BYTES = 1_048_576;

const WHOLE = { type: "integer", minimum: 0 };
const TEXT = { type: "string" };
const TRUTH = { type: "boolean" };

/** An entry for people who look at it: however large the value is, only its beginning is sent. */
export const PREVIEW_ROUTE: Route = {
  method: "GET",
  path: "/v1/keys/:key/preview",
  summary: "Look at a value: its beginning as text, what it is, how large, and all that is known about it.",
  role: "read",
  query: {
    limit: {
      description: `Most bytes of the value to send; default: ${DEFAULT_LIMIT_BYTES}.`,
      schema: { type: "integer", minimum: 1, maximum: MAX_LIMIT_BYTES },
    },
  },
  answers: {
    200: {
      description: "The beginning: JSON text, decimal text of a bigint, or bytes in base64.",
      content: {
        "application/json": objectSchema({
          key: TEXT,
          type: { enum: ["json", "bytes", "bigint"] },
          shape: TEXT,
          exact: TRUTH,
          version: WHOLE,
          ttl: TTL_OUT,
          tags: { type: "array", items: TEXT },
          tier: TEXT,
          sizeBytes: WHOLE,
          isCut: TRUTH,
          text: TEXT,
        }),
      },
    },
  },
  problems: [404, 422],
  handle: sendPreview,
};

/** O(size of the value): its JSON is what says how large it is. */
async function sendPreview({ cache, parameters, query, response, signal }: RequestContext): Promise<void> {
  const limitBytes = readLimit(singleParameter(query, "limit"));
  const key = parameters["key"] as string;
  const entry = await cache.getEntry(key, { signal });
  if (entry === undefined) throw new HttpProblem(404, "There is no live entry under this key.");
  const wire = toWireValue(entry.value);
  const bytes = bytesOf(wire);
  const shown = bytes.subarray(0, limitBytes);
  sendJson(response, 200, {
    key,
    type: wire.kind,
    shape: shapeOf(entry.value),
    exact: wire.exact,
    version: entry.version,
    ttl: toWireTtl(entry.ttl),
    tags: entry.tags,
    tier: entry.tier,
    sizeBytes: bytes.byteLength,
    isCut: shown.byteLength < bytes.byteLength,
    // A character that the limit divides is left out.
    text: wire.kind === "bytes" ? shown.toString("base64") : new TextDecoder().decode(shown, { stream: true }),
  });
}

function bytesOf({ kind, value }: WireValue): Buffer {
  if (kind !== "bytes") return Buffer.from(kind === "bigint" ? String(value) : JSON.stringify(value));
  const { buffer, byteOffset, byteLength } = value as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** What a value is, in a word or two: `string`, `array of 3`, `object with 2 fields`, `Date`. */
function shapeOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  if (Array.isArray(value)) return `array of ${value.length}`;
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  if (prototype !== null && prototype !== Object.prototype) {
    const name = prototype.constructor?.name;
    if (typeof name === "string" && name !== "") return name;
  }
  const fieldCount = Object.keys(value).length;
  return `object with ${fieldCount} ${fieldCount === 1 ? "field" : "fields"}`;
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT_BYTES;
  const limitBytes = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : Number.NaN;
  if (limitBytes <= MAX_LIMIT_BYTES) return limitBytes;
  throw new HttpProblem(400, `limit must be a whole number of bytes from 1 to ${MAX_LIMIT_BYTES}.`);
}
