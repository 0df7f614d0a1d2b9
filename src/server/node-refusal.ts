import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { ERROR_CODES, type ErrorCode } from "../foundation/error-codes.ts";
import { GocachexError, NodeError } from "../foundation/errors.ts";

/** What to do about a refusal of who asks, by the status of the answer. */
const ACCESS_REMEDIES: Readonly<Record<number, string>> = {
  401: "Give its token with --token-file FILE, or in GOCACHEX_NODE_TOKEN.",
  403: "Use a token, or a certificate, that may do this.",
};

/**
 * The error of an answer with an error status. Its cause is the error that the node had, when it named a known code. Reads the whole
 * answer.
 *
 * @returns `GCX_NODE_ACCESS` for who may not ask, `GCX_NODE_REQUEST` for everything else
 */
export async function refusalOf(response: IncomingMessage): Promise<NodeError> {
  const status = response.statusCode as number;
  const body = await text(response).catch(() => "");
  const { code, detail } = parseProblem(body);
  const message = detail ?? wordsOf(status);
  const remedy = ACCESS_REMEDIES[status];
  // A 403 may also be for the name that the node was asked by.
  const isAccess = status === 401 || detail === undefined || detail.includes("the role");
  if (remedy !== undefined && isAccess)
    return new NodeError("GCX_NODE_ACCESS", `The node refuses: ${message} ${remedy}`);
  const isNamed = code !== undefined && code !== "GCX_NODE_REQUEST" && Object.hasOwn(ERROR_CODES, code);
  const options = isNamed ? { cause: new GocachexError(code as ErrorCode, message) } : undefined;
  return new NodeError("GCX_NODE_REQUEST", message, options);
}

/** Answers to HEAD have no body, and those of other servers none that is known. */
function wordsOf(status: number): string {
  if (status === 401) return "the token is missing or not valid.";
  if (status === 403) return "the token may not do this.";
  return `The node answered with HTTP status ${status}. Is it a gocachex node?`;
}

function parseProblem(body: string): { readonly code?: string; readonly detail?: string } {
  try {
    const { code, detail } = JSON.parse(body) as Record<string, unknown>;
    return {
      ...(typeof code === "string" ? { code } : {}),
      ...(typeof detail === "string" ? { detail } : {}),
    };
  } catch {
    return {};
  }
}
