import type { BackoffBounds } from "../../foundation/backoff.ts";
import type { TlsSettings } from "../tls-settings.ts";

/** Who the client is at a server. */
export interface RedisCredentials {
  /** `undefined`: the server's `default` user. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /**
   * When the password ends, wall-clock ms. Before that, new ones are asked for and given to every open connection. Default: never; then
   * they are asked for at each connection only.
   */
  readonly expiresAtMs?: number | undefined;
}

/** Where the servers are. */
export type RedisTopologySettings =
  | { readonly kind: "standalone"; readonly address: string }
  | {
      readonly kind: "sentinel";
      /** Name of the primary that the sentinels watch. */
      readonly name: string;
      readonly addresses: readonly string[];
      /** At the sentinels, which have accounts of their own. */
      readonly credentials: RedisCredentials;
    }
  | {
      readonly kind: "cluster";
      /** Some of its nodes; the others are learned. */
      readonly addresses: readonly string[];
      /** How often a command follows a key that moved. */
      readonly maxRedirects: number;
      /** Where reads go: the primary, any replica, the node that answers fastest, or one at random (the last two may be the primary). */
      readonly readFrom: "primary" | "replica" | "nearest" | "random";
    };

/** All that a client is told, with units settled. Addresses as `server-address.ts` takes them. */
export interface RedisSettings {
  /** Name of the store, for messages. */
  readonly name: string;
  readonly topology: RedisTopologySettings;
  /** A function is asked at each connection, so that tokens that expire are renewed. */
  readonly credentials: RedisCredentials | (() => Promise<RedisCredentials> | RedisCredentials);
  readonly db: number;
  /** Most connections to one server. */
  readonly poolSize: number;
  readonly dialTimeoutMs: number;
  /** From the moment a command was handed to the socket until its reply. */
  readonly readTimeoutMs: number;
  /** How long a command may wait to be handed to the socket's buffer once it has a connection. */
  readonly writeTimeoutMs: number;
  /** How long a command may wait for a connection with room. */
  readonly poolTimeoutMs: number;
  /** After how long without use a connection beyond the first is closed; `Infinity`: never. */
  readonly idleTimeoutMs: number;
  /** How often unused connections are looked for; `Infinity`: never. */
  readonly idleCheckMs: number;
  /** How often a call that may be sent again is sent again. */
  readonly maxRetries: number;
  /** Pauses between repetitions, and between attempts to reconnect. */
  readonly retryBackoff: BackoffBounds;
  readonly tls: TlsSettings | undefined;
}
