import type { PendingCall } from "./pending-call.ts";

/** Calls that wait to be sent, first come first served. Adding and removing are O(1); a settled call leaves by itself. */
export class WaitingCalls {
  readonly #calls = new Set<PendingCall>();
  #requestCount = 0;
  #byteCount = 0;

  /** Requests that wait. */
  get requestCount(): number {
    return this.#requestCount;
  }

  /** About how many bytes they are. */
  get byteCount(): number {
    return this.#byteCount;
  }

  add(call: PendingCall): void {
    call.queue = this;
    call.byteCount = call.estimateBytes();
    this.#calls.add(call);
    this.#requestCount += call.count;
    this.#byteCount += call.byteCount;
  }

  remove(call: PendingCall): void {
    if (!this.#calls.delete(call)) return;
    call.queue = undefined;
    this.#requestCount -= call.count;
    this.#byteCount -= call.byteCount;
  }

  /** The call that waits longest. */
  first(): PendingCall | undefined {
    for (const call of this.#calls) return call;
    return undefined;
  }

  /** Takes all out, in their order. */
  takeAll(): readonly PendingCall[] {
    const calls = [...this.#calls];
    for (const call of calls) this.remove(call);
    return calls;
  }
}
