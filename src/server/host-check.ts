import type { IncomingMessage } from "node:http";
import { HttpProblem } from "./problem.ts";

const LOOPBACK_IPV4 = /^127(?:\.(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])){3}$/;
const PORT = /^:\d{1,5}$/;

/** Whether a name or address (without port) always means this machine: `localhost`, `127.0.0.0/8`, `::1`. */
export function isLoopbackName(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === "localhost" || lower === "::1" || lower === "[::1]" || LOOPBACK_IPV4.test(lower);
}

/**
 * Whether a `Host` header names this machine, whatever the port.
 *
 * A page on the web can point its own domain at 127.0.0.1 (DNS rebinding) and would then be same-origin with the node;
 * but the browser still sends the page's own name in `Host`, so refusing every other name closes that door.
 */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  if (header === undefined) return false;
  const portAt = header.startsWith("[") ? header.indexOf("]") + 1 : header.indexOf(":");
  if (portAt <= 0) return isLoopbackName(header) && header.toLowerCase() !== "::1";
  const name = header.slice(0, portAt);
  const port = header.slice(portAt);
  return isLoopbackName(name) && (port === "" || PORT.test(port));
}

/** How many `Host` headers a request has. The platform's `headers` keeps the first and says nothing of the others. */
export function countHostHeaders(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count;
}

/** Whether an `Origin` header is a page served by this machine. `null` (a sandboxed page, a file) is not. */
export function isLoopbackOrigin(origin: string): boolean {
  const match = /^https?:\/\/(.+)$/i.exec(origin);
  return match !== null && isLoopbackHostHeader(match[1]);
}

/** The `Host` header that was looked at last and found to be this machine: clients send the same one over and over. */
let lastLoopbackHost: string | undefined;

/**
 * Refuses what did not mean to ask this node.
 *
 * @param isAnyHost whether every name will do: callers prove who they are, which no page of somebody else can
 * @throws HttpProblem 400 for none or several `Host` headers, 403 for another machine's
 */
export function assertHost({ headers, rawHeaders }: IncomingMessage, isAnyHost: boolean): void {
  const { host } = headers;
  if (host === undefined) throw new HttpProblem(400, "The request has no Host header.");
  // RFC 9112 §3.2: somebody in front of the node may have gone by the other one.
  if (countHostHeaders(rawHeaders) > 1) throw new HttpProblem(400, "The request has more than one Host header.");
  if (isAnyHost || host === lastLoopbackHost) return;
  if (!isLoopbackHostHeader(host)) {
    throw new HttpProblem(
      403,
      "This node answers to localhost, 127.0.0.0/8 and [::1] only. Use one of them as the host.",
    );
  }
  lastLoopbackHost = host;
}

/**
 * Refuses changes that a page of another machine asks for: one that is neither this node's own nor of this machine.
 *
 * @throws HttpProblem 403
 */
export function assertOrigin({ headers, method }: IncomingMessage): void {
  const { origin, host } = headers;
  if (origin === undefined || method === "GET" || method === "HEAD") return;
  if (isLoopbackOrigin(origin) || origin === `http://${host}` || origin === `https://${host}`) return;
  throw new HttpProblem(403, "Pages of other origins may not change this cache.");
}
