import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { HttpProblem, problemOf } from "../problem.ts";
import { type RequestQuery, singleParameter } from "../request-target.ts";
import type { Route, RouteContext } from "../route.ts";

/** The keys as newline-delimited JSON, one `{"key": …}` a line; a last line `{"error": …}` when the listing broke off. */
export const LIST_ROUTE: Route = { method: "GET", path: "/v1/keys", query: ["prefix", "limit"], handle: listKeys };

/** Lines are sent in pieces of about this size: a write per key would cost more than the listing. */
const PIECE_LENGTH = 16_384;

/** How long a client may leave its side of a full connection unread before it is cut. */
const STALLED_CLIENT_MS = 30_000;

async function listKeys({ cache, request, response, query, signal }: RouteContext): Promise<void> {
  const limit = readLimit(query);
  const prefix = singleParameter(query, "prefix");
  const keys = cache.keys({ signal, ...(prefix === undefined ? {} : { prefix }) })[Symbol.asyncIterator]();
  try {
    // The first key is asked for before anything is sent, so that a store that cannot list answers with its error.
    let next = await keys.next();
    response.writeHead(200, { "Content-Type": "application/x-ndjson" });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    let piece = "";
    for (let count = 0; next.done !== true && count < limit; count += 1) {
      piece += `${JSON.stringify({ key: next.value })}\n`;
      if (piece.length >= PIECE_LENGTH) {
        await writeWithBackpressure(response, piece, signal);
        piece = "";
      }
      // Not read past the limit: the store may have to work for the next key.
      if (count + 1 < limit) next = await keys.next();
    }
    response.end(piece);
  } catch (error) {
    if (!response.headersSent || signal.aborted) throw error;
    const { code, detail } = problemOf(error);
    response.end(`${JSON.stringify({ error: { code, message: detail } })}\n`);
  } finally {
    await keys.return?.();
  }
}

/** Sends a piece and waits while the client is slower than the store, so that a listing never piles up in memory. */
async function writeWithBackpressure(response: ServerResponse, piece: string, signal: AbortSignal): Promise<void> {
  if (response.write(piece)) return;
  const stalled = AbortSignal.timeout(STALLED_CLIENT_MS);
  try {
    await once(response, "drain", { signal: AbortSignal.any([signal, stalled]) });
  } catch (error) {
    response.destroy();
    throw error;
  }
}

function readLimit(query: RequestQuery): number {
  const text = singleParameter(query, "limit");
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new HttpProblem(400, "limit must be a whole number of at least 1.");
  return Number(text);
}
