import { Agent as PlainAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import type { CarriedTrace } from "../events/carried-trace.ts";
import type { NodeAddress } from "./node-address.ts";

/** How long a call may take unless said otherwise. */
export const DEFAULT_NODE_TIMEOUT_MS = 5_000;

/** What a client checks a node by, and shows it. `{}`: the authorities of the platform, and no certificate. */
export interface NodeClientTls {
  /** PEM text of the authorities that may sign the node's certificate. Default: those of the platform. */
  readonly ca?: Uint8Array | undefined;
  /** PEM text of this client's certificate, for a node that requires one. */
  readonly cert?: Uint8Array | undefined;
  /** PEM text of its private key. */
  readonly key?: Uint8Array | undefined;
}

/** Options of a `NodeClient`. */
export interface NodeClientOptions extends NodeAddress {
  /** Namespace path such as `"shop/eu"`. Default: the root. */
  readonly namespace?: string | undefined;
  /** Deadline of each call in ms, at least 1; of a listing or a stream: between two pieces. Default: 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Shown with every request, as `Authorization: Bearer`. Goes to whoever listens at the address: without `tls` everybody between can read it. Default: none. */
  readonly token?: string | undefined;
  /** Speaks HTTPS; the node's certificate is always checked. Default: HTTP. */
  readonly tls?: NodeClientTls | undefined;
  /** The trace that every call is a part of, for a node that traces; must make sense. Default: none. */
  readonly trace?: CarriedTrace | undefined;
}

/** Kept connections to a node. */
export function createNodeAgent(tls: NodeClientTls | undefined): PlainAgent {
  if (tls === undefined) return new PlainAgent({ keepAlive: true });
  const { ca, cert, key } = tls;
  return new TlsAgent({
    keepAlive: true,
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
    ...(cert === undefined ? {} : { cert: Buffer.from(cert) }),
    ...(key === undefined ? {} : { key: Buffer.from(key) }),
  });
}
