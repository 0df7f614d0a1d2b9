import type { IncomingMessage } from "node:http";
import { assertJsonDepth } from "./json-value.ts";
import { HttpProblem } from "./problem.ts";
import type { UploadBudget } from "./upload-budget.ts";

/** What a request body is: a JSON document or bytes. */
export type RequestBodyKind = "json" | "bytes";

/** How much of a body that is too large is read and thrown away, so that the sender gets to read the 413. */
const DISCARD_LIMIT_BYTES = 64 * 1024 * 1024;

const CONTENT_TYPES: Readonly<Record<string, RequestBodyKind>> = {
  "application/json": "json",
  "application/octet-stream": "bytes",
};

/**
 * What the body is, by its `Content-Type`. A page of another origin can send neither type without asking first, and
 * the node never agrees: this keeps browsers from writing behind their user's back. A request without a body needs the
 * header too: a form of another site can send one without.
 *
 * @throws HttpProblem 415 for any other type, none, another charset than UTF-8, or a content encoding
 */
export function bodyKindOf(request: IncomingMessage, allowed: readonly RequestBodyKind[]): RequestBodyKind {
  const [type = "", ...parameters] = (request.headers["content-type"] ?? "")
    .split(";")
    .map((part) => part.trim().toLowerCase());
  const kind = Object.hasOwn(CONTENT_TYPES, type) ? CONTENT_TYPES[type] : undefined;
  if (kind === undefined || !allowed.includes(kind)) {
    const names = Object.keys(CONTENT_TYPES).filter((name) => allowed.includes(CONTENT_TYPES[name] as RequestBodyKind));
    const words = hasBody(request)
      ? `Send the body with Content-Type ${names.join(" or ")}.`
      : `Send the header Content-Type: ${names.join(" or ")}, also without a body: it shows that no other site's page is asking.`;
    throw new HttpProblem(415, words, { Accept: names.join(", ") });
  }
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset))
    throw new HttpProblem(415, "The body must be UTF-8.");
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new HttpProblem(415, "Send the body without a Content-Encoding.");
  }
  return kind;
}

/** Whether the head of a request announces a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Reads a whole body. A declared length is trusted for the size of the buffer only: its pages take memory when bytes come for them.
 *
 * @param maxBodyBytes most bytes that are kept
 * @param uploads room that all bodies share while they come in
 * @throws HttpProblem 413 when it is larger; 503 when other bodies take all the room; 400 when the sender breaks off
 */
export async function readBody(request: IncomingMessage, maxBodyBytes: number, uploads: UploadBudget): Promise<Buffer> {
  const declaredBytes = Number(request.headers["content-length"] ?? 0);
  if (declaredBytes > maxBodyBytes + DISCARD_LIMIT_BYTES) throw tooLarge(maxBodyBytes);
  const body = new BodyBuffer(declaredBytes <= maxBodyBytes ? declaredBytes : 0);
  let sizeBytes = 0;
  let takenBytes = 0;
  try {
    // Breaking off must not destroy the request: its socket carries the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maxBodyBytes + DISCARD_LIMIT_BYTES) break;
      if (sizeBytes > maxBodyBytes) {
        body.clear();
        continue;
      }
      if (!uploads.take(chunk.byteLength)) throw noRoom();
      takenBytes += chunk.byteLength;
      body.add(chunk);
    }
  } catch (error) {
    if (error instanceof HttpProblem) throw error;
    throw new HttpProblem(400, "The request ended before its body was complete.");
  } finally {
    uploads.release(takenBytes);
  }
  if (sizeBytes > maxBodyBytes) throw tooLarge(maxBodyBytes);
  return body.take();
}

/** Bytes as they come in: in one buffer where the length is known before, so that a large value is never there twice. */
class BodyBuffer {
  readonly #declaredBytes: number;
  #whole: Buffer | undefined;
  #filledBytes = 0;
  #chunks: Buffer[] = [];

  constructor(declaredBytes: number) {
    this.#declaredBytes = declaredBytes;
  }

  add(chunk: Buffer): void {
    if (this.#declaredBytes === 0) {
      this.#chunks.push(chunk);
      return;
    }
    // Not of the shared pool, nor the buffer that was read into: a small value would keep all of it alive.
    this.#whole ??= Buffer.allocUnsafeSlow(this.#declaredBytes);
    this.#filledBytes += chunk.copy(this.#whole, this.#filledBytes);
  }

  clear(): void {
    this.#chunks = [];
    this.#whole = undefined;
  }

  take(): Buffer {
    return this.#whole?.subarray(0, this.#filledBytes) ?? Buffer.concat(this.#chunks);
  }
}

function noRoom(): HttpProblem {
  return new HttpProblem(503, "Bodies of other requests take all the room (the node's maxUploadBytes). Try again.", {
    Connection: "close",
    "Retry-After": "1",
  });
}

function tooLarge(maxBodyBytes: number): HttpProblem {
  return new HttpProblem(413, `The body may have up to ${maxBodyBytes} bytes (the node's maxBodyBytes).`, {
    Connection: "close",
  });
}

/**
 * Reads bytes as a JSON document.
 *
 * @throws HttpProblem 400 when they are not UTF-8 or not JSON; SerializationError when it is nested too deeply
 */
export function parseJson(body: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new HttpProblem(400, "The body is not a JSON document in UTF-8.");
  }
  assertJsonDepth(value);
  return value;
}

/**
 * Reads bytes as a JSON object with the given fields; nothing at all counts as `{}`.
 *
 * @throws HttpProblem 400 when it is something else or has other fields
 */
export function parseJsonObject(body: Uint8Array, fields: readonly string[]): Readonly<Record<string, unknown>> {
  const value = body.byteLength === 0 ? {} : parseJson(body);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new HttpProblem(400, "The body must be a JSON object.");
  for (const name of Object.keys(value)) {
    if (fields.includes(name)) continue;
    const known = fields.length === 0 ? "none" : fields.join(", ");
    throw new HttpProblem(400, `Unknown field ${JSON.stringify(name.slice(0, 40))} in the body. Known here: ${known}.`);
  }
  return value as Readonly<Record<string, unknown>>;
}
