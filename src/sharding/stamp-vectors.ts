/** The stamps of the nodes. Arrays, since many vectors are kept: the names are the same object in all of them. */
export interface StampVector {
  /** Names of the nodes that were asked. */
  readonly nodes: readonly string[];
  /** By place in `nodes`; `NaN` for those that did not answer. */
  readonly stamps: Float64Array;
}

/**
 * How many rounds of stamps are remembered. A handle that was forgotten refuses its write, which costs a load's result its place in the
 * store; at one round a millisecond this covers loads of a quarter of a minute, in some 3 MB for 8 nodes.
 */
const MAX_VECTORS = 16_384;

/**
 * Stamps of nodes with clocks of their own, behind one number each: a handle to what every node answered. Handles grow, mean nothing outside
 * this instance, and compare with nothing.
 *
 * One round of calls is on its way at a time, and one waits behind it: a round that has left is no answer for who comes after it, since an
 * invalidation may have come between.
 */
export class StampVectors {
  readonly #ask: () => Promise<StampVector>;
  readonly #vectors = new Map<number, StampVector>();
  #lastHandle = 0;
  #running: Promise<number> | undefined;
  #next: Promise<number> | undefined;

  /** @param ask asks all nodes; does not fail */
  constructor(ask: () => Promise<StampVector>) {
    this.#ask = ask;
  }

  /** A handle to stamps that were taken after this call began. */
  take(): Promise<number> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  /** A node's stamp of a handle, or `undefined` when there is none: then nobody can say that nothing was invalidated since. */
  stampOf(handle: number, node: string): number | undefined {
    const vector = this.#vectors.get(handle);
    const stamp = vector?.stamps[vector.nodes.indexOf(node)];
    return stamp === undefined || Number.isNaN(stamp) ? undefined : stamp;
  }

  #begin(): Promise<number> {
    this.#next = undefined;
    const round = this.#round().finally(() => {
      if (this.#running === round) this.#running = undefined;
    });
    this.#running = round;
    return round;
  }

  async #round(): Promise<number> {
    const vector = await this.#ask();
    this.#lastHandle += 1;
    this.#vectors.set(this.#lastHandle, vector);
    const oldest = this.#lastHandle - MAX_VECTORS;
    if (oldest > 0) this.#vectors.delete(oldest);
    return this.#lastHandle;
  }
}
