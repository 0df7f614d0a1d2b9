import { vi } from "vitest";
import type { BackendNotice } from "../../../src/backend/backend-notice.ts";
import type { CoherenceMessage } from "../../../src/coherence/coherence-message.ts";
import type { PeerStatus } from "../../../src/coherence/transport.ts";
import {
  type GrpcTransport,
  type GrpcTransportHost,
  grpcTransport,
} from "../../../src/transports/grpc/grpc-transport.ts";
import type { GrpcTransportOptions } from "../../../src/transports/grpc/grpc-transport-options.ts";

/** A node that is open, and what it has heard. */
export interface MeshNode {
  readonly transport: GrpcTransport;
  readonly address: string;
  readonly port: number;
  readonly messages: { readonly message: CoherenceMessage; readonly from: string | undefined }[];
  readonly gaps: (string | undefined)[];
  readonly peerEvents: PeerStatus[];
  readonly notices: BackendNotice[];
  /** Ids of the nodes that it has a link to, in order. */
  connected(): readonly string[];
}

const open = new Set<GrpcTransport>();

/** Opens a node at a free port, with heartbeats every 200 ms and short pauses unless said otherwise. */
export async function meshNode(options: GrpcTransportOptions = {}, host: GrpcTransportHost = {}): Promise<MeshNode> {
  const notices: BackendNotice[] = [];
  const messages: MeshNode["messages"] = [];
  const gaps: (string | undefined)[] = [];
  const peerEvents: PeerStatus[] = [];
  const fast = { heartbeatMs: 200, reconnect: { minMs: 10, maxMs: 100 } };
  const own = { port: 0, ...fast, onNotice: (notice: BackendNotice) => void notices.push(notice) };
  const transport = grpcTransport({ ...own, ...options }, host);
  open.add(transport);
  await transport.open({
    onMessage: (message, from) => void messages.push({ message, from }),
    onGap: (from) => void gaps.push(from),
    onPeer: (peer) => void peerEvents.push(peer),
  });
  const address = transport.address as string;
  const connected = (): readonly string[] =>
    transport
      .peers()
      .filter(({ state }) => state === "connected")
      .map(({ id }) => id)
      .sort();
  return {
    transport,
    address,
    port: Number(address.split(":").at(-1)),
    messages,
    gaps,
    peerEvents,
    notices,
    connected,
  };
}

/** Closes every node that was opened. */
export async function closeMeshes(): Promise<void> {
  await Promise.all([...open].map((transport) => transport.close()));
  open.clear();
}

/** Waits until what a test says of nodes holds, as long as a busy machine may need. */
export function eventually(check: () => void, timeoutMs = 10_000): Promise<void> {
  return vi.waitFor(check, { timeout: timeoutMs, interval: 10 });
}
