import type { RedisCredentials } from "../../clients/redis/redis-settings.ts";
import type { Duration } from "../../foundation/duration.ts";
import type { FieldTable } from "../field.ts";
import { BACKOFF, CREDENTIAL, IDLE, NAME, PATH, TIMEOUT } from "../field-limits.ts";
import { ADDRESS, REDIS_URL } from "../text-pattern.ts";
import { REDIS_CLUSTER_FIELDS, type RedisClusterConfig } from "./redis-cluster-config.ts";
import { REDIS_SENTINEL_FIELDS, type RedisSentinelConfig } from "./redis-sentinel-config.ts";

/** Settings of Redis, Valkey and compatible servers. */
export interface RedisConfig {
  /**
   * Addresses of the servers: one, the nodes to shard over, or some nodes of a cluster. Excludes `url`. Default:
   * `["localhost:6379"]`. Range: a list of texts, each an address such as "localhost:6379", "[::1]:6379" or the path of
   * a Unix socket.
   */
  readonly addresses?: readonly string[] | undefined;
  /**
   * Address, user, password and database in one text, such as `redis://user@host:6379/0`; `rediss` is TLS. Excludes
   * `addresses`, `username`, `password` and `db`. Default: none. Range: a URL that begins with "redis://" or
   * "rediss://".
   */
  readonly url?: string | undefined;
  /**
   * User of the server's access control list. Default: the server's `default` user. Range: a text of 1 to 1024
   * characters.
   */
  readonly username?: string | undefined;
  /** Password of the user. Default: none. Range: a text of 1 to 65536 characters. */
  readonly password?: string | undefined;
  /**
   * Gives user and password whenever a connection is made, for tokens that expire: a function that returns
   * `{ username, password }`, or a promise of it. Excludes `username` and `password`. Default: none. Range: a function
   * (from code only).
   */
  readonly credentials?: (() => RedisCredentials | Promise<RedisCredentials>) | undefined;
  /**
   * Number of the database. A cluster has only 0. Default: `0`. Range: a whole number from 0 to 65535.
   */
  readonly db?: number | undefined;
  /**
   * How many connections are kept to each server at most. Default: `10`. Range: a whole number from 1 to 10000.
   */
  readonly poolSize?: number | undefined;
  /**
   * How long opening a connection may take. Default: `"5s"`. Range: a duration from "1ms" to "10m".
   */
  readonly dialTimeout?: Duration | undefined;
  /**
   * How long the answer to a command may take. Default: `"3s"`. Range: a duration from "1ms" to "10m".
   */
  readonly readTimeout?: Duration | undefined;
  /** How long sending a command may take. Default: `"3s"`. Range: a duration from "1ms" to "10m". */
  readonly writeTimeout?: Duration | undefined;
  /**
   * How long a command waits for a free connection. Default: `"4s"`. Range: a duration from "1ms" to "10m".
   */
  readonly poolTimeout?: Duration | undefined;
  /**
   * How long an unused connection stays open. Should be shorter than the server's own limit. Default: `"5m"`. Range: a
   * duration from "1s" to "24d", or false or Infinity for "never".
   */
  readonly idleTimeout?: Duration | false | undefined;
  /**
   * How often unused connections are looked for. Default: `"1m"`. Range: a duration from "1s" to "24d", or false or
   * Infinity for "never".
   */
  readonly idleCheckFrequency?: Duration | false | undefined;
  /**
   * How often a read is repeated after a failure. Writes are repeated only where that cannot count twice. Default: `3`.
   * Range: a whole number from 0 to 100.
   */
  readonly maxRetries?: number | undefined;
  /**
   * Shortest pause before an attempt is repeated. Default: `"8ms"`. Range: a duration from "0" to "1m".
   */
  readonly minRetryBackoff?: Duration | undefined;
  /**
   * Longest pause before an attempt is repeated. Not below `minRetryBackoff`. Default: `"512ms"`. Range: a duration
   * from "0" to "1m".
   */
  readonly maxRetryBackoff?: Duration | undefined;
  /** Whether connections are encrypted. Default: `false`. */
  readonly tls?: boolean | undefined;
  /**
   * Whether the server's certificate is taken without a check. For tests only: anybody can then pose as the server.
   * Needs `tls` or a `rediss` URL. Default: `false`.
   */
  readonly tlsSkipVerify?: boolean | undefined;
  /**
   * File with the certificates (PEM) that the server's is checked against. Needs `tls` or a `rediss` URL. Default: the
   * platform's. Range: a text of 1 to 4096 characters.
   */
  readonly caFile?: string | undefined;
  /**
   * File with the client's certificate (PEM). Needs `keyFile`, and `tls` or a `rediss` URL. Default: none. Range: a
   * text of 1 to 4096 characters.
   */
  readonly certFile?: string | undefined;
  /**
   * File with the client's private key (PEM). Needs `certFile`. Default: none. Range: a text of 1 to 4096 characters.
   */
  readonly keyFile?: string | undefined;
  /**
   * Name that the server's certificate must carry. Needs `tls` or a `rediss` URL. Default: the host that is connected
   * to. Range: a text of 1 to 1024 characters.
   */
  readonly serverName?: string | undefined;
  /** Redis Cluster. */
  readonly cluster?: RedisClusterConfig | undefined;
  /** A primary that Redis Sentinel watches over. Excludes `addresses`, `url` and `cluster`. */
  readonly sentinel?: RedisSentinelConfig | undefined;
  /**
   * A client of your own, from a supported library. It brings its own connections: excludes `addresses`, `url` and
   * `sentinel`. Default: the cache makes its own. Range: a Redis client object (from code only).
   */
  readonly client?: object | undefined;
}

