import { AckWaits, type AckWaitsParts } from "./ack-waits.ts";
import type { CoherenceMessage } from "./coherence-message.ts";
import type { CoherenceNode } from "./coherence-node.ts";
import type { CoherenceTransport, PeerStatus } from "./transport.ts";

/** What a fleet is made of, as one of its nodes sees it. */
export interface CoherenceFleetParts extends AckWaitsParts {
  readonly node: CoherenceNode;
  /** Takes this node out of the store's table; `undefined` where there is none. */
  readonly leave?: (() => Promise<void>) | undefined;
  readonly observer?: FleetObserver | undefined;
}

/** Is told what becomes of links. Must not throw. */
export interface FleetObserver {
  onPeer(transport: string, peer: PeerStatus): void;
  onGap(transport: string, from: string | undefined): void;
}

/** A node, and what carries messages to it. */
export interface FleetPeer extends PeerStatus {
  readonly transport: string;
}

/** Counts of what was heard and said, since the start. */
export interface FleetCounts {
  readonly received: number;
  readonly sent: number;
  readonly gaps: number;
  /** Changes that wait for all nodes now. */
  readonly pendingAcks: number;
}

/** The other nodes: carries what they tell to this one, and what this one changes to them, over every transport there is. */
export class CoherenceFleet {
  readonly #parts: CoherenceFleetParts;
  readonly #acks: AckWaits;
  readonly #openings = new Map<CoherenceTransport, Promise<void>>();
  #receivedCount = 0;
  #sentCount = 0;
  #gapCount = 0;

  constructor(parts: CoherenceFleetParts) {
    this.#parts = parts;
    this.#acks = new AckWaits(parts);
  }

  /** What was heard and said. */
  get counts(): FleetCounts {
    return {
      received: this.#receivedCount,
      sent: this.#sentCount,
      gaps: this.#gapCount,
      pendingAcks: this.#acks.count,
    };
  }

  /** The other nodes, as the transports know them. */
  peers(): readonly FleetPeer[] {
    return this.#parts.transports.flatMap((transport) =>
      transport.peers().map((peer) => ({ ...peer, transport: transport.name })),
    );
  }

  /**
   * Begins to listen. What is away is no error. May be called again when something else did not come up, also while it still runs: a transport that is open, or opens, is left
   * alone, for opened twice it would be heard twice, and closed once.
   */
  async open(): Promise<void> {
    await Promise.all(this.#parts.transports.map((transport) => this.#openOnce(transport)));
  }

  /** Tells the others of a change of this process, over the transports that do not hear of it from the store. */
  broadcast(message: CoherenceMessage): void {
    for (const transport of this.#parts.transports) {
      if (transport.isFedByStore) continue;
      this.#sentCount += 1;
      transport.broadcast(message);
    }
  }

  /** As {@link AckWaits.wait}. */
  waitForAll(change: { readonly key: string; readonly version: number }, signal?: AbortSignal): Promise<boolean> {
    return this.#acks.wait(change, signal);
  }

  /** Leaves the table, so that nobody waits for this node, and frees what the transports hold. */
  async close(): Promise<void> {
    this.#acks.close();
    // Its copies are gone already. Where it fails, the lease ends by itself.
    await this.#parts.leave?.().catch(() => undefined);
    await Promise.all(this.#parts.transports.map((transport) => transport.close()));
  }

  #openOnce(transport: CoherenceTransport): Promise<void> {
    const running = this.#openings.get(transport);
    if (running !== undefined) return running;
    const opening = this.#open(transport);
    this.#openings.set(transport, opening);
    opening.catch(() => this.#openings.delete(transport));
    return opening;
  }

  async #open(transport: CoherenceTransport): Promise<void> {
    await transport.open({
      onMessage: (message, from) => this.#receive(transport, message, from),
      onGap: (from) => {
        this.#gapCount += 1;
        this.#parts.node.noteGap();
        this.#acks.repeat();
        this.#parts.observer?.onGap(transport.name, from);
      },
      onPeer: (peer) => this.#parts.observer?.onPeer(transport.name, peer),
    });
  }

  #receive(transport: CoherenceTransport, message: CoherenceMessage, from: string | undefined): void {
    this.#receivedCount += 1;
    const { node } = this.#parts;
    if (message.kind === "ack") {
      if (from !== undefined) this.#acks.receive(message.id, from);
      return;
    }
    if (message.kind !== "ack-ask") {
      node.receive(message);
      return;
    }
    // The question says all that the change itself would. Who does not know a version asks with one above all: as a head that was heard of it would end all that is kept of the shard.
    const version = Number.isFinite(message.version) ? message.version : undefined;
    node.receive({ kind: "change", key: message.key, version, previousHead: undefined });
    if (from !== undefined) transport.send(from, { kind: "ack", id: message.id });
  }
}
