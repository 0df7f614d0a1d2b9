import type { Clock } from "../../foundation/clock.ts";
import type { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { CallFifo } from "./call-fifo.ts";
import { CLIENT_LIMITS } from "./client-limits.ts";
import type { PendingCall } from "./pending-call.ts";
import { SentGroup, type SentGroupOwner } from "./sent-group.ts";

/** What a connection's unanswered calls are made with. */
export interface UnansweredCallsParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Pick<Scheduler, "soon">;
  readonly deadlines: DeadlineQueue;
  /** How long the calls of one write may take. */
  readonly timeoutMs: number;
  /** A call had no reply in time; it keeps its place in the order of replies. */
  readonly onLate: (call: PendingCall) => void;
  /** Replies are so late that the server or the network must hang. */
  readonly onHung: () => void;
}

/** A call that was taken out before its reply came. */
export interface UnansweredCall {
  readonly call: PendingCall;
  /** Whether bytes of it may have left. */
  readonly wasSent: boolean;
  /** When its answer was due, in the monotonic clock's ms; meaningless when it was not sent. */
  readonly dueAt: number;
}

/**
 * The calls of one connection whose replies are still to come, in the order in which they must come: first those that left, in groups of one
 * write each, then those that are being collected for the next write. A group has one deadline:
 *
 * - in time: its replies may come.
 * - overdue, after one timeout: its callers were told; replies are still read, each in its place, and every call that is sent now stands behind.
 * - hung, after two, or after one when many calls are overdue and nothing came since the group left: the connection is to be given up.
 */
export class UnansweredCalls implements SentGroupOwner {
  readonly #parts: UnansweredCallsParts;
  readonly #calls = new CallFifo();
  #firstGroup: SentGroup | undefined;
  #lastGroup: SentGroup | undefined;
  #requestCount = 0;
  #byteCount = 0;
  #overdueCount = 0;
  /** Chunks that came so far: whether it grows tells a slow server from a silent one. */
  #chunkCount = 0;
  #aliveAt: number;

  constructor(parts: UnansweredCallsParts) {
    this.#parts = parts;
    this.#aliveAt = parts.clock.monotonicMs();
  }

  /** The call whose reply must come next. */
  get first(): PendingCall | undefined {
    return this.#calls.first;
  }

  get requestCount(): number {
    return this.#requestCount;
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  /** Whether a reply is overdue. */
  get isLate(): boolean {
    return this.#overdueCount > 0;
  }

  /** When a write left last that was answered later, in the monotonic clock's ms: the server lived then. */
  get aliveAt(): number {
    return this.#aliveAt;
  }

  /** Adds a call to those that leave with the next write. */
  push(call: PendingCall): void {
    this.#calls.push(call);
    this.#requestCount += call.count;
    this.#byteCount += call.byteCount;
  }

  /** All calls that were added since the last write leave now. @returns now, in the monotonic clock's ms */
  markSent(): number {
    const { deadlines, clock, timeoutMs } = this.#parts;
    const group = new SentGroup(this.#lastGroup?.end ?? this.#calls.headNumber, this.#calls.tailNumber, this);
    group.sentAt = clock.monotonicMs();
    group.chunkCount = this.#chunkCount;
    group.ticket = deadlines.add(group, timeoutMs);
    if (this.#lastGroup === undefined) this.#firstGroup = group;
    else this.#lastGroup.next = group;
    this.#lastGroup = group;
    return group.sentAt;
  }

  /** Something came. */
  noteChunk(): void {
    this.#chunkCount += 1;
  }

  /** The reply to the first call came: takes it out of the order of replies. */
  shift(call: PendingCall): void {
    const group = this.#take(call);
    if (group !== undefined) this.#aliveAt = group.sentAt;
  }

  /** Takes all out, for no reply will come. */
  takeAll(): readonly UnansweredCall[] {
    const all: UnansweredCall[] = [];
    for (let call = this.#calls.first; call !== undefined; call = this.#calls.first) {
      const group = this.#firstGroup;
      const dueAt = group === undefined ? 0 : group.sentAt + this.#parts.timeoutMs;
      this.#take(call);
      all.push({ call, wasSent: group !== undefined, dueAt });
    }
    return all;
  }

  /** @internal The time of a group is over, for the first or the second time. */
  onGroupDeadline(group: SentGroup): void {
    // After a pause of this process the replies may lie in the socket, unread: they are looked at first.
    this.#parts.scheduler.soon(() => this.#expire(group));
  }

  /** @returns the group whose last call it was */
  #take(call: PendingCall): SentGroup | undefined {
    this.#calls.shift();
    this.#requestCount -= call.count;
    this.#byteCount -= call.byteCount;
    if (call.isOverdue) this.#overdueCount -= 1;
    const group = this.#firstGroup;
    if (group === undefined || this.#calls.headNumber < group.end) return undefined;
    if (group.ticket !== undefined) this.#parts.deadlines.remove(group.ticket);
    this.#firstGroup = group.next;
    if (this.#firstGroup === undefined) this.#lastGroup = undefined;
    return group;
  }

  #expire(group: SentGroup): void {
    if (this.#calls.headNumber >= group.end) return;
    const { timeoutMs, deadlines, onLate, onHung } = this.#parts;
    // Silent since it was sent, or too late for the second time.
    const isSilent = group.chunkCount === this.#chunkCount;
    const isHung = group.isOverdue;
    group.isOverdue = true;
    for (let number = Math.max(group.start, this.#calls.headNumber); number < group.end; number += 1) {
      const call = this.#calls.at(number) as PendingCall;
      if (!call.isOverdue) this.#overdueCount += 1;
      call.isOverdue = true;
      if (!call.isSettled) onLate(call);
    }
    if (isHung || (isSilent && this.#overdueCount >= CLIENT_LIMITS.maxOverdue)) onHung();
    else group.ticket = deadlines.add(group, timeoutMs);
  }
}
