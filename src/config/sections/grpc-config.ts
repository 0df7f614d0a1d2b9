import type { FieldTable } from "../field.ts";
import { CREDENTIAL, NAME, PATH, PORT } from "../field-limits.ts";
import { ADDRESS, DISCOVERY } from "../text-pattern.ts";

/** How nodes talk to each other. */
export interface GrpcConfig {
  /**
   * Port that this node listens on; 0 takes a free one. Default: `50051`. Range: a whole number from 0 to 65535.
   */
  readonly port?: number | undefined;
  /**
   * Address that this node listens on. Beyond loopback it needs `token`, or `tls` with `caFile`. Default: `"127.0.0.1"`. Range: a text
   * of 1 to 1024 characters.
   */
  readonly host?: string | undefined;
  /**
   * Addresses of the other nodes. Those that the table of nodes in a shared Redis has need not be named; with other stores `distributed` needs them, or `discovery`. Default: none. Range: a list of texts, each
   * an address such as "localhost:6379", "[::1]:6379" or the path of a Unix socket.
   */
  readonly peers?: readonly string[] | undefined;
  /**
   * Where the other nodes are found: a DNS name whose addresses are the peers, looked up again as they change. Default:
   * none. Range: a DNS name such as "dns:gocachex.default.svc:50051".
   */
  readonly discovery?: string | undefined;
  /** Whether connections are encrypted. Default: `false`. */
  readonly tls?: boolean | undefined;
  /**
   * File with this node's certificate (PEM). Needs `tls` and `keyFile`. Default: none. Range: a text of 1 to 4096
   * characters.
   */
  readonly certFile?: string | undefined;
  /**
   * File with this node's private key (PEM). Needs `certFile`. Default: none. Range: a text of 1 to 4096 characters.
   *
   */
  readonly keyFile?: string | undefined;
  /**
   * File with the certificates (PEM) that peers are checked against, in both directions. Needs `tls`. Default: the
   * platform's. Range: a text of 1 to 4096 characters.
   */
  readonly caFile?: string | undefined;
  /**
   * Name that the peers' certificates must carry. Needs `tls`. Default: the host that is connected to. Range: a text of
   * 1 to 1024 characters.
   */
  readonly serverName?: string | undefined;
  /**
   * Shared secret that peers show to each other. Default: none. Range: a text of 1 to 65536 characters.
   */
  readonly token?: string | undefined;
}

/** Rows of the section `grpc`. */
export const GRPC_FIELDS: FieldTable<GrpcConfig> = {
  port: { ...PORT, doc: "Port that this node listens on; 0 takes a free one.", default: 50_051 },
  host: {
    ...NAME,
    doc: "Address that this node listens on. Beyond loopback it needs `token`, or `tls` with `caFile`.",
    default: "127.0.0.1",
  },
  peers: {
    kind: "text-list",
    doc: "Addresses of the other nodes. Those that the table of nodes in a shared Redis has need not be named; with other stores `distributed` needs them, or `discovery`.",
    defaultDoc: "none",
    maxLength: 1_000,
    pattern: ADDRESS,
  },
  discovery: {
    ...NAME,
    doc: "Where the other nodes are found: a DNS name whose addresses are the peers, looked up again as they change.",
    defaultDoc: "none",
    pattern: DISCOVERY,
  },
  tls: { kind: "boolean", doc: "Whether connections are encrypted.", default: false },
  certFile: {
    ...PATH,
    doc: "File with this node's certificate (PEM). Needs `tls` and `keyFile`.",
    defaultDoc: "none",
    switchedBy: "tls",
  },
  keyFile: {
    ...PATH,
    doc: "File with this node's private key (PEM). Needs `certFile`.",
    defaultDoc: "none",
    switchedBy: "tls",
  },
  caFile: {
    ...PATH,
    doc: "File with the certificates (PEM) that peers are checked against, in both directions. Needs `tls`.",
    defaultDoc: "the platform's",
    switchedBy: "tls",
  },
  serverName: {
    ...NAME,
    doc: "Name that the peers' certificates must carry. Needs `tls`.",
    defaultDoc: "the host that is connected to",
    switchedBy: "tls",
  },
  token: {
    ...CREDENTIAL,
    doc: "Shared secret that peers show to each other.",
    defaultDoc: "none",
    secret: true,
  },
};
