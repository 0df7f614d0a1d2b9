import type { OperationContext } from "../backend/backend.ts";
import { AckWaits, type AckWaitsParts } from "../coherence/ack-waits.ts";
import type { CoherenceMessage } from "../coherence/coherence-message.ts";

/**
 * The waits of a process that keeps no copies for those that do. Listens for their answers from the first wait on; who never waits opens nothing.
 */
export class WriteAcks {
  readonly #parts: AckWaitsParts;
  readonly #waits: AckWaits;
  #isOpen = false;

  constructor(parts: AckWaitsParts) {
    this.#parts = parts;
    this.#waits = new AckWaits(parts);
  }

  /** As `Backend.awaitCoherence`. */
  wait(change: { readonly key: string; readonly version: number }, { signal }: OperationContext): Promise<boolean> {
    this.#open();
    return this.#waits.wait(change, signal);
  }

  /** Ends all waits, uncertain, and frees what listens. */
  async close(): Promise<void> {
    this.#waits.close();
    if (this.#isOpen) await Promise.all(this.#parts.transports.map((transport) => transport.close()));
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    const listener = {
      onMessage: (message: CoherenceMessage, from: string | undefined): void => {
        if (message.kind === "ack" && from !== undefined) this.#waits.receive(message.id, from);
      },
      // An answer that came before anybody listened is asked for again.
      onGap: () => this.#waits.repeat(),
    };
    for (const transport of this.#parts.transports) void transport.open(listener);
  }
}
