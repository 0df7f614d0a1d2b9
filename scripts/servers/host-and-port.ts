/** Where a server listens. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `[::1]:port`, `host`, or a URL such as `redis://host:port`.
 *
 * @throws Error when the text names no host
 */
export function parseHostAndPort(text: string, defaultPort: number): HostAndPort {
  const url = new URL(text.includes("://") ? text : `tcp://${text}`);
  if (url.hostname === "") throw new Error(`"${text}" names no host. Write host:port.`);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? defaultPort : Number(url.port),
  };
}
