import type { Caller } from "../../backend/caller.ts";
import type { CarriedTrace } from "../../events/carried-trace.ts";
import type { Clock } from "../../foundation/clock.ts";
import { DeadlineQueue, type DeadlineTicket } from "../../foundation/deadline-queue.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import type { OwnerCall, OwnerReply } from "./owner-letter.ts";
import type { OwnerPost } from "./owner-post.ts";
import type { OwnerRequest } from "./owner-request.ts";

/** What became of a question to another node. */
export type CallOutcome =
  | OwnerReply
  /** It never left. */
  | { readonly kind: "unsent" }
  /** It left, and there is no answer: the node went, or the time is over. */
  | { readonly kind: "silent"; readonly isTimeOver: boolean };

/** A question to another node. */
export interface AskedOwner {
  readonly to: string;
  readonly view: string;
  readonly request: OwnerRequest;
  /** About how large the request is. */
  readonly sizeBytes: number;
  /** The trace that it belongs to; `undefined`: none. */
  readonly trace: CarriedTrace | undefined;
}

interface Pending {
  readonly to: string;
  readonly settle: (outcome: CallOutcome) => void;
  ticket: DeadlineTicket | undefined;
  onAbort: (() => void) | undefined;
}

/** The questions of this node that have no answer yet. Each has a deadline, and ends when the node that was asked goes. */
export class OwnerCalls {
  readonly #post: OwnerPost;
  readonly #deadlines: DeadlineQueue;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  constructor(post: OwnerPost, clock: Pick<Clock, "monotonicMs">, scheduler: Scheduler) {
    this.#post = post;
    this.#deadlines = new DeadlineQueue({ clock, scheduler });
  }

  /** How many have no answer. */
  get count(): number {
    return this.#pending.size;
  }

  /**
   * Asks another node. Never rejects but with the reason of the caller's signal.
   *
   * @param asked what, `sizeBytes`: about how large it is, and the trace that it belongs to
   */
  send(
    { to, view, request, sizeBytes, trace }: AskedOwner,
    timeoutMs: number,
    { signal }: Caller,
  ): Promise<CallOutcome> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#pending.delete(id);
        if (pending.ticket !== undefined) this.#deadlines.remove(pending.ticket);
        if (pending.onAbort !== undefined) signal?.removeEventListener("abort", pending.onAbort);
      };
      const pending: Pending = {
        to,
        settle: (outcome) => {
          end();
          resolve(outcome);
        },
        ticket: undefined,
        onAbort: undefined,
      };
      this.#pending.set(id, pending);
      const onDeadline = (): void => pending.settle({ kind: "silent", isTimeOver: true });
      pending.ticket = this.#deadlines.add({ onDeadline }, timeoutMs);
      if (signal !== undefined) {
        pending.onAbort = () => {
          end();
          reject(signal.reason);
        };
        signal.addEventListener("abort", pending.onAbort, { once: true });
      }
      this.#post.call(to, { id, view, request }, sizeBytes, trace);
    });
  }

  /** An answer came. One of another node than was asked, or to nothing that is asked still, is none. */
  receive(from: string, id: number, reply: OwnerReply): void {
    const pending = this.#pending.get(id);
    if (pending?.to === from) pending.settle(reply);
  }

  /** These never left. */
  noteUnsent(calls: readonly OwnerCall[]): void {
    for (const { id } of calls) this.#pending.get(id)?.settle({ kind: "unsent" });
  }

  /** A node went: nothing more comes from it. */
  noteGone(isThere: (id: string) => boolean): void {
    for (const { to, settle } of [...this.#pending.values()]) {
      if (!isThere(to)) settle({ kind: "silent", isTimeOver: false });
    }
  }

  /** Ends all: nobody knows what became of them. */
  close(): void {
    this.noteGone(() => false);
    this.#deadlines.clear();
  }
}
