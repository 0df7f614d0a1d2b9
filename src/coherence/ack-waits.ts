import type { Clock } from "../foundation/clock.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import type { CoherenceTransport } from "./transport.ts";

/** The nodes of a fleet, as the shared store has them. */
export interface KnownNodes {
  readonly nodes: readonly {
    readonly id: string;
    /** What is left of its lease, in ms: so long it may serve what was proven by now, at the most. */
    readonly remainingMs: number;
  }[];
  /** How long ago the table came to be, in ms: a young one may lack nodes that are alive. */
  readonly ageMs: number;
}

/** What waits are made of. */
export interface AckWaitsParts {
  readonly nodeId: string;
  readonly transports: readonly CoherenceTransport[];
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** D. */
  readonly maxStalenessMs: number;
  /** Asks the shared store; `undefined` where it has no table: then only time proves that no copy is left. */
  readonly listNodes: (() => Promise<KnownNodes>) | undefined;
}

/** Clocks of machines differ in speed by less than this; and timers have grains. */
const CLOCK_RATE_ERROR = 0.01;
const GRAIN_MS = 10;

/** How long after its commit a change is certain to be visible everywhere: D + e, in ms. */
export function settledAfterMs(maxStalenessMs: number): number {
  return maxStalenessMs * (1 + CLOCK_RATE_ERROR) + GRAIN_MS;
}

/** One change that is waited for. */
interface Wait {
  readonly id: number;
  readonly change: { readonly key: string; readonly version: number };
  readonly isEnded: () => boolean;
  /** Makes the wait at least so long from now, in ms. */
  readonly extend: (ms: number) => void;
  readonly onDone: () => void;
  /** Nodes that have not answered. */
  readonly missing: Set<string>;
}

/**
 * Waits until no process can serve what a change outdated: each node of the table has said so, or the bound of staleness has passed since the commit, which is proof enough: what was
 * proven before the commit is proven no longer, and what was proven after it has the change.
 *
 * A node whose bound is longer has a lease that is longer, and is waited for until that ends.
 *
 * Nodes that are not in the table serve no copy that is older than their return to it; see {@link FreshnessTable.renewMembership}.
 */
export class AckWaits {
  readonly #parts: AckWaitsParts;
  readonly #waits = new Map<number, Wait>();
  /** Of all waits, also of those that only wait for time. */
  readonly #endings = new Set<(isCertain: boolean) => void>();
  #nextId = 1;

  constructor(parts: AckWaitsParts) {
    this.#parts = parts;
  }

  /** How many changes are waited for. */
  get count(): number {
    return this.#endings.size;
  }

  /**
   * To be called once the change is committed.
   *
   * @param signal ends the wait
   * @returns whether it is certain; false when the signal ended it first
   */
  async wait(change: { readonly key: string; readonly version: number }, signal?: AbortSignal): Promise<boolean> {
    const { clock, scheduler, maxStalenessMs } = this.#parts;
    const boundMs = settledAfterMs(maxStalenessMs);
    return new Promise<boolean>((resolve) => {
      const id = this.#nextId;
      this.#nextId += 1;
      let isEnded = false;
      let endsAtMs = clock.monotonicMs() + boundMs;
      const end = (isCertain: boolean): void => {
        isEnded = true;
        this.#endings.delete(end);
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
        this.#waits.delete(id);
        resolve(isCertain);
      };
      this.#endings.add(end);
      const onAbort = (): void => end(false);
      let timer = scheduler.after(boundMs, () => end(true), true);
      const extend = (ms: number): void => {
        if (isEnded || clock.monotonicMs() + ms <= endsAtMs) return;
        endsAtMs = clock.monotonicMs() + ms;
        timer.cancel();
        timer = scheduler.after(ms, () => end(true), true);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted === true) {
        onAbort();
        return;
      }
      const wait = { id, change, isEnded: () => isEnded, extend, onDone: () => end(true), missing: new Set<string>() };
      // Without an answer only time proves it.
      this.#ask(wait, boundMs).catch(() => undefined);
    });
  }

  /** A node has said that it serves nothing older. */
  receive(id: number, from: string): void {
    const wait = this.#waits.get(id);
    if (wait?.missing.delete(from) === true && wait.missing.size === 0) wait.onDone();
  }

  /** Asks again who has not answered: the question, or the answer, may have been lost. */
  repeat(): void {
    for (const wait of this.#waits.values()) this.#send(wait);
  }

  /** Ends all waits: nothing is certain. */
  close(): void {
    for (const end of [...this.#endings]) end(false);
  }

  async #ask(wait: Wait, boundMs: number): Promise<void> {
    const { listNodes, nodeId, scheduler } = this.#parts;
    if (listNodes === undefined) return;
    const { nodes, ageMs } = await listNodes();
    if (wait.isEnded()) return;
    // Who was in a table that was lost, and is not in the new one yet, is not asked: what it may still serve ends by time.
    const youngMs = boundMs - ageMs;
    const finish = (): void => {
      if (youngMs > 0) scheduler.after(youngMs, wait.onDone);
      else wait.onDone();
    };
    for (const { id, remainingMs } of nodes) {
      if (id === nodeId) continue;
      wait.missing.add(id);
      wait.extend(remainingMs);
    }
    if (wait.missing.size === 0) {
      finish();
      return;
    }
    const asked = { ...wait, onDone: finish };
    this.#waits.set(wait.id, asked);
    this.#send(asked);
  }

  #send({ id, change, missing }: Wait): void {
    for (const node of [...missing]) {
      for (const transport of this.#parts.transports) transport.send(node, { kind: "ack-ask", id, ...change });
    }
  }
}
