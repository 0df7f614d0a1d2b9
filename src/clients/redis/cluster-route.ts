import { parseServerAddress } from "../server-address.ts";
import { isTransient } from "./call-policy.ts";
import { readRedirect } from "./cluster-slots.ts";
import { RedisClusterTopology } from "./cluster-topology.ts";
import { dialLine } from "./dial-line.ts";
import type { RedisNodeConnections, RedisNodeFeatures } from "./redis-client.ts";
import type { RedisFailure } from "./redis-failure.ts";
import type { OpenRedisLine, RedisShardLines } from "./redis-line.ts";
import type { RedisNodeLink } from "./redis-node-link.ts";
import type { RedisServerError } from "./redis-reply.ts";
import type { RedisRequest } from "./redis-request.ts";
import type { RedisRoute, RedisRouteNode, RedisRouteParts } from "./redis-route.ts";
import type { RedisSettings, RedisTopologySettings } from "./redis-settings.ts";

type ClusterSettings = Extract<RedisTopologySettings, { kind: "cluster" }>;

/**
 * A Redis Cluster. A call goes to the node that has its slot; what a node says of a slot that moved is followed, because MOVED and ASK
 * mean that the command was not executed, also for writes.
 */
export class ClusterRoute implements RedisRoute {
  readonly topology = "cluster";
  readonly resendsCommands = false;
  readonly #cluster: ClusterSettings;
  readonly #parts: RedisRouteParts;
  readonly #nodes: RedisClusterTopology;
  readonly #settings: RedisSettings;
  #isClosed = false;

  constructor(cluster: ClusterSettings, settings: RedisSettings, parts: RedisRouteParts) {
    this.#cluster = cluster;
    this.#parts = parts;
    this.#settings = settings;
    const { addresses: seeds, readFrom } = cluster;
    const { host, deadlines } = parts;
    this.#nodes = new RedisClusterTopology({ seeds, usesReplicas: readFrom !== "primary", settings, host, deadlines });
  }

  connect(): Promise<void> {
    return this.#nodes.refresh();
  }

  onConnected(): void {
    // Not waited for: one that is down is no reason to wait, and its slots have an error of their own.
    for (const { primary } of this.#nodes.shards)
      this.#nodes
        .primary(primary)
        .pool.connect()
        .catch(() => undefined);
  }

  close(error: Error): void {
    this.#isClosed = true;
    this.#nodes.close(error);
  }

  send(request: RedisRequest): void {
    if (request.repetition !== undefined) request.repetition.isAsking = false;
    if (request.slot < 0) {
      request.node?.pool.send(request);
      return;
    }
    const address = this.#nodes.addressOfSlot(request.slot);
    if (address === undefined) this.#sendWhenKnown(request);
    else this.#sendTo(this.#choose(address, request), request);
  }

  onFailure(request: RedisRequest, failure: RedisFailure): void {
    if (request.fallBackToSource(failure)) {
      request.node?.pool.send(request);
      return;
    }
    if (failure.kind === "server" && this.#follow(request, failure.error)) return;
    if (isTransient(failure) || failure.kind === "lost" || failure.kind === "unsent" || failure.kind === "down") {
      this.#nodes.refreshSoon();
    }
    // A node of a cluster that is down is replaced: its calls go to the next owner of their slots, within their deadline.
    const isGone = failure.kind === "down" && request.slot >= 0 && !this.#isClosed;
    const cause: RedisFailure = isGone ? { kind: "unsent", error: failure.error } : failure;
    this.#parts.policy.repeatOrReject(request, cause, this.#resend);
  }

  /** What is published at any node is told at all of them. One that does not answer is avoided by chance. */
  readonly listen: OpenRedisLine = async (channels, events, signal) => {
    if (this.#nodes.shards.length === 0) await this.#nodes.refresh();
    const { host } = this.#parts;
    const primaries = this.#nodes.shards.map(({ primary }) => primary);
    const up = primaries.filter((address) => this.#nodes.primary(address).pool.isUp);
    const address = pick(up.length > 0 ? up : primaries, host.random.next()) as string;
    const isCurrent = (): boolean =>
      this.#nodes.shards.some(({ primary, replicas }) => primary === address || replicas.includes(address));
    return dialLine({ address, settings: this.#settings, host, isCurrent }, channels, events, signal);
  };

  readonly shardLines: RedisShardLines = {
    addressOfSlot: (slot) => this.#nodes.addressOfSlot(slot) ?? "",
    refresh: () => this.#nodes.refresh(),
    lineTo: (address) => (channels, events, signal) => {
      const plan = {
        address,
        settings: this.#settings,
        host: this.#parts.host,
        isCurrent: () => true,
        isSharded: true,
      };
      return dialLine(plan, channels, events, signal);
    },
  };

  primaries(): readonly RedisRouteNode[] {
    return this.#nodes.shards.map(({ primary: address }) => ({
      address,
      send: (request) => this.#sendTo(this.#nodes.primary(address), request),
    }));
  }

  addressOfSlot(slot: number): string {
    return this.#nodes.addressOfSlot(slot) ?? "";
  }

  connections(): readonly RedisNodeConnections[] {
    return this.#nodes.links().map((link) => link.pool.counts());
  }

  features(): readonly RedisNodeFeatures[] {
    return this.#nodes.links().flatMap(({ features }) => features ?? []);
  }

  clockOffsetMs(slot: number): number {
    const address = this.#nodes.addressOfSlot(slot);
    return address === undefined ? 0 : this.#nodes.primary(address).clockOffsetMs();
  }

  /** Wherever its slot is by then. */
  readonly #resend = (request: RedisRequest): void => this.send(request);

  #sendTo(node: RedisNodeLink, request: RedisRequest): void {
    request.node = node;
    node.pool.send(request);
  }

  /** Nobody has the slot, as far as is known. */
  #sendWhenKnown(request: RedisRequest): void {
    const { policy, host } = this.#parts;
    request.stampedAtMs = Math.ceil(host.clock.monotonicMs());
    if (this.#isClosed) {
      policy.reject(request, { kind: "down", error: new Error("the client is closed") });
      return;
    }
    const error = new Error(`nobody has slot ${request.slot}`);
    const isKnown = (): boolean => this.#nodes.addressOfSlot(request.slot) !== undefined;
    const goOn = (): void => {
      if (request.isDone) return;
      if (isKnown()) this.send(request);
      else policy.repeatOrReject(request, { kind: "unsent", error }, this.#resend);
    };
    this.#nodes.refresh().then(goOn, (cause: unknown) => {
      if (!request.isDone) policy.reject(request, { kind: "down", error: cause });
    });
    // The questions have deadlines of their own, one after another; the call has its own too.
    policy.repetitionOf(request);
  }

