import type { LetterTraces, PeerMail, PeerMailListener } from "../../backend/peer-mail.ts";
import type { CoherenceMessage } from "../../coherence/coherence-message.ts";
import type { CoherenceTransport, PeerStatus, TransportListener } from "../../coherence/transport.ts";
import { type Clock, systemClock } from "../../foundation/clock.ts";
import { type RandomSource, systemRandom } from "../../foundation/random-source.ts";
import { type Scheduler, systemScheduler } from "../../foundation/scheduler.ts";
import { loadGrpc } from "./grpc-library.ts";
import type { GrpcTransportOptions } from "./grpc-transport-options.ts";
import type { GrpcTransportSettings } from "./grpc-transport-settings.ts";
import { type LookupAddresses, lookupAddresses } from "./look-up-peers.ts";
import { OpenNode, type OpenNodeParts } from "./open-node.ts";
import { assertAddress, resolveGrpcTransport } from "./resolve-grpc-transport.ts";
import { maxTraceBytes } from "./wire/frame.ts";

/** Where time, chance and names come from. Default: the platform. */
export interface GrpcTransportHost {
  /** Only its monotonic part is read. */
  readonly clock?: Clock | undefined;
  /** Heartbeats, batches, pauses, deadlines of dials. */
  readonly scheduler?: Scheduler | undefined;
  /** Spreads pauses and look-ups. */
  readonly random?: RandomSource | undefined;
  /** Looks a name up for `discovery`. Default: the platform's `getaddrinfo`. */
  readonly lookup?: LookupAddresses | undefined;
}

/** A transport over gRPC: one stream between each two nodes, whoever opened it. */
export interface GrpcTransport extends CoherenceTransport {
  readonly name: "grpc";
  /** Names this life of the node for the others. */
  readonly nodeId: string;
  /** Where this node listens; `undefined` while it is not open. */
  readonly address: string | undefined;
  /** Where others can dial it, for a table of nodes; `undefined` while it is not open. */
  readonly advertisedAddress: string | undefined;
  /** Dials one more address, from now on; one that is dialed already is not dialed twice. @throws ConfigError when it is none */
  addPeer(address: string): void;
  /** Takes {@link GrpcTransport.addPeer} back, and ends the link that was dialed to it. Addresses of the options stay, and the node behind it may dial this one. */
  removePeer(address: string): void;
  /** Makes the addresses of the option `peers` these, from now on. Links to others stay until they end by themselves. @throws ConfigError when one is none */
  replacePeers(addresses: readonly string[]): void;
  /** Opens the mail between the nodes, which may carry anything; before the transport is opened. One at a time. */
  openMail(listener: PeerMailListener): PeerMail;
  close(): Promise<void>;
}

/**
 * A transport over gRPC, by the library `@grpc/grpc-js`, which is loaded when it is opened. Opens nothing before.
 *
 * While it is open its sockets keep the process alive, its timers do not.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` when options do not fit
 *
 * @example
 * ```ts
 * import { grpcTransport } from "gocachex/grpc";
 *
 * const transport = grpcTransport({ port: 0, peers: ["127.0.0.1:50052"], token: "a secret of all nodes" });
 * await transport.open({ onMessage: () => undefined, onGap: () => undefined });
 * transport.broadcast({ kind: "change", key: "user:7", version: 1, previousHead: undefined });
 * await transport.close();
 * ```
 */
export function grpcTransport(options: GrpcTransportOptions = {}, host: GrpcTransportHost = {}): GrpcTransport {
  return new NodeTransport(resolveGrpcTransport(options), options, host);
}

/** What a frame has around a letter, in bytes, at most. */
const LETTER_HEAD_BYTES = 16;

