import type { DeadlineEntry, DeadlineTicket } from "../../foundation/deadline-queue.ts";

/** Who is told when the time of a group is over. */
export interface SentGroupOwner {
  onGroupDeadline(group: SentGroup): void;
}

/** Calls that left in one write, and so have one deadline: cheaper than one for each. */
export class SentGroup implements DeadlineEntry {
  /** Number of the first call. */
  readonly start: number;
  /** Number behind the last. */
  readonly end: number;
  readonly #owner: SentGroupOwner;
  /** In the monotonic clock's ms. */
  sentAt = 0;
  /** Chunks that had come on the connection by then. */
  chunkCount = 0;
  ticket: DeadlineTicket | undefined;
  /** Whether its time was over once. */
  isOverdue = false;
  next: SentGroup | undefined;

  constructor(start: number, end: number, owner: SentGroupOwner) {
    this.start = start;
    this.end = end;
    this.#owner = owner;
  }

  onDeadline(): void {
    this.ticket = undefined;
    this.#owner.onGroupDeadline(this);
  }
}
