import type { BackendNotice } from "../../backend/backend-notice.ts";
import type { PeerMailListener, PeerSearch } from "../../backend/peer-mail.ts";
import { formatServerAddress } from "../../clients/server-address.ts";
import type { PeerStatus, TransportListener } from "../../coherence/transport.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { RandomSource } from "../../foundation/random-source.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { type CertificateCheck, createCertificateCheck } from "./certificate-check.ts";
import { type Dial, dialLink } from "./dial-link.ts";
import type { DialedSockets } from "./dialed-sockets.ts";
import { Dialer, type DialOutcome, type Target, type TargetSource } from "./dialer.ts";
import { FlushSchedule } from "./flush-schedule.ts";
import { PROTOCOL_VERSION, RefusedPeerError, readableAddress } from "./greeting.ts";
import type { GrpcLibrary } from "./grpc-library.ts";
import { type GrpcListener, startGrpcListener } from "./grpc-listener.ts";
import type { GrpcTransportOptions } from "./grpc-transport-options.ts";
import type { GrpcTransportSettings } from "./grpc-transport-settings.ts";
import { Heartbeats } from "./heartbeats.ts";
import { type LookupAddresses, lookUpPeers } from "./look-up-peers.ts";
import { Mesh, statusOf } from "./mesh.ts";
import { isWildcard, ownAddress } from "./own-address.ts";
import type { Peer } from "./peer.ts";
import { PeerDiscovery } from "./peer-discovery.ts";
import { isAddress } from "./resolve-grpc-transport.ts";
import type { EndedLink, Hello } from "./wire/hello.ts";

/** How long links may take to end in order, in ms. */
const LEAVE_MS = 250;
/** So many senders of refused links are remembered, to be told of once each. */
const MAX_TOLD_COUNT = 128;

/** What an open node is made of. */
export interface OpenNodeParts {
  readonly library: GrpcLibrary;
  readonly settings: GrpcTransportSettings;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  readonly lookup: LookupAddresses;
  readonly listPeers: GrpcTransportOptions["listPeers"];
  readonly listener: TransportListener;
  readonly onNotice: (notice: BackendNotice) => void;
  /** Who hears of letters, and of nodes that come and go; `undefined`: nobody. */
  readonly mail: () => PeerMailListener | undefined;
}

/** A node that listens and dials. */
export class OpenNode {
  readonly mesh: Mesh;
  readonly dialer: Dialer;
  readonly #parts: OpenNodeParts;
  readonly #flushes: FlushSchedule;
  readonly #heartbeats: Heartbeats;
  readonly #discoveries: readonly PeerDiscovery[];
  readonly #told = new Set<string>();
  readonly #openSockets = new Set<DialedSockets>();
  #server: GrpcListener | undefined;
  #dialCount = 0;

