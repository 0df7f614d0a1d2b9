import type { RedisChannelListener } from "../../clients/redis/redis-client.ts";
import { CHANGE_KIND, eachChangedKey } from "./change-message.ts";
import { dataKey, shardOfKey } from "./redis-key-layout.ts";

interface Watch {
  readonly onChange: () => void;
}

/**
 * Tells who waits for a key when something happens to it, by what the scripts publish; listens only while somebody waits.
 *
 * What names no single key (a clear, tags, kinds that are not known here) and what may have been missed (the subscription came up, or was lost) is told to all.
 */
export class KeyWatches implements RedisChannelListener {
  readonly #hear: (listener: RedisChannelListener) => () => void;
  /** By the bytes of the Redis key, one character each: so nothing is decoded, and no two keys can meet. */
  readonly #watches = new Map<string, Set<Watch>>();
  #stop: (() => void) | undefined;

  /** @param hear begins to tell a listener what is published; returns a function that stops it */
  constructor(hear: (listener: RedisChannelListener) => () => void) {
    this.#hear = hear;
  }

  /** @param onChange must not throw @returns a function that stops it */
  watch(key: string, onChange: () => void): () => void {
    const id = Buffer.from(dataKey(shardOfKey(key), key)).toString("latin1");
    const watch: Watch = { onChange };
    const own = this.#watches.get(id);
    if (own === undefined) this.#watches.set(id, new Set([watch]));
    else own.add(watch);
    this.#stop ??= this.#hear(this);
    return () => this.#unwatch(id, watch);
  }

  onMessage(message: Buffer): void {
    const kind = message[0];
    if (kind === CHANGE_KIND.nothing) return;
    if (kind === CHANGE_KIND.released) this.#tell(message.toString("latin1", 1));
    else if (kind !== CHANGE_KIND.keys || !this.#tellChanges(message)) this.onGap();
  }

  onGap(): void {
    for (const own of [...this.#watches.values()]) tellAll(own);
  }

  /** Tells whether the message was whole. */
  #tellChanges(message: Buffer): boolean {
    return eachChangedKey(message, (_head, start, end) => this.#tell(message.toString("latin1", start, end)));
  }

  #tell(id: string): void {
    const own = this.#watches.get(id);
    if (own !== undefined) tellAll(own);
  }

  #unwatch(id: string, watch: Watch): void {
    const own = this.#watches.get(id);
    if (own === undefined || !own.delete(watch) || own.size > 0) return;
    this.#watches.delete(id);
    if (this.#watches.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }
}

/** Those that stop while others are told are not told. */
function tellAll(watches: ReadonlySet<Watch>): void {
  for (const watch of [...watches]) if (watches.has(watch)) watch.onChange();
}
