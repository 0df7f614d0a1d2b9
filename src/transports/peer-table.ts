import type { PeerStatus } from "../coherence/transport.ts";

/** Other nodes that were heard of, and when. */
export class PeerTable {
  readonly #heardAtMs = new Map<string, number>();
  readonly #queuedCounts = new Map<string, number>();

  /** A node was heard. @returns whether it is new */
  hear(id: string, nowMs: number): boolean {
    const isNew = !this.#heardAtMs.has(id);
    this.#heardAtMs.set(id, nowMs);
    return isNew;
  }

  /** A node is gone. @returns when it was heard last; `undefined` when nobody knew it */
  forget(id: string): number | undefined {
    const heardAtMs = this.#heardAtMs.get(id);
    this.#heardAtMs.delete(id);
    return heardAtMs;
  }

  /** Forgets those that were not heard since an instant. @returns their ids, and when they were heard */
  forgetSilent(sinceMs: number): ReadonlyArray<readonly [id: string, heardAtMs: number]> {
    const silent = [...this.#heardAtMs].filter(([, heardAtMs]) => heardAtMs < sinceMs);
    for (const [id] of silent) this.#heardAtMs.delete(id);
    return silent;
  }

  /** A letter to a node waits to be sent (1), or waits no more (-1). */
  queue(id: string, change: 1 | -1): void {
    const count = (this.#queuedCounts.get(id) ?? 0) + change;
    if (count === 0) this.#queuedCounts.delete(id);
    else this.#queuedCounts.set(id, count);
  }

  /** What is known of a node. `address`: where letters of all nodes pass. */
  statusOf(id: string, heardAtMs: number, state: PeerStatus["state"], address: string): PeerStatus {
    return { id, address, state, heardAtMs, queuedCount: this.#queuedCounts.get(id) ?? 0 };
  }

  /** All of them. `isHearing`: whether letters come at all; if not, nobody knows who is there. */
  list(isHearing: boolean, address: string): readonly PeerStatus[] {
    const state = isHearing ? "connected" : "lost";
    return [...this.#heardAtMs].map(([id, heardAtMs]) => this.statusOf(id, heardAtMs, state, address));
  }
}
