import { tokenHeaders } from "./access-token.ts";

/** A refusal or failure of the node, or of the way to it (`status` 0). */
export class NodeProblem extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** What is sent beside method and path. */
export interface NodeRequest {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON text. */
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/**
 * Asks the node.
 *
 * @throws NodeProblem for every answer that is no success, with the node's own words
 */
export async function askNode(path: string, request: NodeRequest = {}): Promise<Response> {
  const { method = "GET", headers = {}, body, signal } = request;
  const sent = {
    ...tokenHeaders(),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...headers,
  };
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: sent,
      cache: "no-store",
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new NodeProblem(0, "The node cannot be reached.");
  }
  if (response.ok) return response;
  throw new NodeProblem(response.status, await detailOf(response));
}

async function detailOf(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { detail?: unknown };
    if (typeof problem.detail === "string") return problem.detail;
  } catch {
    // Something between the page and the node has answered in its own words.
  }
  return `The node answered ${response.status} ${response.statusText}.`.replace(" .", ".");
}

/** What to tell a person of a failure. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A path of the API for one key, or for all, in a namespace. */
export function apiPath(path: string, namespace: string, query: Readonly<Record<string, string>> = {}): string {
  const parameters = new URLSearchParams(query);
  if (namespace !== "") parameters.set("namespace", namespace);
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** The path of one key; what follows it may be `"/preview"`. */
export function keyPath(key: string, rest = ""): string {
  return `/v1/keys/${encodeURIComponent(key)}${rest}`;
}
