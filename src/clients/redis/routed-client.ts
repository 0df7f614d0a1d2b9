import { waitWithin } from "../../foundation/deadline.ts";
import { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { BackendUnavailableError, GocachexError } from "../../foundation/errors.ts";
import { RedisCallPolicy, type RedisCallPolicySettings } from "./call-policy.ts";
import { KeptSubscription } from "./kept-subscription.ts";
import type {
  RedisArgument,
  RedisCallOptions,
  RedisClient,
  RedisNode,
  RedisNodeConnections,
  RedisNodeFeatures,
  RedisSubscription,
} from "./redis-client.ts";
import type { RedisHost } from "./redis-host.ts";
import type { RedisReply } from "./redis-reply.ts";
import { RedisRequest } from "./redis-request.ts";
import type { RedisRoute, RedisRouteParts } from "./redis-route.ts";
import { evalShaCommand, type RedisScript } from "./redis-script.ts";
import { ShardSubscription } from "./shard-subscription.ts";

/** Makes requests of calls and gives them to its route, which knows the servers. */
export class RoutedRedisClient implements RedisClient {
  readonly topology: RedisClient["topology"];
  readonly resendsCommands: boolean;
  readonly subscribe: RedisClient["subscribe"];
  readonly subscribeShards: RedisClient["subscribeShards"];
  readonly #name: string;
  readonly #parts: RedisRouteParts;
  readonly #route: RedisRoute;
  readonly #subscriptions = new Set<RedisSubscription>();
  #isClosed = false;

  constructor(settings: RedisCallPolicySettings, host: RedisHost, createRoute: (parts: RedisRouteParts) => RedisRoute) {
    const deadlines = new DeadlineQueue(host);
    this.#name = settings.name;
    this.#parts = { host, deadlines, policy: new RedisCallPolicy(settings, host, deadlines) };
    this.#route = createRoute(this.#parts);
    this.topology = this.#route.topology;
    this.resendsCommands = this.#route.resendsCommands;
    const { listen, shardLines } = this.#route;
    this.subscribe =
      listen &&
      ((channels, listener) =>
        this.#open(new KeptSubscription({ channels, listener, openLine: listen, settings, host })));
    this.subscribeShards =
      shardLines &&
      ((channels, listener) =>
        this.#open(new ShardSubscription({ channels, listener, lines: shardLines, settings, host })));
  }

  async connect(signal?: AbortSignal): Promise<void> {
    const { scheduler } = this.#parts.host;
    const { readyTimeoutMs: timeoutMs = Number.POSITIVE_INFINITY, failurePrefix = "" } = this.#route;
    const onTimeout = (): Error => new Error(`the client was not ready within ${timeoutMs} ms`);
    try {
      await waitWithin(this.#route.connect(), { signal, timeoutMs, onTimeout, scheduler });
    } catch (cause) {
      if (signal?.aborted || cause instanceof GocachexError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `${this.#name}: ${failurePrefix}${reason}.`;
      throw new BackendUnavailableError(this.#name, "connect", message, { cause });
    }
    this.#route.onConnected?.();
  }

  close(): Promise<void> {
    const error = new Error("the client is closed");
    const { policy, deadlines } = this.#parts;
    this.#isClosed = true;
    for (const subscription of this.#subscriptions) subscription.close();
    this.#route.close(error);
    policy.close(error);
    deadlines.clear();
    return Promise.resolve();
  }

  call(slot: number, args: readonly RedisArgument[], options: RedisCallOptions): Promise<RedisReply> {
    const request = new RedisRequest(args, options, slot, this.#route);
    // Who left already needs no server.
    if (!request.isDone) this.#route.send(request);
    return request.promise;
  }

  runScript(
    slot: number,
    script: RedisScript,
    keys: readonly RedisArgument[],
    args: readonly RedisArgument[],
    options: RedisCallOptions,
  ): Promise<RedisReply> {
    const request = new RedisRequest(evalShaCommand(script, keys, args), options, slot, this.#route);
    request.scriptSource = script.source;
    if (!request.isDone) this.#route.send(request);
    return request.promise;
  }

  primaries(): readonly RedisNode[] {
    return this.#route.primaries().map((node) => ({
      address: node.address,
      call: (args, options) => {
        const request = new RedisRequest(args, options, -1, this.#route);
        if (!request.isDone) node.send(request);
        return request.promise;
      },
    }));
  }

  addressOfSlot(slot: number): string {
    return this.#route.addressOfSlot(slot);
  }

  connections(): readonly RedisNodeConnections[] {
    return this.#route.connections();
  }

  features(): readonly RedisNodeFeatures[] {
    return this.#route.features();
  }

  clockOffsetMs(slot: number): number {
    return this.#route.clockOffsetMs(slot);
  }

  #open(kept: KeptSubscription | ShardSubscription): RedisSubscription {
    const close = (): void => {
      this.#subscriptions.delete(subscription);
      kept.close();
    };
    const subscription: RedisSubscription = { close };
    if (this.#isClosed) return subscription;
    this.#subscriptions.add(subscription);
    kept.open();
    return subscription;
  }
}
