import type { BackendNotice } from "../../backend/backend-notice.ts";
import type { LetterTraces } from "../../backend/peer-mail.ts";
import type { CoherenceMessage } from "../../coherence/coherence-message.ts";
import type { PeerStatus, TransportListener } from "../../coherence/transport.ts";
import type { Clock } from "../../foundation/clock.ts";
import { isSecondKept } from "./choose-link.ts";
import { traceOf } from "./dropped-changes.ts";
import type { FlushSchedule } from "./flush-schedule.ts";
import type { OutgoingMessage, QueueBounds } from "./message-queue.ts";
import { type NamedLink, Peer } from "./peer.ts";
import { encodeMessage } from "./wire/encode-message.ts";
import type { Frame } from "./wire/frame.ts";
import type { EndedLink, Hello } from "./wire/hello.ts";

/** A node that was not heard of for so long is forgotten, in ms. */
const FORGET_MS = 60_000;

/** What a mesh is made of. */
export interface MeshParts {
  readonly nodeId: string;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly flushes: FlushSchedule;
  readonly queue: QueueBounds;
  readonly batchBytes: number;
  readonly maxMessageBytes: number;
  readonly listener: TransportListener;
  /** A letter came. */
  readonly onLetter: (content: Buffer, from: string, traces?: LetterTraces) => void;
  /** Other nodes are linked than before. */
  readonly onPeers: () => void;
  /** The last link to a node is over: it may be dialed again. */
  readonly onLost: (nodeId: string) => void;
  readonly onNotice: (notice: BackendNotice) => void;
}

/** The other nodes by the id of their life, each with one link at most that is written to. Knows no socket. */
export class Mesh {
  readonly #parts: MeshParts;
  readonly #peers = new Map<string, Peer>();
  /** Numbers to a node never go back in a life of ours, also when it was forgotten in between. */
  #sequenceFloor = 0;
  #onLeft: (() => void) | undefined;

  constructor(parts: MeshParts) {
    this.#parts = parts;
  }

  /** All nodes that are known. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  /** Whether there is a link to this node. */
  isLinked(nodeId: string): boolean {
    return this.#peers.get(nodeId)?.current !== undefined;
  }

  /** The newest link of this node's dials that is known to be over. */
  endedLinkOf(nodeId: string): EndedLink | undefined {
    const dialNumber = this.#peers.get(nodeId)?.endedDialNumber ?? 0;
    return dialNumber === 0 ? undefined : { nodeId, dialNumber };
  }

  /**
   * Takes a link over which both ends have said who they are. Of two links to the same node one is kept. The other ends when something has come over the kept one, and what is on its way
   * over itself: not before, for until then it may be the only link that the other end knows of.
   */
  join(joining: NamedLink, hello: Hello, address: string): void {
    const { link } = joining;
    if (this.#onLeft !== undefined) {
      link.abort(undefined);
      return;
    }
    const peer = this.#peers.get(hello.nodeId) ?? this.#add(hello.nodeId, address);
    peer.heardAtMs = link.heardAtMs;
    link.listener = {
      onFrame: (frame) => {
        peer.noteFrame(link);
        this.#receive(peer, frame);
      },
      onDrain: () => peer.current?.link === link && peer.flush(),
      onEnded: (error) => this.#ended(peer, joining, error),
    };
    const present = peer.current;
    const isPresentOver = present !== undefined && isOverForOther(present, hello);
    if (present !== undefined && !isPresentOver && !isSecondKept(present.name, joining.name)) {
      peer.retire(link);
      return;
    }
    peer.take(joining);
    peer.address = address;
    // Its number before any batch: what was lost before shows.
    peer.beat();
    if (present === undefined) this.#tellConnected(peer);
    else {
      peer.flush();
      peer.retire(present.link);
      if (isPresentOver) present.link.finish();
    }
  }

