import type { OperationContext } from "../backend/backend.ts";
import type { NearBackendParts } from "./near-backend-parts.ts";
import type { NearCopy } from "./near-copy.ts";

/** Whether a copy holds what a caller knows to be committed. Versions of different epochs cannot be compared. */
export class ReceiptCheck {
  readonly #parts: Pick<NearBackendParts, "far" | "node">;
  /** Of which every copy is. */
  #epoch: string;

  constructor(parts: Pick<NearBackendParts, "far" | "node">) {
    this.#parts = parts;
    this.#epoch = parts.far.epoch;
  }

  /** The store is connected: there are no copies yet. */
  begin(): void {
    this.#epoch = this.#parts.far.epoch;
  }

  /**
   * To be told of a read before anything is looked for, here or in the tiers between: a server that took over may give out smaller versions than those of copies from before it, of writes that it has
   * lost, so who was handed a receipt of it is served none of them.
   */
  follow({ notBefore }: OperationContext): void {
    if (notBefore === undefined) return;
    const { epoch } = this.#parts.far;
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#parts.node.flush();
  }

  /** Whether a copy may be served to who was handed a receipt, if anybody was. */
  isLateEnough(copy: NearCopy, { notBefore }: OperationContext): boolean {
    if (notBefore === undefined) return true;
    return notBefore.epoch === this.#epoch && notBefore.version > 0 && copy.head >= notBefore.version;
  }
}
