import { createHmac } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import { loadProto, type ProtoFrame } from "../../support/grpc/load-proto.ts";

/** A node that is written from `coherence.proto` alone, as one in another language would be. */
export interface ProtoPeer {
  /** What came, in order. */
  readonly frames: readonly ProtoFrame[];
  send(frame: ProtoFrame): void;
  /** Sends any bytes as a message of the stream. */
  sendBytes(bytes: Buffer): void;
  /** How the stream ended: status and text. Never rejects. */
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
  /** The proof that the other end has shown. */
  shownProof(): Buffer | undefined;
  close(): void;
}

/** What a peer says of itself, and how it dials. */
export interface ProtoPeerOptions {
  /** Fields of its hello, over the defaults; `false`: it says nothing. */
  readonly hello?: ProtoFrame | false;
  readonly token?: string;
  /** Over what the token makes of it. */
  readonly proof?: Buffer;
}

const LINK = loadProto();
const open = new Set<ProtoPeer>();

/** Dials a node, and says hello. */
export function dialAsProtoPeer(address: string, options: ProtoPeerOptions = {}): ProtoPeer {
  const hello = { newest_version: 1, oldest_version: 1, node_id: "proto-peer", dial_number: 1, ...options.hello };
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), { "grpc.enable_retries": 0 });
  const metadata = new grpc.Metadata();
  const { token, proof = token === undefined ? undefined : dialProof(token, String(hello.node_id)) } = options;
  if (proof !== undefined) metadata.set("gocachex-proof-bin", proof);
  const stream = client.makeBidiStreamRequest(LINK.path, asIs, LINK.requestDeserialize, metadata);
  const frames: ProtoFrame[] = [];
  let shown: Buffer | undefined;
  stream.on("data", (frame: ProtoFrame) => frames.push(frame));
  stream.on("metadata", (headers: grpc.Metadata) => {
    shown = headers.get("gocachex-proof-bin")[0] as Buffer | undefined;
  });
  stream.on("error", () => undefined);
  const ended = new Promise<{ code: number; details: string }>((resolve) => stream.on("status", resolve));
  const peer: ProtoPeer = {
    frames,
    ended,
    send: (frame) => void stream.write(LINK.requestSerialize(frame)),
    sendBytes: (bytes) => void stream.write(bytes),
    shownProof: () => shown,
    close: () => {
      stream.cancel();
      client.close();
    },
  };
  open.add(peer);
  if (options.hello !== false) peer.send({ hello });
  return peer;
}

/** Frees what every peer holds. */
export function closeProtoPeers(): void {
  for (const peer of open) peer.close();
  open.clear();
}

/** As `coherence.proto` says it. */
function dialProof(token: string, nodeId: string): Buffer {
  return createHmac("sha256", token).update(`gocachex.coherence.v1 dial\n${nodeId}`).digest();
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
