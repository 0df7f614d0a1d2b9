import type { Duration } from "../../foundation/duration.ts";
import type { FieldTable } from "../field.ts";
import { CREDENTIAL, NAME, PATH, TIMEOUT } from "../field-limits.ts";
import { WEIGHTED_ADDRESS } from "../text-pattern.ts";

/** Settings of Memcached. */
export interface MemcachedConfig {
  /**
   * Addresses of the servers. Keys are spread over them by consistent hashing; a server of weight 2 gets twice as many
   * as one of weight 1. Default: `["localhost:11211"]`. Range: a list of texts, each an address such as
   * "localhost:11211", with a weight from 1 to 9999 if you like: "localhost:11211 2".
   */
  readonly servers?: readonly string[] | undefined;
  /**
   * How long connecting, sending or receiving may take, each. Default: `"100ms"`. Range: a duration from "1ms" to
   * "10m".
   */
  readonly timeout?: Duration | undefined;
  /**
   * How many unused connections are kept open to each server. Default: `2`. Range: a whole number from 1 to 10000.
   */
  readonly maxIdleConns?: number | undefined;
  /** User at the servers. Needs `password`. Default: none. Range: a text of 1 to 1024 characters. */
  readonly username?: string | undefined;
  /**
   * Password of the user. Needs `username`. Default: none. Range: a text of 1 to 65536 characters.
   */
  readonly password?: string | undefined;
  /** Whether connections are encrypted. Default: `false`. */
  readonly tls?: boolean | undefined;
  /**
   * Whether the servers' certificates are taken without a check. For tests only. Needs `tls`. Default: `false`.
   */
  readonly tlsSkipVerify?: boolean | undefined;
  /**
   * File with the certificates (PEM) that the servers' are checked against. Needs `tls`. Default: the platform's.
   * Range: a text of 1 to 4096 characters.
   */
  readonly caFile?: string | undefined;
  /**
   * File with the client's certificate (PEM). Needs `tls` and `keyFile`. Default: none. Range: a text of 1 to 4096
   * characters.
   */
  readonly certFile?: string | undefined;
  /**
   * File with the client's private key (PEM). Needs `certFile`. Default: none. Range: a text of 1 to 4096 characters.
   */
  readonly keyFile?: string | undefined;
  /**
   * Name that the servers' certificates must carry. Needs `tls`. Default: the host that is connected to. Range: a text
   * of 1 to 1024 characters.
   */
  readonly serverName?: string | undefined;
}

/** Rows of the section `memcached`. */
export const MEMCACHED_FIELDS: FieldTable<MemcachedConfig> = {
  servers: {
    kind: "text-list",
    doc: "Addresses of the servers. Keys are spread over them by consistent hashing; a server of weight 2 gets twice as many as one of weight 1.",
    default: ["localhost:11211"],
    maxLength: 1_000,
    pattern: WEIGHTED_ADDRESS,
  },
  timeout: {
    ...TIMEOUT,
    doc: "How long connecting, sending or receiving may take, each.",
    default: "100ms",
  },
  maxIdleConns: {
    kind: "integer",
    doc: "How many unused connections are kept open to each server.",
    default: 2,
    min: 1,
    max: 10_000,
  },
  username: { ...NAME, doc: "User at the servers. Needs `password`.", defaultDoc: "none" },
  password: {
    ...CREDENTIAL,
    doc: "Password of the user. Needs `username`.",
    defaultDoc: "none",
    secret: true,
  },
  tls: { kind: "boolean", doc: "Whether connections are encrypted.", default: false },
  tlsSkipVerify: {
    kind: "boolean",
    doc: "Whether the servers' certificates are taken without a check. For tests only. Needs `tls`.",
    default: false,
    switchedBy: "tls",
  },
  caFile: {
    ...PATH,
    doc: "File with the certificates (PEM) that the servers' are checked against. Needs `tls`.",
    defaultDoc: "the platform's",
    switchedBy: "tls",
  },
  certFile: {
    ...PATH,
    doc: "File with the client's certificate (PEM). Needs `tls` and `keyFile`.",
    defaultDoc: "none",
    switchedBy: "tls",
  },
  keyFile: {
    ...PATH,
    doc: "File with the client's private key (PEM). Needs `certFile`.",
    defaultDoc: "none",
    switchedBy: "tls",
  },
  serverName: {
    ...NAME,
    doc: "Name that the servers' certificates must carry. Needs `tls`.",
    defaultDoc: "the host that is connected to",
    switchedBy: "tls",
  },
};
