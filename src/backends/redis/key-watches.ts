import type { RedisChannelListener, RedisClient, RedisSubscription } from "../../clients/redis/redis-client.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import { CHANGES_CHANNEL, dataKey, shardOfKey } from "./redis-key-layout.ts";

/** How long the subscription stays when nobody watches: loads come in bursts, and each would connect anew. */
const IDLE_MS = 60_000;

const KIND_CHANGES = 75; // K
const KIND_RELEASED = 82; // R
const KIND_NOTHING = 80; // P
/** Version and length before each key. */
const CHANGE_HEAD_BYTES = 12;

interface Watch {
  readonly onChange: () => void;
}

/**
 * Tells who waits for a key when something happens to it, by what the scripts publish. One connection for all keys, opened when the first is watched. Every message
 * of the server comes to each process that watches, whatever its keys and its database.
 *
 * What names no single key (a clear, tags, kinds that are not known here) and what may have been missed (the subscription came up, or was lost) is told to all.
 */
export class KeyWatches implements RedisChannelListener {
  readonly #subscribe: NonNullable<RedisClient["subscribe"]>;
  readonly #scheduler: Scheduler;
  /** By the bytes of the Redis key, one character each: so nothing is decoded, and no two keys can meet. */
  readonly #watches = new Map<string, Set<Watch>>();
  #subscription: RedisSubscription | undefined;
  #idleTask: ScheduledTask | undefined;
  #isClosed = false;

  constructor(subscribe: NonNullable<RedisClient["subscribe"]>, scheduler: Scheduler) {
    this.#subscribe = subscribe;
    this.#scheduler = scheduler;
  }

  /** @param onChange must not throw @returns a function that stops it */
  watch(key: string, onChange: () => void): () => void {
    if (this.#isClosed) return () => undefined;
    const id = Buffer.from(dataKey(shardOfKey(key), key)).toString("latin1");
    const watch: Watch = { onChange };
    const own = this.#watches.get(id);
    if (own === undefined) this.#watches.set(id, new Set([watch]));
    else own.add(watch);
    this.#idleTask?.cancel();
    this.#idleTask = undefined;
    this.#subscription ??= this.#subscribe(CHANGES_CHANNEL, this);
    return () => this.#unwatch(id, watch);
  }

  /** Ends the subscription. Whoever watches is told nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#watches.clear();
    this.#rest();
  }

  onMessage(message: Buffer): void {
    if (this.#watches.size === 0) return;
    const kind = message[0];
    if (kind === KIND_NOTHING) return;
    if (kind === KIND_RELEASED) this.#tell(message.toString("latin1", 1));
    else if (kind !== KIND_CHANGES || !this.#tellChanges(message)) this.onGap();
  }

  onGap(): void {
    for (const own of [...this.#watches.values()]) tellAll(own);
  }

  /** Tells whether the message was whole. */
  #tellChanges(message: Buffer): boolean {
    let at = 1;
    while (at + CHANGE_HEAD_BYTES <= message.length) {
      const start = at + CHANGE_HEAD_BYTES;
      const end = start + message.readUInt32BE(start - 4);
      if (end > message.length) return false;
      this.#tell(message.toString("latin1", start, end));
      at = end;
    }
    return at === message.length;
  }

  #tell(id: string): void {
    const own = this.#watches.get(id);
    if (own !== undefined) tellAll(own);
  }

  #unwatch(id: string, watch: Watch): void {
    const own = this.#watches.get(id);
    if (own === undefined || !own.delete(watch) || own.size > 0) return;
    this.#watches.delete(id);
    if (this.#watches.size > 0 || this.#idleTask !== undefined) return;
    this.#idleTask = this.#scheduler.after(IDLE_MS, () => this.#rest());
  }

  #rest(): void {
    this.#idleTask?.cancel();
    this.#idleTask = undefined;
    this.#subscription?.close();
    this.#subscription = undefined;
  }
}

/** Those that stop while others are told are not told. */
function tellAll(watches: ReadonlySet<Watch>): void {
  for (const watch of [...watches]) if (watches.has(watch)) watch.onChange();
}
