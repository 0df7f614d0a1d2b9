import { ChangeLog } from "./change-log.ts";

/** Heads that are remembered as having been on the chain. Answers are a round trip late, so few are asked for again. */
const MAX_POINTS = 32;

/** Heads of copies that are ahead of the chain; with more of them somebody has to look anew. */
const MAX_AHEAD = 1_024;

/** A head of which nothing can be said: below every floor. */
export const OFF_CHAIN: number = Number.NEGATIVE_INFINITY;

/**
 * Which heads of a shard are links of one chain of changes.
 *
 * Every change names the head before it, so between the two there was no other head. If there was one all the same, the shard's data was lost after it, and the shard has gone on from an
 * older state: a server that takes over without the newest writes, when the next change comes before anybody has seen the lower head.
 *
 * ```text
 * 50 ──▶ 100            100 was read, or told; then it was lost
 *  └───────────▶ 133    50 ─▶ 133 passes over 100: what is 100 or older is of another life than 133
 * ```
 */
export class ShardChain {
  /** A ring, the newest ones. */
  readonly #points: number[] = [];
  #next = 0;
  /** Heads that copies have, and that no change has told of yet. */
  readonly #ahead = new Set<number>();
  /** What the changes concerned, for copies that lie outside this process; `undefined`: there are none. */
  readonly log: ChangeLog | undefined;

  /** @param logLength links of which is remembered what they concerned, a power of two; 0: none */
  constructor(logLength: number = 0) {
    this.log = logLength === 0 ? undefined : new ChangeLog(logLength);
  }

  /**
   * Where a copy that was read at a head stands.
   *
   * @param applied the head up to which every change was applied; 0: nothing known
   * @returns the head that the chain speaks for; {@link OFF_CHAIN}: none, the copy is proven by its own read alone
   */
  place(head: number, applied: number): number {
    if (head === applied || this.#points.includes(head)) return head;
    if (applied !== 0 && head < applied) return OFF_CHAIN;
    if (this.#ahead.size >= MAX_AHEAD) return OFF_CHAIN;
    this.#ahead.add(head);
    return head;
  }

  /** A change led to a head. @returns false when it passed over the head of a copy */
  step(version: number): boolean {
    for (const head of this.#ahead) {
      if (head < version) return false;
      if (head === version) this.#ahead.delete(head);
    }
    this.#add(version);
    this.log?.append(version);
    return true;
  }

  /** The chain goes on from a head without its changes: what is below is proven no longer. */
  restart(head: number): void {
    for (const other of this.#ahead) if (other <= head) this.#ahead.delete(other);
    this.#add(head);
    this.log?.restart(head);
  }

  #add(head: number): void {
    this.#points[this.#next] = head;
    this.#next = (this.#next + 1) % MAX_POINTS;
  }
}
