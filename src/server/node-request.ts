import { once } from "node:events";
import { type Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { CarriedTrace } from "../events/carried-trace.ts";
import { NodeError, OutcomeUnknownError } from "../foundation/errors.ts";
import { describeTlsFailure, type OwnTls } from "./tls-failure.ts";

/** One request to a node. */
export interface NodeRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Whether sending it twice does the same as sending it once. */
  readonly repeatable: boolean;
}

/** Where and how requests are sent. */
export interface NodeConnection extends OwnTls {
  readonly host: string;
  readonly port: number;
  readonly agent: Agent;
  /** Shown with every request; `undefined`: none. */
  readonly token: string | undefined;
  /** Ends the call when aborted. */
  readonly signal: AbortSignal;
  /** Words for messages, for example `"5000 ms"`. */
  readonly timeoutText: string;
  /** The trace that requests are a part of. */
  readonly trace?: CarriedTrace | undefined;
}

/**
 * Sends a request and waits for the answer's head.
 *
 * A kept connection may have been closed by the node at the moment it is used again. What is repeatable is then sent
 * once more on a new one; a write that is not, and whose bytes may have left, is reported as of unknown outcome.
 *
 * @throws NodeError `GCX_NODE_UNREACHABLE`; OutcomeUnknownError
 */
export async function sendNodeRequest(connection: NodeConnection, sent: NodeRequest): Promise<IncomingMessage> {
  const first = await attempt(connection, sent);
  if (first.response !== undefined) return first.response;
  if (first.wasReused && sent.repeatable && !connection.signal.aborted) {
    const second = await attempt(connection, sent);
    if (second.response !== undefined) return second.response;
    throw requestError(connection, sent, second);
  }
  throw requestError(connection, sent, first);
}

interface Attempt {
  readonly response?: IncomingMessage;
  readonly error?: unknown;
  /** Whether the connection had carried an earlier request. */
  readonly wasReused: boolean;
  /** Whether there was a connection, so that bytes may have left. */
  readonly wasConnected: boolean;
}

async function attempt(connection: NodeConnection, sent: NodeRequest): Promise<Attempt> {
  let wasConnected = false;
  const { host, port, agent, signal, token, isEncrypted } = connection;
  const { method, path, body } = sent;
  const headers = {
    ...headersOf(connection.trace),
    ...sent.headers,
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "Content-Length": String(body.byteLength) }),
  };
  const send = isEncrypted ? httpsRequest : httpRequest;
  const request = send({ host, port, method, path, headers, agent, signal, maxHeaderSize: 1024 * 1024 });
  // A late error, after the answer, must not end the process; the body's reader sees it too.
  request.on("error", () => undefined);
  request.once("socket", (socket) => {
    if (request.reusedSocket) wasConnected = true;
    // Nothing of a request leaves before the node's certificate was checked.
    else socket.once(isEncrypted ? "secureConnect" : "connect", () => (wasConnected = true));
  });
  try {
    request.end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { response, wasReused: request.reusedSocket, wasConnected };
  } catch (error) {
    return { error, wasReused: request.reusedSocket, wasConnected };
  }
}

function headersOf(trace: CarriedTrace | undefined): Readonly<Record<string, string>> {
  if (trace === undefined) return {};
  const { traceparent, tracestate } = trace;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

function requestError(connection: NodeConnection, sent: NodeRequest, { error, wasConnected }: Attempt): Error {
  if (wasConnected && !sent.repeatable) return new OutcomeUnknownError("node", sent.method, { cause: error });
  return unreachable(connection, error);
}

/** The error of a node that does not answer. */
export function unreachable(connection: NodeConnection, cause: unknown): NodeError {
  const { host, port, signal, timeoutText } = connection;
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const what = signal.aborted ? `did not answer within ${timeoutText}` : "cannot be reached";
  const words =
    (signal.aborted ? undefined : describeTlsFailure(cause, connection)) ??
    `${what}. Start one with gocachex serve, name another with --node, or use a configuration with --config FILE`;
  return new NodeError("GCX_NODE_UNREACHABLE", `The node at ${where} ${words}.`, { cause });
}
