import type { ServerResponse } from "node:http";

/** Headers as the platform writes them fastest: names and values in turn. */
export type HeaderList = readonly (string | number)[];

/** A cache of the cache would be stale. */
const NOT_STORED: HeaderList = ["Cache-Control", "no-store"];

/** What keeps browsers from guessing, embedding or sharing an answer. */
const SECURITY_HEADERS: HeaderList = [
  "Cross-Origin-Resource-Policy",
  "same-origin",
  "Referrer-Policy",
  "no-referrer",
  "X-Content-Type-Options",
  "nosniff",
];

/** Headers of every answer of the API: nothing in it may run, load or be framed. */
const API_HEADERS: HeaderList = [
  ...NOT_STORED,
  ...SECURITY_HEADERS,
  "Content-Security-Policy",
  "default-src 'none'; frame-ancestors 'none'",
];

/** Headers of pages: only files of this node run, and they ask only this node. */
const PAGE_HEADERS: HeaderList = [
  ...SECURITY_HEADERS,
  "Cross-Origin-Opener-Policy",
  "same-origin",
  "Cross-Origin-Embedder-Policy",
  "require-corp",
  "Content-Security-Policy",
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
];

/** Bytes up to here are sent in one piece with the headers: copying them is cheaper than a second write. */
const MAX_INLINE_BYTES = 4_096;

const NO_HEADERS: HeaderList = [];

/** Answers with bytes, or with text as UTF-8. The platform leaves the body out by itself for HEAD. */
export function sendBody(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Uint8Array,
  headers: HeaderList = NO_HEADERS,
): void {
  const isText = typeof body === "string";
  const sizeBytes = isText ? Buffer.byteLength(body) : body.byteLength;
  response.writeHead(status, headersOf(API_HEADERS, contentType, sizeBytes, headers));
  if (sizeBytes > MAX_INLINE_BYTES) response.end(body);
  else if (isText) endAtOnce(response, body, "utf8");
  else endAtOnce(response, latin1Of(body), "latin1");
}

/**
 * Sends head and body in one write. `end` with a body makes two of them, the second one empty, which the platform then gathers into a third; that costs more than all else of a small answer.
 */
function endAtOnce(response: ServerResponse, text: string, encoding: "utf8" | "latin1"): void {
  const { socket } = response;
  // Without a socket it is the turn of another answer of the connection. What cannot leave at once is left to the platform.
  if (socket === null || socket.destroyed || response.req.method === "HEAD" || text === "") {
    response.end(text, encoding);
    return;
  }
  socket.cork();
  response.write(text, encoding);
  socket.uncork();
  response.end();
}

/** Begins an answer whose body follows. @param sizeBytes undefined: it is sent in chunks */
export function beginBody(
  response: ServerResponse,
  status: number,
  contentType: string,
  sizeBytes: number | undefined,
  headers: HeaderList = NO_HEADERS,
): void {
  response.writeHead(status, headersOf(API_HEADERS, contentType, sizeBytes, headers));
}

/** Answers without a body. */
export function sendEmpty(response: ServerResponse, status: number, headers: HeaderList): void {
  response.writeHead(status, [...API_HEADERS, ...headers]);
  response.end();
}

/** Answers with a JSON document. */
export function sendJson(response: ServerResponse, status: number, value: unknown, headers?: HeaderList): void {
  sendBody(response, status, "application/json", JSON.stringify(value), headers);
}

/** Answers with plain text. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  sendBody(response, status, "text/plain; charset=utf-8", text);
}

/** A page or a file of one. */
export interface PageFile {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly entityTag: string;
}

/**
 * Answers with a page or a file of one, under a policy that lets files of this node run and nothing else.
 *
 * @param cacheControl for how long browsers may keep it
 * @param isKnown whether the client has it already: then it is told so, with 304
 */
export function sendPage(
  response: ServerResponse,
  { contentType, bytes, entityTag }: PageFile,
  cacheControl: string,
  isKnown: boolean,
): void {
  const headers = [...PAGE_HEADERS, "Cache-Control", cacheControl, "ETag", entityTag];
  if (isKnown) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  response.writeHead(200, headersOf(headers, contentType, bytes.byteLength, NO_HEADERS));
  response.end(bytes);
}

function headersOf(
  base: HeaderList,
  contentType: string,
  sizeBytes: number | undefined,
  more: HeaderList,
): (string | number)[] {
  // In one step: a list that grows is made anew each time.
  return sizeBytes === undefined
    ? [...base, "Content-Type", contentType, ...more]
    : [...base, "Content-Type", contentType, "Content-Length", sizeBytes, ...more];
}

function latin1Of(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString("latin1");
}
