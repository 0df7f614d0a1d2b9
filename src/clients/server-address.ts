/** Where a server listens. */
export type ServerAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/**
 * Takes an address apart: `host:port`, `[ipv6]:port`, `:port` (this machine), or the path of a Unix socket.
 *
 * @throws TypeError for anything else; configurations are checked before
 */
export function parseServerAddress(text: string): ServerAddress {
  if (text.startsWith("/")) return { kind: "unix", path: text };
  const colon = text.lastIndexOf(":");
  const port = Number(text.slice(colon + 1));
  if (colon < 0 || !Number.isInteger(port)) throw new TypeError(`"${text}" is no address of a server.`);
  const host = text.slice(0, colon).replace(/^\[|\]$/g, "");
  return { kind: "tcp", host: host === "" ? "localhost" : host, port };
}

/** The address as one text, for messages and labels. */
export function formatServerAddress(address: ServerAddress): string {
  if (address.kind === "unix") return address.path;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
