import type { ProvableCopy } from "./provable-copy.ts";

/**
 * Changes of which nothing is known but the shard and its head after them.
 *
 * A copy that was read below that head, before this was heard, may be one that they outdated. Unlike the floor of a table, which says that the table proves nothing, a doubt also ends what a
 * copy's own read proves: it is an invalidation that came without its keys.
 */
export class ShardDoubts {
  readonly #heads: Float64Array;
  readonly #heardAtMs: Float64Array;

  constructor(placeCount: number) {
    this.#heads = new Float64Array(placeCount);
    this.#heardAtMs = new Float64Array(placeCount).fill(Number.NEGATIVE_INFINITY);
  }

  /** Keys of a shard were changed up to this head; `nowMs`, monotonic: what is read later has the changes in it, whatever its head says. */
  raise(shard: number, head: number, nowMs: number): void {
    this.#heads[shard] = Math.max(head, this.#heads[shard] as number);
    this.#heardAtMs[shard] = nowMs;
  }

  /** Whether a copy may be outdated by such a change. */
  concern({ shard, head, readAtMs }: ProvableCopy): boolean {
    return head < (this.#heads[shard] as number) && readAtMs <= (this.#heardAtMs[shard] as number);
  }

  /** The shard's data is another. */
  forget(shard: number): void {
    this.#heads[shard] = 0;
  }
}
