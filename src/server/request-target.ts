import { HttpProblem } from "./problem.ts";

/** A request's path and query, decoded. */
export interface RequestTarget {
  /** The path's segments, percent-decoded: `/v1/keys/a%2Fb` is `["v1", "keys", "a/b"]`. */
  readonly segments: readonly string[];
  /** The query's parameters, decoded; a repeated one has several values. */
  readonly query: RequestQuery;
}

/** Decoded query parameters by name. */
export type RequestQuery = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a request target. The platform's `URL` is not used: it would take `..` in a key for a step up.
 *
 * @throws HttpProblem 400 for anything but an absolute path, and for malformed percent-encoding
 */
export function parseRequestTarget(url: string): RequestTarget {
  if (!url.startsWith("/")) throw new HttpProblem(400, "The request target must be a path that begins with /.");
  const queryAt = url.indexOf("?");
  return {
    segments: splitPath(url, queryAt === -1 ? url.length : queryAt),
    query: queryAt === -1 ? NO_QUERY : parseQuery(url.slice(queryAt + 1)),
  };
}

const NO_QUERY: RequestQuery = new Map();

function parseQuery(text: string): RequestQuery {
  const query = new Map<string, string[]>();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equalsAt = pair.indexOf("=");
    const name = decodeQueryPart(equalsAt === -1 ? pair : pair.slice(0, equalsAt));
    const value = equalsAt === -1 ? "" : decodeQueryPart(pair.slice(equalsAt + 1));
    const values = query.get(name);
    if (values === undefined) query.set(name, [value]);
    else values.push(value);
  }
  return query;
}

function decodeQueryPart(text: string): string {
  return decodePart(text.replaceAll("+", " "));
}

/** Splits and decodes what comes before `endAt`. By hand: the platform's `split` takes as long as all else that is done with a target. */
function splitPath(url: string, endAt: number): string[] {
  const segments: string[] = [];
  let startAt = 1;
  for (;;) {
    const slashAt = url.indexOf("/", startAt);
    const isLast = slashAt === -1 || slashAt >= endAt;
    const segment = url.slice(startAt, isLast ? endAt : slashAt);
    // Most are words of the API: to decode one costs more than to look whether there is anything to decode.
    segments.push(segment.includes("%") ? decodePart(segment) : segment);
    if (isLast) return segments;
    startAt = slashAt + 1;
  }
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpProblem(
      400,
      "The request target has malformed percent-encoding. Encode keys as UTF-8, for example with encodeURIComponent.",
    );
  }
}

/**
 * The value of a parameter that may be given once, or `undefined`.
 *
 * @throws HttpProblem 400 when it is repeated
 */
export function singleParameter(query: RequestQuery, name: string): string | undefined {
  const values = query.get(name);
  if (values !== undefined && values.length > 1)
    throw new HttpProblem(400, `The query parameter "${name}" may be given once.`);
  return values?.[0];
}

/**
 * Refuses parameters that a route does not know, so that a misspelt one is not taken for a write without it.
 *
 * @throws HttpProblem 400
 */
export function assertKnownParameters(query: RequestQuery, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (known.includes(name)) continue;
    throw new HttpProblem(
      400,
      `Unknown query parameter ${JSON.stringify(name.slice(0, 40))}. Known here: ${known.join(", ")}.`,
    );
  }
}
