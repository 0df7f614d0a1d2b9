import { waitWithin } from "../../foundation/deadline.ts";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { BackendUnavailableError, GocachexError } from "../../foundation/errors.ts";
import { parseServerAddress } from "../server-address.ts";
import { isTransient, RedisCallPolicy } from "./call-policy.ts";
import { readRedirect } from "./cluster-slots.ts";
import { RedisClusterTopology } from "./cluster-topology.ts";
import type {
  RedisArgument,
  RedisCallOptions,
  RedisClient,
  RedisNode,
  RedisNodeConnections,
  RedisNodeFeatures,
} from "./redis-client.ts";
import type { RedisFailure } from "./redis-failure.ts";
import type { RedisHost } from "./redis-host.ts";
import type { RedisNodeLink } from "./redis-node-link.ts";
import type { RedisReply, RedisServerError } from "./redis-reply.ts";
import { type RedisFailureHandler, RedisRequest } from "./redis-request.ts";
import { evalShaCommand, type RedisScript } from "./redis-script.ts";
import type { RedisSettings, RedisTopologySettings } from "./redis-settings.ts";

type ClusterSettings = Extract<RedisTopologySettings, { kind: "cluster" }>;

/**
 * A Redis Cluster. A call goes to the node that has its slot; what a node says of a slot that moved is followed, because MOVED and ASK
 * mean that the command was not executed, also for writes.
 */
export class ClusterRedisClient implements RedisClient, RedisFailureHandler {
  readonly topology = "cluster";
  readonly resendsCommands = false;
  readonly #cluster: ClusterSettings;
  readonly #settings: RedisSettings;
  readonly #host: RedisHost;
  readonly #deadlines: DeadlineQueue;
  readonly #policy: RedisCallPolicy;
  readonly #nodes: RedisClusterTopology;
  #isClosed = false;

  constructor(cluster: ClusterSettings, settings: RedisSettings, host: RedisHost) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#host = host;
    this.#deadlines = new DeadlineQueue(host);
    this.#policy = new RedisCallPolicy(settings, host, this.#deadlines);
    const { addresses: seeds, readFrom } = cluster;
    const usesReplicas = readFrom !== "primary";
    this.#nodes = new RedisClusterTopology({ seeds, usesReplicas, settings, host, deadlines: this.#deadlines });
  }

  async connect(signal?: AbortSignal): Promise<void> {
    const { scheduler } = this.#host;
    try {
      await waitWithin(this.#nodes.refresh(), { signal, timeoutMs: Infinity, onTimeout: () => undefined, scheduler });
    } catch (error) {
      if (signal?.aborted || error instanceof GocachexError) throw error;
      const { name } = this.#settings;
      const reason = error instanceof Error ? error.message : String(error);
      throw new BackendUnavailableError(name, "connect", `${name}: ${reason}.`, { cause: error });
    }
    // The others are not waited for: one that is down is no reason to wait, and its slots have an error of their own.
    for (const { primary } of this.#nodes.shards)
      this.#nodes
        .primary(primary)
        .pool.connect()
        .catch(() => undefined);
  }

  close(): Promise<void> {
    const error = new Error("the client is closed");
    this.#isClosed = true;
    this.#nodes.close(error);
    this.#policy.close(error);
    this.#deadlines.clear();
    return Promise.resolve();
  }

  call(slot: number, args: readonly RedisArgument[], options: RedisCallOptions): Promise<RedisReply> {
    const request = new RedisRequest(args, options, slot, this);
    if (!request.isDone) this.#send(request);
    return request.promise;
  }

  runScript(
    slot: number,
    script: RedisScript,
    keys: readonly RedisArgument[],
    args: readonly RedisArgument[],
    options: RedisCallOptions,
  ): Promise<RedisReply> {
    const request = new RedisRequest(evalShaCommand(script, keys, args), options, slot, this);
    request.scriptSource = script.source;
    if (!request.isDone) this.#send(request);
    return request.promise;
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
    this.#policy.repeatOrReject(request, isGone ? { kind: "unsent", error: failure.error } : failure, this.#send);
  }

  primaries(): readonly RedisNode[] {
    return this.#nodes.shards.map(({ primary: address }) => ({
      address,
      call: (args, options) => {
        const request = new RedisRequest(args, options, -1, this);
        if (!request.isDone) this.#sendTo(this.#nodes.primary(address), request);
        return request.promise;
      },
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

  readonly #send = (request: RedisRequest): void => {
    if (request.repetition !== undefined) request.repetition.isAsking = false;
    if (request.slot < 0) {
      request.node?.pool.send(request);
      return;
    }
    const address = this.#nodes.addressOfSlot(request.slot);
    if (address === undefined) this.#sendWhenKnown(request);
    else this.#sendTo(this.#choose(address, request), request);
  };

  #sendTo(node: RedisNodeLink, request: RedisRequest): void {
    request.node = node;
    node.pool.send(request);
  }

  /** Nobody has the slot, as far as is known. */
  #sendWhenKnown(request: RedisRequest): void {
    request.stampedAtMs = Math.ceil(this.#host.clock.monotonicMs());
    if (this.#isClosed) {
      this.#policy.reject(request, { kind: "down", error: new Error("the client is closed") });
      return;
    }
    const error = new Error(`nobody has slot ${request.slot}`);
    const isKnown = (): boolean => this.#nodes.addressOfSlot(request.slot) !== undefined;
    const goOn = (): void => {
      if (request.isDone) return;
      if (isKnown()) this.#send(request);
      else this.#policy.repeatOrReject(request, { kind: "unsent", error }, this.#send);
    };
    this.#nodes.refresh().then(goOn, (cause: unknown) => {
      if (!request.isDone) this.#policy.reject(request, { kind: "down", error: cause });
    });
    // The questions have deadlines of their own, one after another; the call has its own too.
    this.#policy.repetitionOf(request);
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
    return readFrom === "nearest" ? nearest(choices) : (pick(choices, this.#host.random.next()) as RedisNodeLink);
  }

  /** Follows MOVED and ASK. Tells whether it did. */
  #follow(request: RedisRequest, { prefix, message }: RedisServerError): boolean {
    if (prefix !== "MOVED" && prefix !== "ASK") return false;
    const asked = parseServerAddress(request.node?.address ?? "");
    const target = readRedirect(message, asked.kind === "tcp" ? asked.host : "localhost");
    const error = new Error(`slot ${request.slot} is on its way`);
    const repetition = this.#policy.repetitionOf(request);
    if (target === undefined || repetition.redirectCount >= this.#cluster.maxRedirects) {
      this.#nodes.refreshSoon();
      this.#policy.reject(request, { kind: "unsent", error });
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
