import { HttpProblem, problemOf } from "../problem.ts";
import type { RequestContext } from "../request-context.ts";
import { type RequestQuery, singleParameter } from "../request-target.ts";
import { beginBody } from "../respond.ts";
import type { Route } from "../route.ts";
import { writeWithBackpressure } from "../stream-body.ts";

/** The keys as newline-delimited JSON, one `{"key": …}` a line; a last line `{"error": …}` when the listing broke off. */
export const LIST_ROUTE: Route = {
  method: "GET",
  path: "/v1/keys",
  summary: "List keys, one a line.",
  role: "read",
  query: {
    prefix: { description: "Only keys that begin with it.", schema: { type: "string" } },
    limit: { description: "Most keys.", schema: { type: "integer", minimum: 1 } },
  },
  answers: {
    200: {
      description: 'Lines of {"key": …}; the last is {"error": …} when the store failed in the middle.',
      content: { "application/x-ndjson": { type: "string" } },
    },
  },
  problems: [501],
  handle: listKeys,
};

/** Lines are sent in pieces of about this size: a write per key would cost more than the listing. */
const PIECE_LENGTH = 16_384;

async function listKeys({ cache, request, response, query, signal, services }: RequestContext): Promise<void> {
  const limit = readLimit(query);
  const prefix = singleParameter(query, "prefix");
  const keys = cache.keys({ signal, ...(prefix === undefined ? {} : { prefix }) })[Symbol.asyncIterator]();
  try {
    // The first key is asked for before anything is sent, so that a store that cannot list answers with its error.
    let next = await keys.next();
    beginBody(response, 200, "application/x-ndjson", undefined);
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    let piece = "";
    for (let count = 0; next.done !== true && count < limit; count += 1) {
      piece += `${JSON.stringify({ key: next.value })}\n`;
      if (piece.length >= PIECE_LENGTH) {
        await writeWithBackpressure(response, piece, services.options.stallTimeoutMs);
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

function readLimit(query: RequestQuery): number {
  const text = singleParameter(query, "limit");
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new HttpProblem(400, "limit must be a whole number of at least 1.");
  return Number(text);
}
