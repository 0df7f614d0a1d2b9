import { STATUS_CODES } from "node:http";

/** A request that cannot be answered as asked; becomes a JSON problem (RFC 9457) with this status. */
export class HttpProblem extends Error {
  /**
   * @param {number} status
   * @param {string} detail what is wrong, for the caller
   * @param {Record<string, string>} [headers]
   */
  constructor(status, detail, headers = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

/** Answers with a body; a HEAD request gets the headers alone (Node drops the body by itself). */
export function sendText(response, status, contentType, text, headers = {}) {
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(text);
}

/** Answers with JSON. */
export function sendJson(response, status, value, headers) {
  sendText(response, status, "application/json; charset=utf-8", JSON.stringify(value), headers);
}

/** Answers with what went wrong. Details of unexpected errors stay on the server. */
export function sendProblem(response, error) {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const isExpected = error instanceof HttpProblem;
  const isClosing = error?.code === "GCX_CACHE_CLOSED";
  const status = isExpected ? error.status : isClosing ? 503 : 500;
  const detail = isExpected ? error.message : isClosing ? "The node is shutting down." : "The page could not be built.";
  if (status === 500) console.error("storefront:", error);
  sendText(
    response,
    status,
    "application/problem+json; charset=utf-8",
    JSON.stringify({ type: "about:blank", title: STATUS_CODES[status], status, detail }),
    isExpected ? error.headers : {},
  );
}

/**
 * Reads a small JSON body.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {number} limitBytes
 * @returns {Promise<unknown>}
 * @throws {HttpProblem} 400, 413 or 415
 */
export async function readJson(request, limitBytes) {
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
    throw new HttpProblem(415, "Send the body as application/json.");
  }
  const chunks = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes)
      throw new HttpProblem(413, `The body may have up to ${limitBytes} bytes.`, { connection: "close" });
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new HttpProblem(400, "The body is not valid JSON.");
  }
}