  /** Tells all linked nodes. */
  broadcast(message: CoherenceMessage): void {
    if (this.#peers.size === 0) return;
    const outgoing = this.#encode(message);
    for (const peer of this.#peers.values()) this.#push(peer, outgoing);
  }

  /** Tells one node, if it is linked. */
  send(nodeId: string, message: CoherenceMessage): void {
    const peer = this.#peers.get(nodeId);
    if (peer !== undefined) this.#push(peer, this.#encode(message));
  }

  /** Sends a letter to a node. @returns whether it will leave: not without a link, or when too much waits for it */
  sendLetter(nodeId: string, content: Uint8Array, traces?: LetterTraces): boolean {
    return this.#onLeft === undefined && this.#peers.get(nodeId)?.sendLetter(content, traces) === true;
  }

  /** Tells every node that this one lives. */
  beat(): void {
    for (const peer of this.#peers.values()) peer.beat();
  }

  /** Ends links over which nothing was heard for so long, and forgets nodes that are away. */
  sweep(silenceMs: number): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const peer of [...this.#peers.values()]) {
      const link = peer.current?.link;
      if (link !== undefined && nowMs - link.heardAtMs > silenceMs) {
        link.abort(new Error(`nothing was heard for ${Math.round(nowMs - link.heardAtMs)} ms`));
      } else if (link === undefined && nowMs - peer.heardAtMs > FORGET_MS) this.forget(peer.id);
    }
  }

  /** Forgets a node without a link. */
  forget(nodeId: string): void {
    const peer = this.#peers.get(nodeId);
    if (peer === undefined || peer.current !== undefined) return;
    this.#sequenceFloor = Math.max(this.#sequenceFloor, peer.sequence);
    this.#peers.delete(nodeId);
  }

  /** Sends what waits, and ends every link in order. Nobody is told of anything any more. @param onLeft called when all are over */
  leave(onLeft: () => void): void {
    this.#onLeft = onLeft;
    for (const peer of [...this.#peers.values()]) {
      peer.flush();
      for (const link of peer.links()) link.leave();
    }
    this.#noteLeft();
  }

  /** Ends every link at once. */
  abandon(): void {
    this.#onLeft ??= () => undefined;
    for (const peer of [...this.#peers.values()]) for (const link of peer.links()) link.abort(undefined);
  }

  #push(peer: Peer, message: OutgoingMessage): void {
    // Who asks waits for the answer, of every node.
    if (peer.push(message)) this.#parts.flushes.request(peer, message.isControl);
  }

  #encode(message: CoherenceMessage): OutgoingMessage {
    const bytes = encodeMessage(message, this.#parts.maxMessageBytes);
    return { bytes, isControl: isControlMessage(message), trace: traceOf(message) };
  }

  #noteLeft(): void {
    if ([...this.#peers.values()].every((peer) => peer.links().length === 0)) this.#onLeft?.();
  }

  #add(nodeId: string, address: string): Peer {
    const { queue, batchBytes } = this.#parts;
    const peer = new Peer(nodeId, address, this.#sequenceFloor, queue, batchBytes);
    this.#peers.set(nodeId, peer);
    return peer;
  }

  #receive(peer: Peer, frame: Frame): void {
    if (this.#onLeft !== undefined) return;
    const { listener, clock } = this.#parts;
    peer.heardAtMs = clock.monotonicMs();
    if (frame.kind === "heartbeat") {
      if (peer.noteSent(frame.sequence)) listener.onGap(peer.id);
    } else if (frame.kind === "batch") {
      const { isGap, areNew } = peer.receive(frame.firstSequence, frame.messages.length);
      if (isGap) listener.onGap(peer.id);
      for (const [place, message] of frame.messages.entries()) {
        if (areNew?.[place] ?? true) listener.onMessage(message, peer.id);
      }
    } else if (frame.kind === "letter") this.#parts.onLetter(frame.content, peer.id, frame.traces);
    else listener.onMessage({ kind: "unknown" }, peer.id);
  }

  #ended(peer: Peer, { link, name }: NamedLink, error: Error | undefined): void {
    if (name.dialerId === peer.id) peer.endedDialNumber = Math.max(peer.endedDialNumber, name.dialNumber);
    const isCurrent = peer.current?.link === link;
    if (isCurrent) peer.lose();
    else peer.noteEnded(link);
    if (this.#onLeft !== undefined) this.#noteLeft();
    else if (isCurrent) this.#tellLost(peer, error);
  }

  #tellLost(peer: Peer, error: Error | undefined): void {
    const { listener, onNotice, onLost, onPeers } = this.#parts;
    onPeers();
    listener.onPeer?.(statusOf(peer));
    listener.onGap(peer.id);
    onNotice({ kind: "connection", node: peer.address, state: "lost", ...(error === undefined ? {} : { error }) });
    onLost(peer.id);
  }

  #tellConnected(peer: Peer): void {
    const { listener, onNotice, onPeers } = this.#parts;
    peer.restart();
    onPeers();
    listener.onPeer?.(statusOf(peer));
    // What it told while there was no link is lost.
    listener.onGap(peer.id);
    onNotice({ kind: "connection", node: peer.address, state: "connected" });
  }
}

/** What others may know of a node. */
export function statusOf(peer: Peer): PeerStatus {
  const { id, address, heardAtMs, queuedCount } = peer;
  return { id, address, state: peer.current === undefined ? "lost" : "connected", heardAtMs, queuedCount };
}

/** Whether the other end says that a link, which looks alive from here, is over. */
function isOverForOther({ name }: NamedLink, { endedLink }: Hello): boolean {
  return endedLink?.nodeId === name.dialerId && name.dialNumber <= endedLink.dialNumber;
}

function isControlMessage({ kind }: CoherenceMessage): boolean {
  return kind === "ack" || kind === "ack-ask";
}
