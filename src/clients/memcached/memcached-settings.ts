import type { TlsSettings } from "../tls-settings.ts";

/** All that a client of one server is told, with units settled. */
export interface MemcachedSettings {
  /** Name of the store, for messages. */
  readonly name: string;
  /** As `server-address.ts` takes it. */
  readonly address: string;
  /** How long connecting may take, how long a request may wait to be sent, and how long its answer may take, each. */
  readonly timeoutMs: number;
  /** Connections that are kept open when they are not used; more are opened under load. */
  readonly maxIdleConnections: number;
  /** ASCII authentication (`-Y` of the server). */
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  readonly tls: TlsSettings | undefined;
}
