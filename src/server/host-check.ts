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
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === "host").length;
}

/** Whether an `Origin` header is a page served by this machine. `null` (a sandboxed page, a file) is not. */
export function isLoopbackOrigin(origin: string): boolean {
  const match = /^https?:\/\/(.+)$/i.exec(origin);
  return match !== null && isLoopbackHostHeader(match[1]);
}