  private constructor(parts: OpenNodeParts) {
    const { clock, scheduler, random, listener, onNotice, settings } = parts;
    const { nodeId, queue, batchBytes, maxMessageBytes, heartbeatMs, batchMs, reconnect } = settings;
    this.#parts = parts;
    this.#flushes = new FlushSchedule(clock, scheduler, batchMs);
    this.mesh = new Mesh({
      ...{ nodeId, queue, batchBytes, maxMessageBytes, clock, listener, onNotice },
      flushes: this.#flushes,
      onLetter: (content, from, traces) => parts.mail()?.onLetter(content, from, traces),
      onPeers: () => parts.mail()?.onPeers(),
      onLost: (lostId) => this.dialer.noteLost(lostId),
    });
    this.dialer = new Dialer({
      ...{ nodeId, clock, scheduler, random, reconnect },
      dial: (target, outcome) => this.#dial(target, outcome),
      isLinked: (id) => this.mesh.isLinked(id),
      onReplaced: (id) => this.mesh.forget(id),
      onUnreachable: (address, error) => this.#tellUnreachable(address, error),
    });
    this.#heartbeats = new Heartbeats({
      ...{ heartbeatMs, clock, scheduler },
      beat: () => this.mesh.beat(),
      sweep: (silenceMs) => this.mesh.sweep(silenceMs),
    });
    this.#discoveries = this.#createDiscoveries();
  }

  /** Listens, and looks peers up. @throws as `startGrpcListener` */
  static async open(parts: OpenNodeParts): Promise<OpenNode> {
    const findFlaw = await createCertificateCheck(parts.settings.tls);
    const node = new OpenNode(parts);
    await node.#listen(findFlaw);
    node.#heartbeats.open();
    for (const discovery of node.#discoveries) discovery.open();
    return node;
  }

  /** Where it listens. */
  get address(): string {
    const { host } = this.#parts.settings;
    return formatServerAddress({ kind: "tcp", host, port: this.#server?.port ?? 0 });
  }

  /** Where others can dial it. */
  get advertisedAddress(): string {
    return ownAddress(this.#parts.settings, this.#server?.port ?? 0);
  }

  /** The nodes that are known, and the addresses behind which none has been heard of. */
  peers(): readonly PeerStatus[] {
    const { peers } = this.mesh;
    // A node that dialed in is there, also while the pause after a failed dial to its address goes on.
    const linkedAt = new Set([...peers.values()].filter(({ current }) => current !== undefined).map(addressOf));
    const unheard = this.dialer
      .targets()
      .filter(({ nodeId, state }) => state !== "self" && (nodeId === undefined || !peers.has(nodeId)))
      .filter(({ address }) => !linkedAt.has(address));
    return [...[...peers.values()].map(statusOf), ...unheard.map(unheardStatus)];
  }

  /** Whether each address has been dialed to an end, and each name looked up. */
  search(): PeerSearch {
    const untried = this.dialer.targets().filter((target) => !isTried(target));
    if (untried.some(({ dial }) => dial?.isAccepted === true)) return "answer-due";
    if (untried.length > 0 || !this.#discoveries.every(({ hasLooked }) => hasLooked)) return "dialing";
    return this.dialer.targets().some(({ isSilent }) => isSilent) ? "silent" : "over";
  }

  /** Frees everything, after {@link LEAVE_MS} at the latest. */
  async close(): Promise<void> {
    for (const discovery of this.#discoveries) discovery.close();
    this.dialer.close();
    this.#heartbeats.close();
    this.#flushes.cancel();
    await new Promise<void>((resolve) => {
      const timer = this.#parts.scheduler.after(LEAVE_MS, resolve, true);
      this.mesh.leave(() => {
        timer.cancel();
        resolve();
      });
    });
    this.mesh.abandon();
    for (const sockets of [...this.#openSockets]) sockets.destroy();
    this.#server?.stop();
  }

  async #listen(findFlaw: CertificateCheck): Promise<void> {
    const { library, settings, clock, scheduler } = this.#parts;
    this.#server = await startGrpcListener({
      ...{ library, settings, clock, scheduler, findFlaw },
      hello: () => this.#describe(0, undefined),
      onGreeted: (link, hello) => {
        const name = { dialerId: hello.nodeId, dialNumber: hello.dialNumber };
        this.mesh.join({ link, name }, hello, readableAddress(hello, link.remote));
      },
      onRefused: (remote, error) => this.#tellRefused(remote, error),
      onUnrenewed: (error) => {
        const message = `New certificates will not do, the ones before are used on: ${error instanceof Error ? error.message : String(error)}`;
        this.#parts.onNotice({ kind: "warning", message });
      },
    });
  }

  #dial(target: Target, outcome: DialOutcome): Dial {
    const { library, settings, clock, scheduler } = this.#parts;
    const { address, nodeId, sources } = target;
    this.#dialCount += 1;
    const dialNumber = this.#dialCount;
    return dialLink({
      ...{ library, settings, clock, scheduler, address, openSockets: this.#openSockets },
      serverName: sources.has("dns") ? settings.discovery?.name : undefined,
      hello: this.#describe(dialNumber, nodeId === undefined ? undefined : this.mesh.endedLinkOf(nodeId)),
      onFailed: outcome.onFailed,
      onGreeted: (link, hello) => {
        if (!outcome.onGreeted(link, hello)) return;
        const name = { dialerId: settings.nodeId, dialNumber };
        this.mesh.join({ link, name }, hello, readableAddress(hello, address));
      },
    });
  }

  #describe(dialNumber: number, endedLink: EndedLink | undefined): Hello {
    const { nodeId, cluster, host, advertisedAddress } = this.#parts.settings;
    // Who meets this node knows better by which of its addresses than this node does.
    const own = isWildcard(host) ? `:${this.#server?.port}` : this.address;
    const versions = { newestVersion: PROTOCOL_VERSION, oldestVersion: PROTOCOL_VERSION };
    return { ...versions, nodeId, cluster, address: advertisedAddress ?? own, dialNumber, endedLink };
  }

  #createDiscoveries(): readonly PeerDiscovery[] {
    const { settings, lookup, listPeers } = this.#parts;
    const { discovery: dnsName } = settings;
    return [
      ...(dnsName === undefined ? [] : [this.#discover("dns", dnsName.name, () => lookUpPeers(dnsName, lookup))]),
      ...(listPeers === undefined ? [] : [this.#discover("table", undefined, () => listPeers(this.advertisedAddress))]),
    ];
  }

  #discover(source: TargetSource, node: string | undefined, list: () => Promise<readonly string[]>): PeerDiscovery {
    const { settings, scheduler, random, onNotice } = this.#parts;
    return new PeerDiscovery({
      ...{ list, lookupMs: settings.lookupMs, scheduler, random },
      // A table may have nodes of another kind, which say something else of themselves.
      onAddresses: (addresses) => this.dialer.replace(addresses.filter(isAddress), source),
      onFailed: (error) => {
        const message = `Peers cannot be looked up: ${error instanceof Error ? error.message : String(error)}`;
        onNotice({ kind: "warning", node, message });
      },
    });
  }

  #tellUnreachable(address: string, error: Error): void {
    const { onNotice } = this.#parts;
    if (error instanceof RefusedPeerError) {
      onNotice({ kind: "warning", node: address, message: `There is no link to this node: ${error.message}.` });
    } else onNotice({ kind: "connection", node: address, state: "lost", error });
  }

  #tellRefused(remote: string, error: RefusedPeerError): void {
    const host = remote.replace(/:\d+$/, "");
    const message = `A node that dialed in was refused: ${error.message}.`;
    const fact = `${host} ${message}`;
    if (this.#told.has(fact)) return;
    if (this.#told.size >= MAX_TOLD_COUNT) this.#told.clear();
    this.#told.add(fact);
    this.#parts.onNotice({ kind: "warning", node: host, message });
  }
}

function addressOf({ address }: Peer): string {
  return address;
}

function isTried({ state, failedCount }: Target): boolean {
  return state === "linked" || state === "self" || failedCount > 0;
}

function unheardStatus({ address, nodeId, state, failedCount }: Target): PeerStatus {
  const isLost = state === "waiting" && failedCount > 0;
  const status = isLost ? "lost" : "connecting";
  return { id: nodeId ?? address, address, state: status, heardAtMs: Number.NEGATIVE_INFINITY, queuedCount: 0 };
}