class NodeTransport implements GrpcTransport {
  readonly name = "grpc";
  readonly isFedByStore = false;
  readonly nodeId: string;
  readonly #settings: GrpcTransportSettings;
  readonly #parts: Omit<OpenNodeParts, "library" | "listener">;
  /** Also those that were added before it was open. */
  readonly #added = new Set<string>();
  /** Those of the option. */
  #peers: readonly string[];
  #node: OpenNode | undefined;
  #mail: PeerMailListener | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    settings: GrpcTransportSettings,
    { onNotice = () => undefined, listPeers }: Pick<GrpcTransportOptions, "onNotice" | "listPeers">,
    host: GrpcTransportHost,
  ) {
    this.nodeId = settings.nodeId;
    this.#settings = settings;
    this.#peers = settings.peers;
    const { clock = systemClock, scheduler = systemScheduler, random = systemRandom, lookup = lookupAddresses } = host;
    this.#parts = { settings, clock, scheduler, random, lookup, listPeers, onNotice, mail: () => this.#mail };
  }

  get address(): string | undefined {
    return this.#node?.address;
  }

  get advertisedAddress(): string | undefined {
    return this.#node?.advertisedAddress;
  }

  open(listener: TransportListener): Promise<void> {
    if (this.#opening !== undefined) return Promise.reject(new Error("A transport is opened once."));
    const opening = this.#open(listener);
    this.#opening = opening;
    // A port that was taken may be free later.
    opening.catch(() => {
      this.#opening = undefined;
    });
    return opening;
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

  openMail(listener: PeerMailListener): PeerMail {
    this.#mail = listener;
    return {
      nodeId: this.nodeId,
      maxLetterBytes: this.#settings.maxMessageBytes - LETTER_HEAD_BYTES,
      peers: () => {
        const linked = [...(this.#node?.mesh.peers.values() ?? [])].filter(({ current }) => current !== undefined);
        return linked.map(({ id }) => id);
      },
      search: () => this.#node?.search() ?? "unopened",
      send: (letter, to, traces) => this.#sendLetter(letter, to, traces),
      close: () => {
        if (this.#mail === listener) this.#mail = undefined;
      },
    };
  }

  addPeer(address: string): void {
    assertAddress("peers", address);
    this.#added.add(address);
    this.#node?.dialer.add(address, "added");
  }

  replacePeers(addresses: readonly string[]): void {
    for (const address of addresses) assertAddress("peers", address);
    this.#peers = addresses;
    this.#node?.dialer.replace(addresses, "static");
  }

  removePeer(address: string): void {
    this.#added.delete(address);
    this.#node?.dialer.remove(address, "added", true);
  }

  /** Sends what waits, tells the others that this node leaves, and frees every socket and timer: after 250 ms at the latest, whether they have heard it or not. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #sendLetter(letter: Uint8Array, to: string, traces: LetterTraces = []): Promise<void> {
    const roomBytes = this.#settings.maxMessageBytes - LETTER_HEAD_BYTES - letter.length;
    if (roomBytes < 0) throw new RangeError(`A letter of ${letter.length} bytes is longer than a frame may be.`);
    // The call matters, its trace does not.
    const carried = maxTraceBytes(traces) <= roomBytes ? traces : undefined;
    if (this.#node?.mesh.sendLetter(to, letter, carried) !== true)
      throw new Error("There is no link with room to the node.");
  }

  async #open(listener: TransportListener): Promise<void> {
    const library = await loadGrpc();
    const node = await OpenNode.open({ ...this.#parts, library, listener });
    // Who closed it meanwhile waits for this, and has nothing else to close.
    if (this.#closing !== undefined) return node.close();
    this.#node = node;
    for (const address of this.#peers) node.dialer.add(address, "static");
    for (const address of this.#added) node.dialer.add(address, "added");
    // Links may have come up before anybody could ask for them.
    this.#mail?.onPeers();
  }

  async #close(): Promise<void> {
    // A failed start is its caller's matter.
    await this.#opening?.catch(() => undefined);
    const node = this.#node;
    this.#node = undefined;
    await node?.close();
  }
}
