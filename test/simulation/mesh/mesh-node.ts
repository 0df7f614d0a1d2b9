import type { PeerMail, PeerMailListener } from "../../../src/backend/peer-mail.ts";
import type { CoherenceMessage } from "../../../src/coherence/coherence-message.ts";
import type { CoherenceTransport, PeerStatus, TransportListener } from "../../../src/coherence/transport.ts";
import type { Clock } from "../../../src/foundation/clock.ts";
import type { RandomSource } from "../../../src/foundation/random-source.ts";
import type { Scheduler } from "../../../src/foundation/scheduler.ts";
import type { GrpcTransportSettings } from "../../../src/transports/grpc/grpc-transport-settings.ts";
import { OpenNode } from "../../../src/transports/grpc/open-node.ts";
import type { EventOwner } from "../event-queue.ts";
import { MESH_PORT, type MeshNetwork, meshAddressOf, meshHostOf } from "./mesh-network.ts";

/** What a node of the mesh is made of. */
export interface MeshNodeParts {
  readonly nodeId: string;
  readonly owner: EventOwner;
  readonly place: number;
  readonly nodeCount: number;
  readonly network: MeshNetwork;
  /** How many messages may wait for one node. */
  readonly maxQueuedCount: number;
  readonly heartbeatMs: number;
  /** How long a message may take. */
  readonly longestDelayMs: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
}

const MAX_LETTER_BYTES = 1_048_576;

/** The real node of the mesh over the model network: `src/transports/grpc/grpc-transport.ts` without the library's loading. */
export class MeshNode implements CoherenceTransport {
  readonly name = "grpc";
  readonly isFedByStore = false;
  readonly #parts: MeshNodeParts;
  #node: OpenNode | undefined;
  #mail: PeerMailListener | undefined;

  constructor(parts: MeshNodeParts) {
    this.#parts = parts;
  }

  async open(listener: TransportListener): Promise<void> {
    const { network, owner, place, nodeCount, clock, scheduler, random } = this.#parts;
    const node = await OpenNode.open({
      library: network.libraryOf(owner, place),
      settings: this.#settings(),
      ...{ clock, scheduler, random, listener },
      lookup: () => Promise.resolve([]),
      listPeers: undefined,
      onNotice: () => undefined,
      mail: () => this.#mail,
    });
    this.#node = node;
    // Its own address too, as every node of a list that is the same everywhere has it.
    for (let other = 0; other < nodeCount; other += 1) node.dialer.add(meshAddressOf(other), "static");
    this.#mail?.onPeers();
  }

  broadcast(message: CoherenceMessage): void {
    this.#node?.mesh.broadcast(message);
  }

  send(nodeId: string, message: CoherenceMessage): void {
    this.#node?.mesh.send(nodeId, message);
  }

  peers(): readonly PeerStatus[] {
    return this.#node?.peers() ?? [];
  }

  /** Letters between the nodes. */
  openMail(listener: PeerMailListener): PeerMail {
    this.#mail = listener;
    return {
      nodeId: this.#parts.nodeId,
      maxLetterBytes: MAX_LETTER_BYTES,
      peers: () => this.linkedIds(),
      search: () => this.#node?.search() ?? "unopened",
      send: async (letter, to) => {
        if (this.#node?.mesh.sendLetter(to, letter) !== true)
          throw new Error("There is no link with room to the node.");
      },
      close: () => {
        this.#mail = undefined;
      },
    };
  }

  /** Nodes that are linked now. */
  linkedIds(): readonly string[] {
    const peers = [...(this.#node?.mesh.peers.values() ?? [])];
    return peers.filter(({ current }) => current !== undefined).map(({ id }) => id);
  }

  close(): void {
    void this.#node?.close();
  }

  #settings(): GrpcTransportSettings {
    const { nodeId, place, maxQueuedCount, heartbeatMs, longestDelayMs } = this.#parts;
    return {
      ...{ host: meshHostOf(place), port: MESH_PORT, peers: [], discovery: undefined, tls: undefined },
      ...{ token: undefined, cluster: "", nodeId, advertisedAddress: undefined },
      ...{ heartbeatMs, lookupMs: 10_000, dialTimeoutMs: 100 + 3 * longestDelayMs, reconnect: { minMs: 5, maxMs: 60 } },
      ...{ batchMs: 1, batchBytes: 256, maxMessageBytes: 2 * MAX_LETTER_BYTES },
      queue: { maxCount: maxQueuedCount, maxBytes: 4 * MAX_LETTER_BYTES },
    };
  }
}