  #choose(primary: string, request: RedisRequest): RedisNodeLink {
    const { readFrom } = this.#cluster;
    if (request.options.kind !== "read" || readFrom === "primary") return this.#nodes.primary(primary);
    // A repetition goes to the primary: a replica that fails is not worth a second deadline.
    if (request.repetition !== undefined) return this.#nodes.primary(primary);
    const replicas = (this.#nodes.shardOfSlot(request.slot)?.replicas ?? []).map((address) =>
      this.#nodes.replica(address),
    );
    this.#nodes.refreshWhenOld(replicas.length > 0);
    if (replicas.length === 0) return this.#nodes.primary(primary);
    const choices = readFrom === "replica" ? replicas : [this.#nodes.primary(primary), ...replicas];
    return readFrom === "nearest" ? nearest(choices) : (pick(choices, this.#parts.host.random.next()) as RedisNodeLink);
  }

  /** Follows MOVED and ASK. Tells whether it did. */
  #follow(request: RedisRequest, { prefix, message }: RedisServerError): boolean {
    if (prefix !== "MOVED" && prefix !== "ASK") return false;
    const asked = parseServerAddress(request.node?.address ?? "");
    const target = readRedirect(message, asked.kind === "tcp" ? asked.host : "localhost");
    const error = new Error(`slot ${request.slot} is on its way`);
    const repetition = this.#parts.policy.repetitionOf(request);
    if (target === undefined || repetition.redirectCount >= this.#cluster.maxRedirects) {
      this.#nodes.refreshSoon();
      this.#parts.policy.reject(request, { kind: "unsent", error });
      return true;
    }
    repetition.redirectCount += 1;
    repetition.isAsking = prefix === "ASK";
    if (prefix === "MOVED") this.#nodes.noteMoved(target.slot, target.address);
    this.#sendTo(this.#nodes.primary(target.address), request);
    return true;
  }
}

/** The one that answers fastest; one that was never asked is asked first, so that it is measured. */
function nearest(links: readonly RedisNodeLink[]): RedisNodeLink {
  let best = links[0] as RedisNodeLink;
  for (const link of links) {
    link.refresh();
    if (link.latencyMs < best.latencyMs) best = link;
    if (!link.pool.isUp) link.pool.connect().catch(() => undefined);
  }
  return best;
}

function pick<T>(items: readonly T[], ratio: number): T | undefined {
  return items[Math.floor(ratio * items.length)];
}