/** Rows of the section `redis`. */
export const REDIS_FIELDS: FieldTable<RedisConfig> = {
  addresses: {
    kind: "text-list",
    doc: "Addresses of the servers: one, the nodes to shard over, or some nodes of a cluster. Excludes `url`.",
    default: ["localhost:6379"],
    maxLength: 1_000,
    pattern: ADDRESS,
  },
  url: {
    ...PATH,
    doc: "Address, user, password and database in one text, such as `redis://user@host:6379/0`; `rediss` is TLS. Excludes `addresses`, `username`, `password` and `db`.",
    defaultDoc: "none",
    pattern: REDIS_URL,
    secret: true,
  },
  username: {
    ...NAME,
    doc: "User of the server's access control list.",
    defaultDoc: "the server's `default` user",
  },
  password: { ...CREDENTIAL, doc: "Password of the user.", defaultDoc: "none", secret: true },
  credentials: {
    kind: "instance",
    doc: "Gives user and password whenever a connection is made, for tokens that expire: a function that returns `{ username, password }`, or a promise of it. Excludes `username` and `password`.",
    defaultDoc: "none",
    instance: { doc: "a function", methods: [], isFunction: true },
  },
  db: {
    kind: "integer",
    doc: "Number of the database. A cluster has only 0.",
    default: 0,
    min: 0,
    max: 65_535,
  },
  poolSize: {
    kind: "integer",
    doc: "How many connections are kept to each server at most.",
    default: 10,
    min: 1,
    max: 10_000,
  },
  dialTimeout: { ...TIMEOUT, doc: "How long opening a connection may take.", default: "5s" },
  readTimeout: { ...TIMEOUT, doc: "How long the answer to a command may take.", default: "3s" },
  writeTimeout: { ...TIMEOUT, doc: "How long sending a command may take.", default: "3s" },
  poolTimeout: {
    ...TIMEOUT,
    doc: "How long a command waits for a free connection.",
    default: "4s",
  },
  idleTimeout: {
    ...IDLE,
    doc: "How long an unused connection stays open. Should be shorter than the server's own limit.",
    default: "5m",
    never: true,
    goMinusOne: false,
  },
  idleCheckFrequency: {
    ...IDLE,
    doc: "How often unused connections are looked for.",
    default: "1m",
    never: true,
    goMinusOne: false,
  },
  maxRetries: {
    kind: "integer",
    doc: "How often a read is repeated after a failure. Writes are repeated only where that cannot count twice.",
    default: 3,
    min: 0,
    max: 100,
    goMinusOne: 0,
  },
  minRetryBackoff: {
    ...BACKOFF,
    doc: "Shortest pause before an attempt is repeated.",
    default: "8ms",
    goMinusOne: 0,
  },
  maxRetryBackoff: {
    ...BACKOFF,
    doc: "Longest pause before an attempt is repeated. Not below `minRetryBackoff`.",
    default: "512ms",
    goMinusOne: 0,
  },
  tls: { kind: "boolean", doc: "Whether connections are encrypted.", default: false },
  tlsSkipVerify: {
    kind: "boolean",
    doc: "Whether the server's certificate is taken without a check. For tests only: anybody can then pose as the server. Needs `tls` or a `rediss` URL.",
    default: false,
    switchedBy: "tls",
  },
  caFile: {
    ...PATH,
    doc: "File with the certificates (PEM) that the server's is checked against. Needs `tls` or a `rediss` URL.",
    defaultDoc: "the platform's",
  },
  certFile: {
    ...PATH,
    doc: "File with the client's certificate (PEM). Needs `keyFile`, and `tls` or a `rediss` URL.",
    defaultDoc: "none",
  },
  keyFile: {
    ...PATH,
    doc: "File with the client's private key (PEM). Needs `certFile`.",
    defaultDoc: "none",
  },
  serverName: {
    ...NAME,
    doc: "Name that the server's certificate must carry. Needs `tls` or a `rediss` URL.",
    defaultDoc: "the host that is connected to",
  },
  cluster: {
    kind: "section",
    doc: "Redis Cluster.",
    fields: REDIS_CLUSTER_FIELDS,
  },
  sentinel: {
    kind: "section",
    doc: "A primary that Redis Sentinel watches over. Excludes `addresses`, `url` and `cluster`.",
    fields: REDIS_SENTINEL_FIELDS,
  },
  client: {
    kind: "instance",
    doc: "A client of your own, from a supported library. It brings its own connections: excludes `addresses`, `url` and `sentinel`.",
    defaultDoc: "the cache makes its own",
    instance: { doc: "a Redis client object", methods: [] },
  },
};
