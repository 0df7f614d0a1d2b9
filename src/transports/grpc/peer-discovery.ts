import type { RandomSource } from "../../foundation/random-source.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";

/** What a discovery is made of. */
export interface PeerDiscoveryParts {
  /** Asks for the addresses of all nodes that there are now; this node's own may be among them. */
  readonly list: () => Promise<readonly string[]>;
  /** Time between two questions, in ms; by chance up to a tenth shorter, so that nodes do not ask together. */
  readonly lookupMs: number;
  readonly scheduler: Pick<Scheduler, "after">;
  readonly random: RandomSource;
  /** The addresses now. */
  readonly onAddresses: (addresses: readonly string[]) => void;
  /** A question failed; the addresses stay what they were. Told for the first failure after a success. */
  readonly onFailed: (error: unknown) => void;
}

/** Asks again and again who is there: a name server, or the table of nodes in a shared store. One question at a time. */
export class PeerDiscovery {
  readonly #parts: PeerDiscoveryParts;
  #isClosed = false;
  #hasLooked = false;
  #isFailing = false;
  #timer: ScheduledTask | undefined;

  constructor(parts: PeerDiscoveryParts) {
    this.#parts = parts;
  }

  /** Whether the first question was answered, or failed. */
  get hasLooked(): boolean {
    return this.#hasLooked;
  }

  /** Asks now, and then regularly. */
  open(): void {
    void this.#look();
  }

  /** Ends it. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { list, lookupMs, scheduler, random } = this.#parts;
    try {
      this.#succeed(await list());
    } catch (error) {
      this.#fail(error);
    }
    this.#hasLooked = true;
    if (this.#isClosed) return;
    this.#timer = scheduler.after(lookupMs * (1 - random.next() / 10), () => void this.#look());
  }

  #succeed(addresses: readonly string[]): void {
    if (this.#isClosed) return;
    this.#parts.onAddresses(addresses);
    this.#isFailing = false;
  }

  #fail(error: unknown): void {
    if (this.#isClosed || this.#isFailing) return;
    this.#isFailing = true;
    this.#parts.onFailed(error);
  }
}
