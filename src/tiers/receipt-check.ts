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

  /** Whether a copy may be served to who was handed a receipt, if anybody was. */
  isLateEnough(copy: NearCopy, { notBefore }: OperationContext): boolean {
    if (notBefore === undefined) return true;
    const { far, node } = this.#parts;
    const { epoch } = far;
    if (epoch !== this.#epoch) {
      // A server that took over may give out smaller versions than those of copies from before it, of writes that it has lost.
      this.#epoch = epoch;
      node.flush();
      return false;
    }
    return notBefore.epoch === epoch && notBefore.version > 0 && copy.head >= notBefore.version;
  }
}
