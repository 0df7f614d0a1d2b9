import type { CoherenceMessage } from "./coherence-message.ts";

/** What a transport tells of. Must not throw. */
export interface TransportListener {
  /** A message came. `from` is the node that sent it; `undefined` when it came from the shared store itself. */
  onMessage(message: CoherenceMessage, from: string | undefined): void;
  /**
   * Messages may have been missed: a link came up, was lost, or a queue overflowed. `from` is the node whose messages they are; `undefined` when it is not known, or when
   * they are the shared store's.
   */
  onGap(from?: string): void;
  /** A node was heard of for the first time, or is not reachable any more. */
  onPeer?(peer: PeerStatus): void;
}

/** What a transport knows of another node. */
export interface PeerStatus {
  /** Names one life of the node; its address while that is not known yet. */
  readonly id: string;
  /** Where it is, for people to read. */
  readonly address: string;
  /** Whether messages reach it now. */
  readonly state: "connecting" | "connected" | "lost";
  /** Monotonic instant at which something was heard last, in ms; negative infinity: never. */
  readonly heardAtMs: number;
  /** Messages that wait to be sent. */
  readonly queuedCount: number;
}

/**
 * How nodes tell each other about changes. Nothing depends on it for safety: a message may be lost, doubled, late or out of order, and a copy that is not proven
 * current is not served. It makes the cache fast, and writes visible soon.
 */
export interface CoherenceTransport {
  /** For messages and metrics: `"grpc"`, `"redis"`, `"worker"`, `"in-process"`. */
  readonly name: string;
  /** Whether the shared store itself tells of every change, so that who changes something need not. */
  readonly isFedByStore: boolean;
  /** Begins to listen, and to connect. Resolves when messages can be received; peers that are away are no error. */
  open(listener: TransportListener): void | Promise<void>;
  /** Tells all other nodes. Never throws, never waits: what cannot be sent is lost, and told as a gap to whom it was for. */
  broadcast(message: CoherenceMessage): void;
  /** Tells one node. */
  send(nodeId: string, message: CoherenceMessage): void;
  /** The other nodes that are known. */
  peers(): readonly PeerStatus[];
  /** Frees every socket and timer. */
  close(): void | Promise<void>;
}

/** What the option `transport` of a cache takes: the way of one kind of transport, on which each cache that is given it gets a place of its own. */
export interface CacheTransport {
  /** For messages: `"in-process"`, `"worker"`. */
  readonly name: string;
  /** A place for a cache. Opens nothing. @param nodeId names one life of the cache, for all its transports */
  join(nodeId: string): CoherenceTransport;
}
