import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { problemDetails } from "./problem.ts";

const ANSWERS: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "The request line and headers are too long."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "The chunk extensions are too long."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request was not sent in time."],
};

/**
 * Answers bytes that are no HTTP request. There is no response object then, so the answer is written by hand; the
 * connection ends after it, because where the next request would begin is unknown.
 */
export function answerClientError(error: Error, socket: Duplex): void {
  const code = (error as NodeJS.ErrnoException).code;
  // `bytesWritten`: an answer to an earlier request has begun; a second one in its middle would corrupt it.
  const hasAnswered = "bytesWritten" in socket && (socket.bytesWritten as number) > 0;
  if (code === "ECONNRESET" || !socket.writable || hasAnswered) {
    socket.destroy();
    return;
  }
  const [status, detail] = ANSWERS[code ?? ""] ?? [400, "This is not a valid HTTP request."];
  const body = JSON.stringify(problemDetails(status, "GCX_NODE_REQUEST", detail));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
