import type { ServerResponse } from "node:http";

/** Headers of every answer of the API. `no-store`: a cache of the cache would be stale; validators still work with it. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** Sets the headers that keep browsers from guessing, framing, storing or sharing an answer. */
export function applySecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
}

/** Answers with bytes. The platform leaves the body out by itself for HEAD. */
export function sendBody(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.statusCode = status;
  response.setHeader("Content-Type", contentType);
  response.setHeader("Content-Length", body.byteLength);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}

/** Answers with a JSON document. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendBody(response, status, "application/json", Buffer.from(JSON.stringify(value)));
}

/** Answers with plain text. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  sendBody(response, status, "text/plain; charset=utf-8", Buffer.from(text));
}
