import type { RedisChannelListener, RedisClient, RedisSubscription } from "../../clients/redis/redis-client.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import type { ChangeChannels } from "./change-channels.ts";

/** How long the subscription stays when nobody listens: loads come in bursts, and each would connect anew. */
const IDLE_MS = 60_000;

/** What a subscription is made of. */
export interface ChangeSubscriptionParts {
  readonly subscribe: NonNullable<RedisClient["subscribe"]>;
  /** Where the client has none, only what is told to all is heard. */
  readonly subscribeShards: RedisClient["subscribeShards"];
  /** Asked when it is opened. */
  readonly channels: Pick<ChangeChannels, "ofAll" | "sharded">;
  readonly scheduler: Scheduler;
}

/**
 * What the scripts publish, for all who want to hear it: one connection for each store, in a cluster one more for each primary, opened for the first listener and closed a minute after the
 * last. Every change of the database comes to each process that listens, whatever it keeps.
 */
export class ChangeSubscription {
  readonly #parts: ChangeSubscriptionParts;
  /** Replaced and not changed, so that listeners may come and go while others are told. */
  #listeners: readonly RedisChannelListener[] = [];
  #subscriptions: readonly RedisSubscription[] = [];
  /** Whether what is told to all is heard, and what is told to those of each slot. */
  #isAllHeard = false;
  #areShardsHeard = false;
  #idleTask: ScheduledTask | undefined;
  #isClosed = false;

  constructor(parts: ChangeSubscriptionParts) {
    this.#parts = parts;
  }

  /** Whether messages come, as far as is known. */
  get isHearing(): boolean {
    return this.#isAllHeard && this.#areShardsHeard;
  }

  /** @returns a function that stops it */
  hear(listener: RedisChannelListener): () => void {
    if (this.#isClosed) return () => undefined;
    // An object of its own, so that one that is given twice is told twice, and stops once.
    const own: RedisChannelListener = {
      onMessage: (message) => listener.onMessage(message),
      onGap: (isHearing) => listener.onGap(isHearing),
    };
    this.#listeners = [...this.#listeners, own];
    this.#idleTask?.cancel();
    this.#idleTask = undefined;
    if (this.#subscriptions.length === 0) this.#open();
    return () => this.#leave(own);
  }

  /** Ends the subscription. Listeners are told nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#listeners = [];
    this.#rest();
  }

  #open(): void {
    const { subscribe, subscribeShards, channels } = this.#parts;
    const onMessage = (message: Buffer): void => {
      for (const listener of this.#listeners) listener.onMessage(message);
    };
    const onAllGap = (isHeard: boolean): void => {
      this.#isAllHeard = isHeard;
      this.#tellGap();
    };
    const onShardsGap = (areHeard: boolean): void => {
      this.#areShardsHeard = areHeard;
      this.#tellGap();
    };
    this.#areShardsHeard = subscribeShards === undefined;
    const all = subscribe([channels.ofAll()], { onMessage, onGap: onAllGap });
    const shards = subscribeShards?.(channels.sharded(), { onMessage, onGap: onShardsGap });
    this.#subscriptions = shards === undefined ? [all] : [all, shards];
  }

  #tellGap(): void {
    const { isHearing } = this;
    for (const listener of this.#listeners) listener.onGap(isHearing);
  }

  #leave(own: RedisChannelListener): void {
    if (!this.#listeners.includes(own)) return;
    this.#listeners = this.#listeners.filter((listener) => listener !== own);
    if (this.#listeners.length > 0) return;
    this.#idleTask = this.#parts.scheduler.after(IDLE_MS, () => this.#rest());
  }

  #rest(): void {
    this.#idleTask?.cancel();
    this.#idleTask = undefined;
    for (const subscription of this.#subscriptions) subscription.close();
    this.#subscriptions = [];
    this.#isAllHeard = false;
    this.#areShardsHeard = false;
  }
}
